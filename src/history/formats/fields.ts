/** Fields of a JSON record that somebody else wrote: of the right type, or as if they weren't there. */
import type { ObservedEvent, Principal, ProtocolVersion } from '../event.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** The object that a text is; undefined for anything else. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Text that is not empty: the empty one stands for nothing. */
export function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value !== 'undefined' ? value : undefined;
}

/** A whole number, or one written as text. */
export function wholeOf(value: unknown, max = Number.MAX_SAFE_INTEGER): number | undefined {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 && number <= max
    ? number
    : undefined;
}

export function portOf(value: unknown): number | undefined {
  return wholeOf(value, 65_535);
}

/** The MQTT level: 3, 4 and 5, or the version as people write it. */
export function protocolOf(value: unknown): ProtocolVersion | undefined {
  const word = String(value).replace(/^MQTT[ /-]?v?/i, '');
  const versions: Readonly<Record<string, ProtocolVersion>> = {
    '3': 3,
    '3.1': 3,
    '4': 4,
    '3.1.1': 4,
    '5': 5,
    '5.0': 5,
  };
  return Object.hasOwn(versions, word) ? versions[word] : undefined;
}

/** `10.0.0.1:1883`, `[::1]:1883` and `::1:1883` as address and port; no port if there is none. */
export function peerOf(text: string | undefined): Pick<ObservedEvent, 'ip' | 'port'> {
  if (text === undefined || text === '') return {};
  const match = /^\[?([^\]]*?)\]?:(\d{1,5})$/.exec(text);
  const port = portOf(match?.[2]);
  return match === null || port === undefined ? { ip: text } : { ip: match[1] ?? '', port };
}

const CERTIFICATE_ID = /^(?:0x)?[0-9a-f]{64}$/i;

/** A certificate ID in lower-case hex, from hex in any case, with colons or `0x`. */
export function certificateIdOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 128) return undefined;
  const hex = value.includes(':') ? value.replaceAll(':', '') : value;
  return CERTIFICATE_ID.test(hex) ? hex.replace(/^0x/i, '').toLowerCase() : undefined;
}

/** Who AWS says the peer is: a certificate ID for X.509, else the ID of other credentials. */
export function awsPrincipal(
  value: unknown,
): Pick<ObservedEvent, 'principal' | 'certificateId'> | Record<string, never> {
  const certificateId = certificateIdOf(value);
  if (certificateId !== undefined) {
    return { principal: { kind: 'certificate-id', value: certificateId }, certificateId };
  }
  const name = wordOf(value);
  return name === undefined ? {} : { principal: { kind: 'username', value: name } };
}

export function userPrincipal(value: unknown): { readonly principal?: Principal } {
  const name = wordOf(value);
  return name === undefined ? {} : { principal: { kind: 'username', value: name } };
}

/** `{name: value}`, or nothing when there is no value. */
export function given<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [Key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [Key in Name]?: Value });
}
