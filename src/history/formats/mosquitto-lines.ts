/**
 * The grammar of Mosquitto's log: one line, its stamp taken off, to what it says. Pure.
 *
 * Client IDs are free text and are logged as they are, so a client ID can look like the rest of
 * any line. Each shape is therefore anchored at both ends, its fixed text is searched from the end,
 * and no ending of a shape is the ending of another. Where text still has two readings (a client
 * ID and a user name next to each other), all readings are returned.
 * Sources: src/loop.c, src/net.c, src/handle_connect.c of Mosquitto 2.0.11, 2.0.22 and 2.1.2.
 */
import type { CloseReason, ProtocolVersion } from '../event.ts';
import type { PeerAddress } from './mosquitto-pending.ts';
import { parseStamp } from './stamps.ts';

export interface ConnectReading {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly protocolVersion: ProtocolVersion;
  readonly cleanStart: boolean;
  readonly keepAliveSeconds: number;
}

export interface EndReading {
  readonly clientId: string;
  readonly reason: CloseReason;
  /** Only since 2.1.1, which writes it into the line. */
  readonly peer?: PeerAddress;
}

export type MosquittoLine =
  | { readonly kind: 'accepted'; readonly ip: string; readonly port: number }
  | {
      readonly kind: 'connected';
      readonly ip: string;
      readonly port: number;
      /** The reading with the longest client ID comes last. */
      readonly readings: readonly ConnectReading[];
    }
  | { readonly kind: 'ended'; readonly readings: readonly EndReading[] }
  | { readonly kind: 'refused'; readonly ip: string; readonly reason: CloseReason }
  | { readonly kind: 'tls-error'; readonly reason: CloseReason }
  | { readonly kind: 'started'; readonly version: string }
  | { readonly kind: 'stopped' }
  /** Says nothing about connections. */
  | { readonly kind: 'other' };

/** A line's stamp (epoch ms), the word that may follow it, and the rest. */
export interface StampedLine {
  readonly sourceAt: number;
  readonly tag: string | undefined;
  readonly body: string;
}

/** The word that marks our own brokers' lines only follows a stamp that needs no zone to be told. */
const STAMP =
  /^(?:(\d{9,11}|\d{4}-\d\d-\d\dT[\d:]{8}(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))(?: ([0-9a-f]{8,64}))?|(\d{1,8}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)): /;
const ZONELESS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d: /m;

/** The last stamp that was read: many lines have the same. */
const latest = { stamp: '', sourceAt: 0, zoneMinutes: 0 };

/**
 * Takes the stamp off: seconds since 1970 (Mosquitto's default) or ISO 8601. One without a zone, as
 * mosquitto.conf(5) shows it for `log_timestamp_format`, is in the zone `zoneMinutes` east of UTC.
 */
export function readStamp(text: string, zoneMinutes = 0): StampedLine | undefined {
  const end = latest.stamp.length;
  const again = end > 0 && zoneMinutes === latest.zoneMinutes;
  if (again && text.startsWith(latest.stamp) && text.startsWith(': ', end)) {
    return { sourceAt: latest.sourceAt, tag: undefined, body: text.slice(end + 2) };
  }
  const match = STAMP.exec(text);
  if (match === null) return undefined;
  const [all, complete, tag, plain = ''] = match;
  const stamp = complete ?? plain;
  const sourceAt = timeOf(stamp, complete === undefined ? zoneMinutes : undefined);
  if (sourceAt === undefined) return undefined;
  if (tag === undefined) Object.assign(latest, { stamp, sourceAt, zoneMinutes });
  return { sourceAt, tag, body: text.slice(all.length) };
}

function timeOf(stamp: string, zoneMinutes: number | undefined): number | undefined {
  if (/^\d+$/.test(stamp)) return Number(stamp) * 1000;
  if (zoneMinutes !== undefined) return parseStamp(stamp, zoneMinutes);
  const at = Date.parse(stamp.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return Number.isNaN(at) ? undefined : at;
}

/** Whether some line of a text has a date and time without a zone before it. */
export function hasZonelessStamp(text: string): boolean {
  return ZONELESS.test(text);
}

/** Reads one line without its stamp; `undefined`: about a connection, but not understood. */
export function readMosquittoLine(body: string): MosquittoLine | undefined {
  if (body.startsWith('New ')) return readNew(body);
  if (body.startsWith('Client ')) return readClient(body);
  if (body.startsWith('OpenSSL Error')) return { kind: 'tls-error', reason: tlsReason(body) };
  const broken = /^Bad socket read\/write on client (.*): [^:]*$/s.exec(body);
  if (broken !== null) {
    return { kind: 'ended', readings: [{ clientId: broken[1] ?? '', reason: 'connection-lost' }] };
  }
  const version = /^mosquitto version (\S+) (starting|terminating)/.exec(body);
  if (version?.[2] === 'starting') return { kind: 'started', version: version[1] ?? '' };
  return { kind: version === null ? 'other' : 'stopped' };
}

const ACCEPTED = /^New connection from (\S+):(\d+) on port \d+\.$/;
const CONNECTED = /^New (?:client|bridge) connected from (\S+?):(\d+) as /;

function readNew(body: string): MosquittoLine | undefined {
  const accepted = body.startsWith('New connection') ? ACCEPTED.exec(body) : null;
  if (accepted !== null) {
    return { kind: 'accepted', ip: accepted[1] ?? '', port: Number(accepted[2]) };
  }
  const head = CONNECTED.exec(body);
  if (head === null) return undefined;
  const readings = connectReadings(body.slice(head[0].length));
  if (readings.length === 0) return undefined;
  return { kind: 'connected', ip: head[1] ?? '', port: Number(head[2]), readings };
}

/** 2.0 logs its internal numbers (1: MQTT 3.1, 2: 3.1.1), 2.1 the protocol levels. */
const PROTOCOLS: Readonly<Record<string, ProtocolVersion>> = { 1: 3, 2: 4, 3: 3, 4: 4, 5: 5 };

const CLAIM = / \(p(\d), c([01]), k(\d{1,5})(?:, u'(.*)')?\)\.$/sy;

/** Every place where what a connect line says of a client can begin is a reading of its own. */
function connectReadings(rest: string): ConnectReading[] {
  const readings: ConnectReading[] = [];
  for (let at = rest.indexOf(' (p'); at >= 0; at = rest.indexOf(' (p', at + 1)) {
    CLAIM.lastIndex = at;
    const match = CLAIM.exec(rest);
    const protocolVersion = PROTOCOLS[match?.[1] ?? ''];
    if (match === null || protocolVersion === undefined) continue;
    readings.push({
      clientId: rest.slice(0, at),
      username: match[4],
      protocolVersion,
      cleanStart: match[2] === '1',
      keepAliveSeconds: Number(match[3]),
    });
  }
  return readings;
}

/** How a line about a client ends, up to 2.1.0. None of these is the ending of another. */
const ENDINGS: readonly (readonly [string, CloseReason])[] = [
  [' already connected, closing old connection.', 'session-taken-over'],
  [' disconnected.', 'client-initiated'],
  [' closed its connection.', 'connection-lost'],
  [' has exceeded timeout, disconnecting.', 'keep-alive-timeout'],
  [' disconnected, not authorised.', 'auth-error'],
  [' disconnected due to protocol error.', 'protocol-error'],
  [' disconnected due to malformed packet.', 'protocol-error'],
  [' disconnected due to oversize packet.', 'protocol-error'],
  [' disconnected due to oversize payload.', 'protocol-error'],
  [' disconnected due to QoS too high or retain not supported.', 'protocol-error'],
  [' disconnected due to out of memory.', 'server-initiated'],
  [' been disconnected by administrative action.', 'server-initiated'],
];

/** The words behind `disconnected:` since 2.1.1. What is missing here is an error of the socket. */
const REASONS: Readonly<Record<string, CloseReason>> = {
  'malformed packet': 'protocol-error',
  'protocol error': 'protocol-error',
  'oversize packet': 'protocol-error',
  'oversize payload': 'protocol-error',
  'receive maximum exceeded': 'protocol-error',
  'topic alias invalid': 'protocol-error',
  'used disallowed feature (QoS too high, retain not supported, or bad AUTH method)':
    'protocol-error',
  'not authorised': 'auth-error',
  'bad username or password': 'auth-error',
  'bad authentication method': 'auth-error',
  'client identifier not valid': 'auth-error',
  'client banned': 'auth-error',
  'non-matching http origin': 'auth-error',
  'exceeded timeout': 'keep-alive-timeout',
  'session taken over': 'session-taken-over',
  'administrative action': 'server-initiated',
  'out of memory': 'server-initiated',
  'server unavailable': 'server-initiated',
  'implementation specific error': 'server-initiated',
  'server busy': 'throttled',
  'quota exceeded': 'throttled',
  'connection rate exceeded': 'throttled',
};

const SOCKET_ERROR = /^Client (.*) disconnected: [A-Z][\w ,/()'-]*\.$/s;
const ADDRESSED = /^Client (.*) \[([^\s\]]+):(\d+)\] disconnected(?:: (.*?))?\.?$/s;

function endingOf(body: string): (typeof ENDINGS)[number] | undefined {
  for (const ending of ENDINGS) if (body.endsWith(ending[0])) return ending;
  return undefined;
}

function readClient(body: string): MosquittoLine | undefined {
  const readings: EndReading[] = [];
  const ending = body.endsWith('.') ? endingOf(body) : undefined;
  if (ending !== undefined) {
    const clientId = body.slice('Client '.length, -ending[0].length);
    readings.push({ clientId, reason: ending[1] });
  }
  // An error of the socket, in the words of strerror(3): `Connection reset by peer`.
  const socket =
    ending === undefined && body.includes(' disconnected: ') ? SOCKET_ERROR.exec(body) : null;
  if (socket !== null) {
    readings.push({ clientId: socket[1] ?? '', reason: 'connection-lost' });
  }
  const addressed = body.includes('] disconnected') ? ADDRESSED.exec(body) : null;
  if (addressed !== null) {
    const [, clientId = '', ip = '', port, text] = addressed;
    const reason =
      text === undefined ? 'client-initiated' : (REASONS[text] ?? ('connection-lost' as const));
    readings.push({ clientId, reason, peer: { ip, port: Number(port) } });
  }
  if (readings.length > 0) return { kind: 'ended', readings };
  return readRefused(body);
}

function readRefused(body: string): MosquittoLine | undefined {
  const failed = /^Client connection from (\S+) failed: error:.*\.$/.exec(body);
  if (failed !== null) return { kind: 'refused', ip: failed[1] ?? '', reason: tlsReason(body) };
  const denied =
    /^Client connection from (\S+) denied(: max_connections exceeded| access by tcpd)\.$/.exec(
      body,
    );
  if (denied !== null) {
    const reason = denied[2]?.startsWith(':') === true ? 'throttled' : 'auth-error';
    return { kind: 'refused', ip: denied[1] ?? '', reason };
  }
  const remark =
    / negotiated \S+ cipher \S+$| connected with too large Will payload$/.test(body) ||
    /^Client from \S+ appears to be using TLS to connect to a non-TLS listener\.$/.test(body);
  return remark ? { kind: 'other' } : undefined;
}

function tlsReason(text: string): CloseReason {
  if (/certificate verify failed|did not return a certificate/.test(text)) return 'auth-error';
  return text.includes('unexpected eof') ? 'connection-lost' : 'protocol-error';
}

/** Whether `version` is `wanted` or later; both as numbers between dots. */
export function isAtLeast(version: string, wanted: readonly number[]): boolean {
  const parts = version.split('.').map((part) => Number.parseInt(part, 10));
  for (const [i, number] of wanted.entries()) {
    const part = parts[i] ?? 0;
    if (part !== number) return part > number;
  }
  return true;
}
