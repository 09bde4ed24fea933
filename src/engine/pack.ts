/** Messages as bytes: JSON, deflated. What is unpacked is bounded, and still to be validated. */
import { deflateSync, inflateSync } from 'node:zlib';
import { UNPACKED_BYTES_MAX } from './timing.ts';

/** Most of a message are certificates, which don't shrink, and names, which do at any level. */
const LEVEL = 1;

export function pack(message: unknown): Buffer {
  return deflateSync(JSON.stringify(message, plain), { level: LEVEL });
}

/** Throws on anything but packed JSON. */
export function unpack(packed: Buffer): unknown {
  const bytes = inflateSync(packed, { maxOutputLength: UNPACKED_BYTES_MAX });
  return JSON.parse(bytes.toString('utf8'));
}

/** JSON would write a typed array as an object with a member for each number. */
function plain(_key: string, value: unknown): unknown {
  return value instanceof Uint32Array ? [...value] : value;
}
