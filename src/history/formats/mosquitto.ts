/**
 * Mosquitto's log as connection events: a pure reader, line by line, with the state that pairing
 * needs. The log names no certificate and, up to 2.1.0, no address at the end of a session; a
 * session that was taken over gets no line of its own end, so the takeover line ends it.
 *
 * What can't be told apart is not guessed. Counted as unread, with examples: lines that are not
 * understood; lines of 999 bytes, which Mosquitto has cut; lines without the stamp (or tag) that
 * the others carry, because a line break in a common name can forge whole lines; an end of
 * `<unknown>` while a client of that name is connected and another connection is pending; a
 * connect line in which client ID and user name can be split in two ways. Only the last one still
 * gives an event, with the longest client ID (the client chooses it freely, while an authority has
 * signed the name), and says in `inferred` that both fields are so.
 */
import { assertNever } from '../../core/assert.ts';
import { UNREADABLE_EXAMPLES_MAX } from '../../core/limits.ts';
import type { CloseReason, ObservedEvent, Principal } from '../event.ts';
import {
  type EndReading,
  isAtLeast,
  type MosquittoLine,
  readMosquittoLine,
  readStamp,
} from './mosquitto-lines.ts';
import { type PeerAddress, PendingConnections } from './mosquitto-pending.ts';
import { describe, type Moment, NOTHING, type Session } from './mosquitto-session.ts';

export interface MosquittoLogOptions {
  /** The word between stamp and colon that only this broker knows; lines without it are forged. */
  readonly tag?: string;
  /** What `u'…'` holds: `common-name` under `use_identity_as_username`. */
  readonly username?: Principal['kind'];
  /** Minutes east of UTC of stamps that name no zone; UTC by default. */
  readonly zoneMinutes?: number;
}

type Facts = Partial<ObservedEvent> & { readonly clientId: string; readonly reason: CloseReason };

/** Mosquitto's line buffer has 1,000 bytes with the terminating zero; what is longer is cut. */
const LINE_BYTES_MAX = 999;
/** Ends that only a connection with a client ID can have. */
const NEEDS_CLIENT_ID: ReadonlySet<CloseReason> = new Set([
  'client-initiated',
  'session-taken-over',
]);

/** Reads a log in order: `line` for each line, `unread` for what was not understood. */
export class MosquittoLog {
  readonly #tag: string | undefined;
  readonly #usernameKind: Principal['kind'];
  readonly #zoneMinutes: number;
  /** Sessions that are open, by client ID: a broker has at most one of each. */
  readonly #open = new Map<string, Session>();
  readonly #pending = new PendingConnections();
  /** What the line directly before said, where that matters. */
  #tlsError: { readonly reason: CloseReason; readonly body: string } | undefined;
  #takenOver: string | undefined;
  /** Whether the ends of sessions carry an address (2.1.1 and later); unknown without a version. */
  #addressed: boolean | undefined;
  #stamped = false;
  #sessions = 0;
  #unread = 0;
  readonly #examples: string[] = [];

  constructor(options: MosquittoLogOptions = {}) {
    this.#tag = options.tag;
    this.#usernameKind = options.username ?? 'common-name';
    this.#zoneMinutes = options.zoneMinutes ?? 0;
  }

  /** How many lines were not understood, or not without doubt. */
  get unreadLines(): number {
    return this.#unread;
  }

  /** Those lines: how many, and the first few. */
  get unread(): { readonly lines: number; readonly examples: readonly string[] } {
    return { lines: this.#unread, examples: [...this.#examples] };
  }

  /**
   * The connection from this address, whose line has been read, is the reader's own: its end is no
   * evidence of anything.
   */
  ignorePeer(peer: PeerAddress): void {
    this.#pending.ignore(peer);
  }

  /** How many connections of the reader's own have not ended yet. */
  get ownConnections(): number {
    return this.#pending.ownCount;
  }

  /**
   * The events of one line. `observedAt` (epoch ms) is when it was read, for a log that is followed
   * live: it is finer than the stamp, which counts seconds. A line without either can't be used.
   */
  line(text: string, observedAt?: number): ObservedEvent[] {
    const stamp = readStamp(text, this.#zoneMinutes);
    const genuine = stamp !== undefined && (this.#tag === undefined || stamp.tag === this.#tag);
    if (genuine) this.#stamped = true;
    else if (this.#stamped) return text === '' ? [] : this.#doubt(text);
    // Before its configuration is read, Mosquitto writes without the stamp that it will use.
    else if (this.#tag !== undefined) return [];
    if (text.length * 3 >= LINE_BYTES_MAX && Buffer.byteLength(text) >= LINE_BYTES_MAX)
      return this.#doubt(text);
    const raw = stamp?.body ?? text;
    const line = readMosquittoLine(raw);
    if (line?.kind === 'other') return [];
    const at = observedAt ?? stamp?.sourceAt;
    if (line === undefined || at === undefined) return this.#doubt(text);
    const live = observedAt !== undefined && stamp !== undefined;
    const events = this.#read(line, live ? { at, sourceAt: stamp.sourceAt, raw } : { at, raw });
    if (line.kind !== 'tls-error') this.#tlsError = undefined;
    if (line.kind !== 'ended') this.#takenOver = undefined;
    return events;
  }

  #read(line: MosquittoLine, moment: Moment): ObservedEvent[] {
    switch (line.kind) {
      case 'accepted':
        this.#pending.accepted(line);
        return [];
      case 'connected':
        return this.#connected(line, moment);
      case 'ended':
        return this.#ended(line.readings, moment);
      case 'refused':
        return [this.#failed({ clientId: '', ip: line.ip, reason: line.reason }, moment)];
      case 'tls-error':
        this.#tlsError ??= { reason: line.reason, body: moment.raw };
        return [];
      case 'started':
        this.#addressed = isAtLeast(line.version, [2, 1, 1]);
        return this.#closeAll(moment, ['reason', 'at']);
      case 'stopped':
        return this.#closeAll(moment);
      case 'other':
        return [];
      default:
        return assertNever(line);
    }
  }

  #connected(
    { ip, port, readings }: Extract<MosquittoLine, { kind: 'connected' }>,
    moment: Moment,
  ): ObservedEvent[] {
    this.#pending.remove({ ip, port });
    // The takeover line directly before names the client ID; that settles where it ends.
    const taken = this.#takenOver;
    const named =
      taken === undefined ? undefined : readings.find(({ clientId }) => clientId === taken);
    const reading = named ?? readings.at(-1);
    if (reading === undefined) return this.#doubt(moment.raw);
    const doubtful = named === undefined && readings.length > 1;
    if (doubtful) this.#doubt(moment.raw);
    const { clientId, username, protocolVersion, cleanStart, keepAliveSeconds } = reading;
    const evicted = this.#open.get(clientId);
    const session: Session = {
      sessionId: this.#nextSessionId(),
      clientId,
      ip,
      port,
      principal: username === undefined ? undefined : { kind: this.#usernameKind, value: username },
    };
    const events =
      evicted === undefined
        ? []
        : [this.#closed(evicted, 'session-taken-over', moment, ['reason'])];
    this.#open.set(clientId, session);
    const { raw, at, sourceAt } = moment;
    events.push({
      kind: 'connected',
      ...describe(session),
      at,
      ...(sourceAt === undefined ? NOTHING : { sourceAt }),
      protocolVersion,
      cleanStart,
      keepAliveSeconds,
      ...(doubtful ? { inferred: ['clientId', 'principal'], raw } : NOTHING),
    });
    return events;
  }

  #ended(readings: readonly EndReading[], moment: Moment): ObservedEvent[] {
    const reading = this.#chooseEnd(readings);
    this.#takenOver = reading?.reason === 'session-taken-over' ? reading.clientId : undefined;
    if (reading === undefined) return this.#doubt(moment.raw);
    const error = this.#tlsError;
    if (error === undefined) return this.#pair(reading, moment);
    // A broken TLS record is the client's fault, not its line's; the line before says so.
    const reason = reading.reason === 'connection-lost' ? error.reason : reading.reason;
    return this.#pair({ ...reading, reason }, { ...moment, raw: `${error.body}\n${moment.raw}` });
  }

  #pair({ clientId, reason, peer }: EndReading, moment: Moment): ObservedEvent[] {
    const session = this.#open.get(clientId);
    if (peer !== undefined) {
      const same = session?.ip === peer.ip && session.port === peer.port;
      if (same) return [this.#closed(session, reason, moment)];
      const pending = this.#pending.remove(peer);
      if (pending === 'own') return [];
      // Without a client ID, 2.1.1 and later log the address in its place.
      const facts = { clientId: clientId === peer.ip ? '' : clientId, reason, ...peer };
      return [pending === undefined ? this.#unopened(facts, moment) : this.#failed(facts, moment)];
    }
    const pending = this.#pending.count;
    if (clientId === '<unknown>' && pending > 0 && !NEEDS_CLIENT_ID.has(reason)) {
      return this.#nameless(reason, moment, session !== undefined);
    }
    // A connect that is refused under the client ID of a session does not end that session.
    const refused = reason === 'auth-error' && pending > 0;
    if (session !== undefined && !refused) return [this.#closed(session, reason, moment)];
    if (clientId === '<unknown>') return [this.#failed({ clientId: '', reason }, moment)];
    if (pending === 0 || reason === 'session-taken-over') {
      return [this.#unopened({ clientId, reason }, moment)];
    }
    return [this.#failed({ clientId, reason, ...this.#inferPeer() }, moment)];
  }

  /** A connection that ended before it said a client ID; unless a client calls itself that. */
  #nameless(reason: CloseReason, moment: Moment, isClient: boolean): ObservedEvent[] {
    const cause = this.#tlsError?.reason ?? 'connection-lost';
    // One of ours is about to end, or has: in whichever order two ends come, they come to the same.
    if (cause === 'connection-lost' && this.#pending.removeOwn()) return [];
    if (isClient && cause !== 'auth-error') return this.#doubt(moment.raw);
    return [this.#failed({ clientId: '', reason, ...this.#inferPeer() }, moment)];
  }

  #inferPeer(): Partial<ObservedEvent> {
    const peer = this.#pending.endedOne();
    return peer === undefined ? {} : { ...peer, inferred: ['ip', 'port'] };
  }

  /** Which dialect a line is in is known from the version, else from the session that it fits. */
  #chooseEnd(readings: readonly EndReading[]): EndReading | undefined {
    if (readings.length === 1) return readings[0];
    const fitting = readings.filter(({ clientId, peer }) => {
      if (this.#addressed !== undefined) return (peer !== undefined) === this.#addressed;
      const session = this.#open.get(clientId);
      return session !== undefined && (peer === undefined || session.port === peer.port);
    });
    return fitting.length === 1 ? fitting[0] : undefined;
  }

  #closed(
    session: Session,
    reason: CloseReason,
    moment: Moment,
    inferred?: readonly string[],
  ): ObservedEvent {
    this.#open.delete(session.clientId);
    const doubt = inferred === undefined ? NOTHING : { inferred };
    return { kind: 'closed', ...describe(session), ...moment, reason, ...doubt };
  }

  #closeAll(moment: Moment, inferred?: readonly string[]): ObservedEvent[] {
    this.#pending.clear();
    const sessions = [...this.#open.values()];
    return sessions.map((session) => this.#closed(session, 'server-initiated', moment, inferred));
  }

  /** The end of a session that began before the log did. */
  #unopened(facts: Facts, moment: Moment): ObservedEvent {
    return { ...this.#failed(facts, moment), kind: 'closed' };
  }

  #failed(facts: Facts, moment: Moment): ObservedEvent {
    const sessionId = this.#nextSessionId();
    return { kind: 'connect-failed', vantage: 'broker', sessionId, ...moment, ...facts };
  }

  #nextSessionId(): string {
    this.#sessions += 1;
    return `mosquitto-${this.#sessions}`;
  }

  #doubt(text: string): [] {
    this.#unread += 1;
    if (this.#examples.length < UNREADABLE_EXAMPLES_MAX) this.#examples.push(text);
    return [];
  }
}

/** The events of a whole log, in order. */
export function* readMosquittoLog(
  lines: Iterable<string>,
  log = new MosquittoLog(),
): Generator<ObservedEvent> {
  for (const line of lines) yield* log.line(line);
}
