/**
 * RabbitMQ's log with the MQTT plugin. Every message names the Erlang process of its connection,
 * which is what pairs connect and end; a client ID is only ever text inside a message. A message of
 * several lines repeats its stamp, level and process on each, so a line break in a client ID joins
 * them instead of starting a line. Client IDs are written as Latin-1, whatever they are.
 * Sources: logs of RabbitMQ 3.10.8; rabbit_mqtt_reader.erl of 3.13 and 4.0.
 */
import type { CloseReason, ObservedEvent, Principal } from '../event.ts';
import { given, peerOf } from './fields.ts';
import type { EvidenceSink, FormatOptions, FormatReader } from './format.ts';
import {
  ACCEPTED,
  AUTHENTICATED,
  type Claim,
  claimIn,
  ENDS,
  fromLatin1,
  OF_CERTIFICATE,
  RABBITMQ_STAMP,
  STOPPING,
  TLS_ALERT,
} from './rabbitmq-lines.ts';
import { CertificateLogins } from './rabbitmq-logins.ts';
import { parseStamp } from './stamps.ts';

/** What is known of a log beyond its text, when the broker is our own. */
export interface RabbitLogOptions extends FormatOptions {
  /** Only MQTT is spoken over TLS, so that a handshake that failed was one of MQTT. */
  readonly tlsIsMqtt?: boolean;
  /** Whoever is accepted evicts the session of its client ID, whichever is told first. */
  readonly evicts?: boolean;
  /** What kind of name a user's is that a certificate has brought. */
  readonly kindOf?: (user: string) => Principal['kind'];
}

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
  readonly principal?: Principal;
}

/** A message of more than this is no message about a client: a CONNECT holds less. */
const MESSAGE_LENGTH_MAX = 200_000;
const CLAIMS_MAX = 100_000;

export class RabbitLogReader implements FormatReader {
  readonly #sink: EvidenceSink;
  readonly #options: RabbitLogOptions;
  readonly #logins = new CertificateLogins();
  #message: Message | undefined;
  /** What the last message had in common, if it has been handed on: lines may still follow. */
  #flushed: string | undefined;
  readonly #open = new Map<string, Connection>();
  /** The process of the session of each client ID; kept only where newcomers evict. */
  readonly #owners = new Map<string, string>();
  /** Connects that are told after the end of the session they evict, by the process of that. */
  readonly #held = new Map<string, ObservedEvent>();
  /** Processes whose end has been told before they said it themselves. */
  readonly #told = new Set<string>();
  /** What a process has said before it is accepted. */
  readonly #claims = new Map<string, Claim>();
  #boots = 1;
  #stopping = false;

  constructor(options: RabbitLogOptions, sink: EvidenceSink) {
    this.#sink = sink;
    this.#options = options;
  }

  /** A connection is being made, or is ending: the log will tell more of it soon. */
  get isTelling(): boolean {
    return this.#claims.size > 0 || this.#held.size > 0;
  }

  /**
   * Hands on the last message without waiting for the next. Lines of it that follow all the same
   * are dropped: a line break in a client ID must not begin a message.
   */
  flush(): void {
    this.#flushed = this.#message?.head ?? this.#flushed;
    this.#finish();
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
    if (this.#message === undefined && this.#flushed === head) {
      this.#sink.unread('it came too late to belong to the message before');
      return;
    }
    this.#flushed = undefined;
    this.#finish();
    const at = parseStamp(time, this.#options.zoneMinutes ?? 0);
    if (at === undefined) {
      this.#sink.unread('its time is none');
      return;
    }
    this.#message = { head, at, process, body };
  }

  end(): void {
    this.#finish();
    for (const event of this.#held.values()) this.#sink.event(event);
    this.#held.clear();
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
    if (STOPPING.test(body)) {
      this.#stopping = true;
      this.#closeAll(at, ['at']);
      return;
    }
    const name = AUTHENTICATED.exec(body)?.[1];
    if (name !== undefined) this.#logins.authenticated(name);
    const alert = this.#options.tlsIsMqtt === true ? TLS_ALERT.exec(body)?.[1] : undefined;
    if (alert !== undefined) this.#refusedByTls(message, alert);
    if (!/MQTT|^Received a CONNECT/.test(body)) return;
    const accepted = ACCEPTED.exec(body);
    if (accepted !== null) {
      this.#accepted(accepted, message);
      return;
    }
    const claim = claimIn(body);
    if (claim !== undefined) {
      // A second CONNECT changes nothing of the session.
      if (this.#open.has(process)) return;
      this.#claim(process, claim);
      if (claim.principal === undefined) this.#logins.connect(process);
      return;
    }
    const end = ENDS.find(([pattern]) => pattern.test(body));
    if (end !== undefined) this.#ended(process, at, end[1], body);
  }

  #accepted(match: RegExpExecArray, { at, process }: Message): void {
    const [, oldPeer, oldId, newPeer, newId] = match;
    const peer = peerOf(oldPeer ?? newPeer);
    const claim = this.#claims.get(process);
    const login = this.#logins.accepted(process);
    const { kindOf } = this.#options;
    const principal =
      claim?.principal ??
      (login === undefined ? undefined : { kind: kindOf?.(login) ?? 'username', value: login });
    const connection: Connection = {
      sessionId: `rabbitmq-${this.#boots}-${process.slice(1, -1)}`,
      clientId: fromLatin1(oldId ?? newId ?? ''),
      ...peer,
      ...given('principal', principal),
    };
    this.#claims.delete(process);
    const evicted = this.#evictedBy(connection.clientId, process);
    this.#open.set(process, connection);
    const doubt = login === undefined ? {} : { inferred: ['principal'] };
    const connected = { kind: 'connected', vantage: 'broker', at } as const;
    const event = { ...connected, ...connection, ...claim, ...doubt };
    if (evicted === undefined) this.#sink.event(event);
    else this.#held.set(evicted, event);
    // One that came while the others were told has gone with them.
    if (this.#stopping) this.#closeAll(at, ['at']);
  }

  /**
   * The process of the session that a newcomer evicts, if its end has not been told. Two processes
   * write, and the newcomer's may be faster: what it has to say waits for the other.
   */
  #evictedBy(clientId: string, process: string): string | undefined {
    if (this.#options.evicts !== true) return undefined;
    const owner = this.#owners.get(clientId);
    this.#owners.set(clientId, process);
    return owner !== undefined && this.#open.has(owner) ? owner : undefined;
  }

  /** A session ends whose connect still waits: the session that it evicted has ended before. */
  #evictHoldersOf({ sessionId }: Connection, at: number): void {
    const waiting = [...this.#held].find(([, event]) => event.sessionId === sessionId);
    if (waiting === undefined) return;
    const [owner] = waiting;
    const evicted = this.#open.get(owner);
    this.#open.delete(owner);
    if (evicted !== undefined) {
      this.#evictHoldersOf(evicted, at);
      this.#told.add(owner);
      const end = { kind: 'closed', vantage: 'broker', at, reason: 'session-taken-over' } as const;
      this.#sink.event({ ...evicted, ...end, inferred: ['at', 'reason'] });
    }
    this.#release(owner);
  }

  /** Hands on the connect that has waited for the end of this process. */
  #release(process: string): void {
    const held = this.#held.get(process);
    this.#held.delete(process);
    if (held !== undefined) this.#sink.event(held);
  }

  #refusedByTls({ at, process, body }: Message, alert: string): void {
    const reason = OF_CERTIFICATE.test(alert) ? 'auth-error' : 'protocol-error';
    const sessionId = `rabbitmq-${this.#boots}-tls-${process.slice(1, -1)}`;
    const failed = { kind: 'connect-failed', vantage: 'broker', clientId: '' } as const;
    this.#sink.event({ ...failed, at, sessionId, reason, raw: body });
  }

  /** What is said of one connection before it is accepted; the memory for it is bounded. */
  #claim(process: string, claim: Claim): void {
    if (this.#claims.size >= CLAIMS_MAX) {
      const [oldest] = this.#claims.keys();
      if (oldest !== undefined) {
        this.#claims.delete(oldest);
        this.#logins.ended(oldest);
      }
    }
    this.#claims.set(process, { ...this.#claims.get(process), ...claim });
  }

  #ended(process: string, at: number, reason: CloseReason, body: string): void {
    const connection = this.#open.get(process);
    this.#open.delete(process);
    this.#claims.delete(process);
    this.#logins.ended(process);
    if (this.#told.delete(process)) return;
    if (connection !== undefined) {
      if (this.#owners.get(connection.clientId) === process) {
        this.#owners.delete(connection.clientId);
      }
      this.#evictHoldersOf(connection, at);
      this.#sink.event({ kind: 'closed', vantage: 'broker', at, ...connection, reason });
      this.#release(process);
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
    this.#closeAll(at, ['at', 'reason']);
    this.#stopping = false;
    this.#boots += 1;
  }

  /** Connections get no line of their own when the broker ends. */
  #closeAll(at: number, inferred: readonly string[]): void {
    for (const connection of [...this.#open.values()]) this.#evictHoldersOf(connection, at);
    for (const connection of this.#open.values()) {
      const end = { kind: 'closed', vantage: 'broker', at, reason: 'server-initiated' } as const;
      this.#sink.event({ ...connection, ...end, inferred });
    }
    this.#open.clear();
    this.#owners.clear();
    this.#told.clear();
    for (const process of this.#claims.keys()) this.#logins.ended(process);
    this.#claims.clear();
  }
}
