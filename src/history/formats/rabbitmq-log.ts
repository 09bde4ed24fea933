/**
 * RabbitMQ's log with the MQTT plugin. Every message names the Erlang process of its connection,
 * which is what pairs connect and end; a client ID is only ever text inside a message. A message of
 * several lines repeats its stamp, level and process on each, so a line break in a client ID joins
 * them instead of starting a line. Client IDs are written as Latin-1, whatever they are.
 * Sources: logs of RabbitMQ 3.10.8; rabbit_mqtt_reader.erl of 3.13 and 4.0.
 */
import type { CloseReason, Principal } from '../event.ts';
import { given, peerOf, protocolOf, wholeOf } from './fields.ts';
import type { EvidenceSink, FormatOptions, FormatReader } from './format.ts';
import { parseStamp } from './stamps.ts';

export const RABBITMQ_STAMP =
  /^(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\.\d{1,6}(?:Z|[+-]\d\d:\d\d)?) \[(\w+)\] (<\d+\.\d+\.\d+>) ?/;

/** 3.10 names the process again; 3.12 and later say only `Accepted`. */
const ACCEPTED =
  /^(?:accepting MQTT connection <[\d.]+> \((\S+) -> \S+?, client id: (.*)\)|Accepted MQTT connection (\S+) -> \S+ for client ID (.*))$/s;
const RECEIVED =
  /^Received a CONNECT, client ID: .*, username: (undefined|"(?:[^"\\]|\\.)*"|<<.*?>>), clean session: (true|false), protocol version: (\d), keepalive: (\d+)$/s;

/** How messages begin that end a connection, or say that none came about. */
const ENDS: readonly (readonly [RegExp, CloseReason])[] = [
  [/^MQTT disconnecting client .* with duplicate id '/s, 'session-taken-over'],
  [/^MQTT disconnecting client .* with client ID '/s, 'server-initiated'],
  [/^closing MQTT connection .*\(keepalive timeout\)$/s, 'keep-alive-timeout'],
  [/^closing MQTT connection .*\(login timeout\)$/s, 'protocol-error'],
  [/^closing MQTT connection (?:<[\d.]+> \()?/, 'client-initiated'],
  [/^MQTT connection "?\S+ -> \S+"? will terminate because peer closed/, 'connection-lost'],
  [/^MQTT detected network error/, 'connection-lost'],
  [/^MQTT closing connection /, 'server-initiated'],
  [/^MQTT connection \S+ -> \S+ is closing due to an authentication failure/, 'auth-error'],
  [/^MQTT login failed/, 'auth-error'],
  [/^Rejected MQTT connection /, 'auth-error'],
  [/^MQTT detected TLS /, 'auth-error'],
  [/^MQTT cannot parse a frame/, 'protocol-error'],
  [/^MQTT protocol error/, 'protocol-error'],
  [/^MQTT connection \S+ -> \S+ is closing due to /, 'protocol-error'],
];

interface Message {
  /** Stamp, level and process: what its lines have in common. */
  readonly head: string;
  readonly at: number;
  readonly process: string;
  body: string;
}

interface Connection {
  readonly sessionId: string;
  readonly clientId: string;
  readonly ip?: string;
  readonly port?: number;
}

/** A message of more than this is no message about a client: a CONNECT holds less. */
const MESSAGE_LENGTH_MAX = 200_000;
const CLAIMS_MAX = 100_000;

export class RabbitLogReader implements FormatReader {
  readonly #sink: EvidenceSink;
  readonly #zoneMinutes: number;
  #message: Message | undefined;
  readonly #open = new Map<string, Connection>();
  /** What a process has said before it is accepted. */
  readonly #claims = new Map<string, Claim>();
  #boots = 1;

  constructor({ zoneMinutes = 0 }: FormatOptions, sink: EvidenceSink) {
    this.#sink = sink;
    this.#zoneMinutes = zoneMinutes;
  }

  read(text: string): void {
    const stamp = RABBITMQ_STAMP.exec(text);
    if (stamp === null) {
      if (text !== '') this.#sink.unread('no time, level and process before it');
      return;
    }
    const [head, time = '', , process = ''] = stamp;
    const body = text.slice(head.length);
    if (this.#message?.head === head) {
      if (this.#message.body.length < MESSAGE_LENGTH_MAX) this.#message.body += `\n${body}`;
      return;
    }
    this.#finish();
    const at = parseStamp(time, this.#zoneMinutes);
    if (at === undefined) {
      this.#sink.unread('its time is none');
      return;
    }
    this.#message = { head, at, process, body };
  }

  end(): void {
    this.#finish();
  }

  #finish(): void {
    const message = this.#message;
    this.#message = undefined;
    if (message === undefined) return;
    const { at, process, body } = message;
    if (/^(?:\s*Starting RabbitMQ |Logging: configured log handlers are now ACTIVE)/.test(body)) {
      this.#restarted(at);
      return;
    }
    if (!/MQTT|^Received a CONNECT/.test(body)) return;
    const accepted = ACCEPTED.exec(body);
    if (accepted !== null) {
      this.#accepted(accepted, message);
      return;
    }
    const claim = claimIn(body);
    if (claim !== undefined) {
      this.#claim(process, claim);
      return;
    }
    const end = ENDS.find(([pattern]) => pattern.test(body));
    if (end !== undefined) this.#ended(process, at, end[1], body);
  }

  #accepted(match: RegExpExecArray, { at, process }: Message): void {
    const [, oldPeer, oldId, newPeer, newId] = match;
    const peer = peerOf(oldPeer ?? newPeer);
    const connection: Connection = {
      sessionId: `rabbitmq-${this.#boots}-${process.slice(1, -1)}`,
      clientId: fromLatin1(oldId ?? newId ?? ''),
      ...peer,
    };
    const claim = this.#claims.get(process);
    this.#claims.delete(process);
    this.#open.set(process, connection);
    this.#sink.event({ kind: 'connected', vantage: 'broker', at, ...connection, ...claim });
  }

  /** What is said of one connection before it is accepted; the memory for it is bounded. */
  #claim(process: string, claim: Claim): void {
    if (this.#claims.size >= CLAIMS_MAX) {
      const [oldest] = this.#claims.keys();
      if (oldest !== undefined) this.#claims.delete(oldest);
    }
    this.#claims.set(process, { ...this.#claims.get(process), ...claim });
  }

  #ended(process: string, at: number, reason: CloseReason, body: string): void {
    const connection = this.#open.get(process);
    this.#open.delete(process);
    this.#claims.delete(process);
    if (connection !== undefined) {
      this.#sink.event({ kind: 'closed', vantage: 'broker', at, ...connection, reason });
      return;
    }
    const duplicate = / with (?:duplicate id|client ID) '(.*?)'(?:, reason: [^']*)?$/s.exec(body);
    const peer = peerOf(/"?([^\s"<(]+:\d+) -> \S+:\d+/.exec(body)?.[1]);
    const sessionId = `rabbitmq-${this.#boots}-${process.slice(1, -1)}`;
    const facts = { vantage: 'broker', at, sessionId, ...peer, reason } as const;
    // The session began before the log did; only a takeover still says whose it was.
    if (duplicate !== null) {
      this.#sink.event({ ...facts, kind: 'closed', clientId: fromLatin1(duplicate[1] ?? '') });
    } else if (reason === 'auth-error' || reason === 'protocol-error') {
      this.#sink.event({ ...facts, kind: 'connect-failed', clientId: '' });
    }
  }

  #restarted(at: number): void {
    for (const connection of this.#open.values()) {
      const end = { kind: 'closed', vantage: 'broker', at, reason: 'server-initiated' } as const;
      this.#sink.event({ ...connection, ...end, inferred: ['at', 'reason'] });
    }
    this.#open.clear();
    this.#claims.clear();
    this.#boots += 1;
  }
}

interface Claim {
  readonly principal?: Principal;
  readonly cleanStart?: boolean;
  readonly protocolVersion?: 3 | 4 | 5;
  readonly keepAliveSeconds?: number;
}

function claimIn(body: string): Claim | undefined {
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
function fromLatin1(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: every byte is a character here.
  if (!/[\x80-\xff]/.test(text) || /[^\x00-\xff]/.test(text)) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
}
