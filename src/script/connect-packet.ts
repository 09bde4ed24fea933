/**
 * The bytes of a CONNECT (MQTT 3.1.1 and 5.0 §3.1), written here because attacks send what a
 * client library refuses to: an empty client ID with a session to keep, a password without a name.
 */
import { MQTT_STRING_LENGTH_MAX } from '../core/limits.ts';
import type { ProtocolVersion } from '../history/event.ts';

export interface ConnectFields {
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  readonly cleanStart: boolean;
  readonly keepAliveSeconds: number;
  /** Session Expiry Interval (MQTT 5.0 §3.1.2.11.2); MQTT 3.1.1 has none. */
  readonly sessionExpirySeconds: number;
  readonly username?: string;
  readonly password?: string;
}

const CONNECT = 0x10;
const SESSION_EXPIRY = 0x11;
const FLAG = { cleanStart: 0x02, password: 0x40, username: 0x80 } as const;

/** A CONNECT as given. Throws a RangeError for a text that MQTT's two-byte length can't hold. */
export function connectPacket(fields: ConnectFields): Buffer {
  const { protocolVersion, username, password, keepAliveSeconds } = fields;
  const flags =
    (fields.cleanStart ? FLAG.cleanStart : 0) |
    (username === undefined ? 0 : FLAG.username) |
    (password === undefined ? 0 : FLAG.password);
  const body = Buffer.concat([
    // MQTT 3.1 has another name for itself.
    text(protocolVersion === 3 ? 'MQIsdp' : 'MQTT'),
    Buffer.of(protocolVersion, flags, keepAliveSeconds >> 8, keepAliveSeconds & 0xff),
    ...(protocolVersion === 5 ? [properties(fields.sessionExpirySeconds)] : []),
    text(fields.clientId),
    ...(username === undefined ? [] : [text(username)]),
    ...(password === undefined ? [] : [text(password)]),
  ]);
  return Buffer.concat([Buffer.of(CONNECT), remainingLength(body.length), body]);
}

function properties(sessionExpirySeconds: number): Buffer {
  if (sessionExpirySeconds === 0) return Buffer.of(0);
  const property = Buffer.alloc(6);
  property.writeUInt8(5, 0);
  property.writeUInt8(SESSION_EXPIRY, 1);
  property.writeUInt32BE(sessionExpirySeconds, 2);
  return property;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  if (bytes.length > MQTT_STRING_LENGTH_MAX) {
    throw new RangeError(`an MQTT string holds ${MQTT_STRING_LENGTH_MAX} bytes`);
  }
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}

/** Variable Byte Integer (MQTT 5.0 §1.5.5). */
function remainingLength(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.from(bytes);
}
