/**
 * The log of nats-server: connects and closes need `debug: true`, the line of a takeover does not.
 * Every line of a client names its address, its number (`mid`) and, quoted as Go quotes, its client
 * ID: no client ID can look like another line, because all shapes end in fixed text or a quote.
 * Numbers begin anew when the server does.
 */
import type { CloseReason, Principal } from '../event.ts';
import { given } from './fields.ts';
import type { EvidenceSink, FormatOptions, FormatReader } from './format.ts';
import { unquoteGo } from './go-quote.ts';
import { reasonOf } from './reason-words.ts';
import { parseStamp } from './stamps.ts';

export const NATS_STAMP = /^\[(\d+)\] (\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d{6}) \[(\w{3})\] /;
const QUOTED = '"((?:[^"\\\\]|\\\\.)*)"';
const CLIENT = new RegExp(`^(\\S+):(\\d+) - mid:(\\d+) - (?:${QUOTED} - )?`);
const REPLACING = new RegExp(
  `^Replacing old client ${QUOTED} since both have the same client ID ${QUOTED}$`,
);
const AUTH = /^(?:Using \w+ for auth|Using SAN found in cert for auth) \["(.*)"\]$/;
const CLOSED = /^Client connection closed: (.+)$/;
/** Connects that come to nothing, in the words of the server. */
const REFUSED: readonly (readonly [RegExp, CloseReason])[] = [
  [/^authentication error/, 'auth-error'],
  [/^TLS handshake error: (?:EOF|read |write )/, 'connection-lost'],
  [/^TLS handshake error: .*certificate/, 'auth-error'],
  [/^TLS handshake error/, 'protocol-error'],
  [/^unacceptable protocol version/, 'protocol-error'],
  [/^unable to connect: connection closed$/, 'throttled'],
  [/^maximum connections exceeded$/, 'throttled'],
];

/** What is known of a log beyond its text, when the broker is our own. */
export interface NatsLogOptions extends FormatOptions {
  /** Who a user is, where its name says so to those who wrote the list of users. */
  readonly principalOf?: (user: string) => Principal | undefined;
}

interface Session {
  readonly sessionId: string;
  readonly clientId: string;
  readonly ip: string;
  readonly port: number;
  readonly principal?: Principal;
}

export class NatsLogReader implements FormatReader {
  readonly #sink: EvidenceSink;
  readonly #options: NatsLogOptions;
  /** By number: sessions that are open, and users that were named before the connect. */
  readonly #open = new Map<string, Session>();
  readonly #users = new Map<string, string>();
  /** Connections that have begun and are no session yet, or whose end has been told already. */
  readonly #begun = new Map<string, 'begun' | 'told'>();
  #boots = 0;
  #process = '';
  /** Whether the log has the connect lines; without them a takeover line stands for two events. */
  #detailed = false;

  constructor(options: NatsLogOptions, sink: EvidenceSink) {
    this.#sink = sink;
    this.#options = options;
  }

  read(text: string): void {
    const stamp = NATS_STAMP.exec(text);
    const at =
      stamp === null ? undefined : parseStamp(stamp[2] ?? '', this.#options.zoneMinutes ?? 0);
    if (stamp === null || at === undefined) {
      if (text !== '') this.#sink.unread('no [number], time and level before it');
      return;
    }
    const body = text.slice(stamp[0].length);
    const pid = stamp[1] ?? '';
    if (this.#process !== pid || body === 'Starting nats-server') this.#begin(pid, at);
    if (body === 'Server Exiting..') {
      this.#closeAll(at, false);
      return;
    }
    const client = CLIENT.exec(body);
    if (client === null) return;
    const [head, ip = '', port, number = '', quoted] = client;
    const clientId = quoted === undefined ? undefined : unquoteGo(quoted);
    if (quoted !== undefined && clientId === undefined) {
      this.#sink.unread('its client ID is not quoted as Go quotes');
      return;
    }
    this.#line(body.slice(head.length), at, { ip, port: Number(port), number, clientId });
  }

  end(): void {}

  #line(
    rest: string,
    at: number,
    { ip, port, number, clientId }: Peer & { readonly clientId: string | undefined },
  ): void {
    const sessionId = this.#sessionId(number);
    const peer = { vantage: 'broker', sessionId, clientId: clientId ?? '', at, ip, port } as const;
    if (rest === 'Client connection created') {
      this.#detailed = true;
      this.#begun.set(number, 'begun');
    } else if (rest === 'Client connected') this.#connected(number, { ...peer });
    else if (clientId !== undefined && REPLACING.test(rest)) this.#replaced(rest, at, number, peer);
    else if (AUTH.test(rest)) this.#users.set(number, AUTH.exec(rest)?.[1] ?? '');
    else if (CLOSED.test(rest)) this.#ended(number, CLOSED.exec(rest)?.[1] ?? '', peer);
    else {
      const refused = REFUSED.find(([words]) => words.test(rest));
      if (refused === undefined || this.#open.has(number)) return;
      // With debug, the line before has said that it ended.
      const isTold = this.#detailed && refused[1] === 'throttled' && !this.#begun.has(number);
      if (isTold || this.#begun.get(number) === 'told') return;
      if (this.#begun.has(number)) this.#begun.set(number, 'told');
      this.#sink.event({ ...peer, kind: 'connect-failed', reason: refused[1], raw: rest });
    }
  }

  #connected(number: string, peer: Session & { readonly vantage: 'broker'; readonly at: number }) {
    const user = this.#users.get(number);
    this.#users.delete(number);
    this.#begun.delete(number);
    const { sessionId, clientId, ip, port } = peer;
    const kind = user?.includes('=') === true ? 'distinguished-name' : 'username';
    const principal = user === undefined ? undefined : ({ kind, value: user } as const);
    const told = user === undefined ? undefined : this.#options.principalOf?.(user);
    const known = given('principal', told ?? principal);
    this.#open.set(number, { sessionId, clientId, ip, port, ...known });
    // Without the lines of connections being made, both ends of a takeover have been told already.
    this.#detailed = true;
    this.#sink.event({ ...peer, kind: 'connected', ...known });
  }

  /** The old session ends here, whenever a thread of the server gets to the line that says so. */
  #replaced(
    rest: string,
    at: number,
    number: string,
    peer: Session & { readonly vantage: 'broker'; readonly at: number },
  ): void {
    const old = CLIENT.exec(`${unquoteGo(REPLACING.exec(rest)?.[1] ?? '') ?? ''} - `);
    if (old === null) {
      this.#sink.unread('does not say which client was replaced');
      return;
    }
    const [, ip = '', port, oldNumber = ''] = old;
    const session = this.#open.get(oldNumber);
    // Not open: its close has been told already.
    if (this.#detailed && session === undefined) return;
    this.#open.delete(oldNumber);
    if (this.#detailed) this.#begun.set(oldNumber, 'told');
    this.#sink.event({
      kind: 'closed',
      vantage: 'broker',
      at,
      sessionId: this.#sessionId(oldNumber),
      clientId: peer.clientId,
      ip,
      port: Number(port),
      ...session,
      reason: 'session-taken-over',
    });
    if (this.#detailed) return;
    // Without the lines of connections being made, this one stands for the connect, too.
    const { sessionId, clientId, ip: newIp, port: newPort } = peer;
    this.#open.set(number, { sessionId, clientId, ip: newIp, port: newPort });
    this.#sink.event({ ...peer, kind: 'connected', inferred: ['at'] });
  }

  #ended(
    number: string,
    words: string,
    peer: Session & { readonly vantage: 'broker'; readonly at: number },
  ): void {
    const session = this.#open.get(number);
    const begun = this.#begun.get(number);
    this.#open.delete(number);
    this.#users.delete(number);
    this.#begun.delete(number);
    if (begun === 'told') return;
    const taken = words === 'Duplicate Client ID';
    // Held back as one that was evicted a moment ago, and never let in.
    const held = taken && begun === 'begun';
    const reason = held ? 'throttled' : taken ? 'session-taken-over' : reasonOf(words);
    // Before it was connected, only a failure says something: the port check of a monitor doesn't.
    if (session === undefined && peer.clientId === '') return;
    // DISCONNECT and a bare FIN read the same.
    const doubt = words === 'Client Closed' ? { inferred: ['reason'] } : {};
    const kind = begun === undefined ? 'closed' : 'connect-failed';
    this.#sink.event({ ...peer, ...session, at: peer.at, kind, reason, ...doubt });
  }

  #begin(pid: string, at: number): void {
    if (this.#process !== '') this.#closeAll(at, true);
    this.#process = pid;
    this.#boots += 1;
    this.#users.clear();
    this.#begun.clear();
  }

  #closeAll(at: number, guessed: boolean): void {
    for (const session of this.#open.values()) {
      const doubt = guessed ? { inferred: ['at', 'reason'] } : {};
      const end = { kind: 'closed', vantage: 'broker', at, reason: 'server-initiated' } as const;
      this.#sink.event({ ...session, ...end, ...doubt });
    }
    this.#open.clear();
  }

  #sessionId(number: string): string {
    return `nats-${this.#boots}-${number}`;
  }
}

interface Peer {
  readonly ip: string;
  readonly port: number;
  readonly number: string;
}
