/**
 * The log of nats-server: connects and closes need `debug: true`, the line of a takeover does not.
 * Every line of a client names its address, its number (`mid`) and, quoted as Go quotes, its client
 * ID: no client ID can look like another line, because all shapes end in fixed text or a quote.
 * Numbers begin anew when the server does.
 */
import type { CloseReason } from '../event.ts';
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
  [/^TLS handshake error/, 'auth-error'],
  [/^unacceptable protocol version/, 'protocol-error'],
  [/^unable to connect: connection closed$/, 'throttled'],
];

interface Session {
  readonly sessionId: string;
  readonly clientId: string;
  readonly ip: string;
  readonly port: number;
}

export class NatsLogReader implements FormatReader {
  readonly #sink: EvidenceSink;
  readonly #zoneMinutes: number;
  /** By number: sessions that are open, and users that were named before the connect. */
  readonly #open = new Map<string, Session>();
  readonly #users = new Map<string, string>();
  #boots = 0;
  #process = '';
  /** Whether the log has the connect lines; without them a takeover line stands for two events. */
  #detailed = false;

  constructor(options: FormatOptions, sink: EvidenceSink) {
    this.#sink = sink;
    this.#zoneMinutes = options.zoneMinutes ?? 0;
  }

  read(text: string): void {
    const stamp = NATS_STAMP.exec(text);
    const at = stamp === null ? undefined : parseStamp(stamp[2] ?? '', this.#zoneMinutes);
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
    if (rest === 'Client connection created') this.#detailed = true;
    else if (rest === 'Client connected') this.#connected(number, { ...peer });
    else if (clientId !== undefined && REPLACING.test(rest)) this.#replaced(rest, at, number, peer);
    else if (AUTH.test(rest)) this.#users.set(number, AUTH.exec(rest)?.[1] ?? '');
    else if (CLOSED.test(rest)) this.#ended(number, CLOSED.exec(rest)?.[1] ?? '', peer);
    else {
      const refused = REFUSED.find(([words]) => words.test(rest));
      if (refused === undefined || this.#open.has(number)) return;
      this.#sink.event({ ...peer, kind: 'connect-failed', reason: refused[1] });
    }
  }

  #connected(number: string, peer: Session & { readonly vantage: 'broker'; readonly at: number }) {
    const user = this.#users.get(number);
    this.#users.delete(number);
    const { sessionId, clientId, ip, port } = peer;
    this.#open.set(number, { sessionId, clientId, ip, port });
    // Without the lines of connections being made, both ends of a takeover have been told already.
    this.#detailed = true;
    const kind = user?.includes('=') === true ? 'distinguished-name' : 'username';
    this.#sink.event({
      ...peer,
      kind: 'connected',
      ...given('principal', user === undefined ? undefined : ({ kind, value: user } as const)),
    });
  }

  /** The old session's close follows, unless the log has no such lines. */
  #replaced(
    rest: string,
    at: number,
    number: string,
    peer: Session & { readonly vantage: 'broker'; readonly at: number },
  ): void {
    if (this.#detailed) return;
    const old = CLIENT.exec(`${unquoteGo(REPLACING.exec(rest)?.[1] ?? '') ?? ''} - `);
    if (old === null) {
      this.#sink.unread('does not say which client was replaced');
      return;
    }
    const [, ip = '', port, oldNumber = ''] = old;
    const session = { sessionId: this.#sessionId(oldNumber), clientId: peer.clientId };
    this.#sink.event({
      kind: 'closed',
      vantage: 'broker',
      at,
      ...session,
      ip,
      port: Number(port),
      reason: 'session-taken-over',
    });
    const { sessionId, clientId, ip: newIp, port: newPort } = peer;
    this.#open.delete(oldNumber);
    this.#open.set(number, { sessionId, clientId, ip: newIp, port: newPort });
    this.#sink.event({ ...peer, kind: 'connected', inferred: ['at'] });
  }

  #ended(
    number: string,
    words: string,
    peer: Session & { readonly vantage: 'broker'; readonly at: number },
  ): void {
    const taken = words === 'Duplicate Client ID';
    const reason = taken ? 'session-taken-over' : reasonOf(words);
    const session = this.#open.get(number);
    this.#open.delete(number);
    this.#users.delete(number);
    // Before it was connected, only a failure says something: the port check of a monitor doesn't.
    if (session === undefined && peer.clientId === '') return;
    // DISCONNECT and a bare FIN read the same.
    const doubt = words === 'Client Closed' ? { inferred: ['reason'] } : {};
    this.#sink.event({ ...peer, ...session, at: peer.at, kind: 'closed', reason, ...doubt });
  }

  #begin(pid: string, at: number): void {
    if (this.#process !== '') this.#closeAll(at, true);
    this.#process = pid;
    this.#boots += 1;
    this.#users.clear();
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
