/**
 * The messages of RabbitMQ's log that tell of MQTT connections, of 3.10 and, where they differ, of
 * later versions. Pure.
 */
import type { CloseReason, Principal } from '../event.ts';
import { given, protocolOf, wholeOf } from './fields.ts';

/** What every line begins with: time, level, process. */
export const RABBITMQ_STAMP =
  /^(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\.\d{1,6}(?:Z|[+-]\d\d:\d\d)?) \[(\w+)\] (<\d+\.\d+\.\d+>) ?/;

/** 3.10 names the process again; 3.12 and later say only `Accepted`. */
export const ACCEPTED =
  /^(?:accepting MQTT connection <[\d.]+> \((\S+) -> \S+?, client id: (.*)\)|Accepted MQTT connection (\S+) -> \S+ for client ID (.*))$/s;
const RECEIVED =
  /^Received a CONNECT, client ID: .*, username: (undefined|"(?:[^"\\]|\\.)*"|<<.*?>>), clean session: (true|false), protocol version: (\d), keepalive: (\d+)$/s;

/** How messages begin that end a connection, or say that none came about. */
export const ENDS: readonly (readonly [RegExp, CloseReason])[] = [
  [/^MQTT disconnecting client .* with duplicate id '/s, 'session-taken-over'],
  [/^MQTT disconnecting client .* with client ID '/s, 'server-initiated'],
  [/^closing MQTT connection .*\(keepalive timeout\)$/s, 'keep-alive-timeout'],
  [/^closing MQTT connection .*\(login timeout\)$/s, 'protocol-error'],
  [/^closing MQTT connection (?:<[\d.]+> \()?/, 'client-initiated'],
  [/^MQTT connection "?\S+ -> \S+"? will terminate because peer closed/, 'connection-lost'],
  [/^MQTT detected network error/, 'connection-lost'],
  [/^MQTT closing connection /, 'server-initiated'],
  [
    /^MQTT connection \S+ -> \S+ is closing due to an auth(?:entic|oriz)ation failure/,
    'auth-error',
  ],
  [/^Rejected MQTT connection /, 'auth-error'],
  [/^MQTT detected TLS /, 'auth-error'],
  [/^MQTT cannot parse a frame/, 'protocol-error'],
  [/^MQTT protocol error/, 'protocol-error'],
  [/^MQTT connection \S+ -> \S+ is closing due to /, 'protocol-error'],
];

/** Written by a process of its own: whose connection it is, it does not say. */
export const AUTHENTICATED = /^User '(.*)' authenticated successfully by backend \w+$/s;
/** Of the TLS library, which serves all protocols; it names no address, but why it refused. */
export const TLS_ALERT =
  /^TLS server: In state .* (?:generated SERVER|received CLIENT) ALERT: Fatal - (.*)$/s;
/** Alerts that are about who the client is. */
export const OF_CERTIFICATE = /^(?:.*certificate|unknown ca|access denied|handshake failure)/i;
/** The broker ends, and its connections with it. */
export const STOPPING = /^(?:SIGTERM received - shutting down|RabbitMQ is asked to stop)/;

/** What a CONNECT says before it is accepted. */
export interface Claim {
  readonly principal?: Principal;
  readonly cleanStart?: boolean;
  readonly protocolVersion?: 3 | 4 | 5;
  readonly keepAliveSeconds?: number;
}

/** The CONNECT that a message reports; undefined for other messages. */
export function claimIn(body: string): Claim | undefined {
  const received = RECEIVED.exec(body);
  if (received === null) return undefined;
  const [, username = '', cleanStart, version, keepAlive] = received;
  const name = /^"(.*)"$/s.exec(username)?.[1];
  return {
    ...(name === undefined ? {} : { principal: { kind: 'username', value: fromLatin1(name) } }),
    cleanStart: cleanStart === 'true',
    ...given('protocolVersion', protocolOf(version)),
    ...given('keepAliveSeconds', wholeOf(keepAlive, 65_535)),
  };
}

/** The bytes of UTF-8 text, each written as a character of its own, as text again. */
export function fromLatin1(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: every byte is a character here.
  if (!/[\x80-\xff]/.test(text) || /[^\x00-\xff]/.test(text)) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
}
