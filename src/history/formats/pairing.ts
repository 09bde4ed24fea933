/**
 * Joins connects and closes of sources that give a session no number of its own, in whatever order
 * they come. A close belongs to the session of its client ID whose address it names; without one,
 * to the session that was open then. What has been seen twice counts once. A close before any
 * connect it could belong to waits for one, because some exports come newest first.
 *
 * A broker has one session of a client ID: where a close is missing, the next connect ends the
 * session, with an `unknown` reason, and `inferred` says so. State: a few records a client ID.
 */
import type { ObservedEvent } from '../event.ts';

/** An event before it is known which session it belongs to. */
export type UnpairedEvent = Omit<ObservedEvent, 'sessionId'> & {
  /** The source's own name of the session, if it has one. */
  readonly sessionId?: string;
  /** On a close: when the source says that the session began. */
  readonly connectedAt?: number;
};

interface Session {
  readonly id: string;
  readonly connectedAt: number;
  readonly event: UnpairedEvent;
  closedAt: number | undefined;
}

interface Client {
  /** By the time of the connect. */
  readonly sessions: Session[];
  /** Closes that no connect has been seen for. */
  readonly waiting: UnpairedEvent[];
}

/** Records kept of a client ID: open sessions, the last closed ones, closes that wait. */
const RECORDS_MAX = 8;
/** A close that comes this long after the next connect may still be that of the session before. */
const LATE_MS = 5_000;

export interface PairingOptions {
  /** Begins the session IDs that are made up. */
  readonly prefix: string;
  /** How far a close may seem to come before its own connect: what the source's stamps are worth. */
  readonly skewMs?: number;
}

export class SessionPairing {
  readonly #emit: (event: ObservedEvent) => void;
  readonly #prefix: string;
  readonly #skewMs: number;
  readonly #clients = new Map<string, Client>();
  #numbers = 0;

  constructor(options: PairingOptions, emit: (event: ObservedEvent) => void) {
    this.#emit = emit;
    this.#prefix = options.prefix;
    this.#skewMs = options.skewMs ?? 0;
  }

  /** A session began. */
  connected(event: UnpairedEvent): void {
    const client = this.#client(event.clientId);
    if (client.sessions.some((session) => isRepeated(session.event, event))) return;
    const id = event.sessionId ?? this.#nextId();
    const session: Session = { id, connectedAt: event.at, event, closedAt: undefined };
    const place = client.sessions.findLastIndex((other) => other.connectedAt <= event.at);
    client.sessions.splice(place + 1, 0, session);
    this.#emit(withSession(event, id));
    const waiting = this.#earliestWaiting(client, session);
    if (waiting !== undefined) this.#close(session, waiting);
    this.#trim(client);
  }

  /** A session ended. */
  closed(event: UnpairedEvent): void {
    const client = this.#client(event.clientId);
    if (client.sessions.some((session) => isOwnClose(session, event))) return;
    const session = this.#sessionOf(client, event);
    if (session !== undefined) {
      this.#close(session, event);
      return;
    }
    if (client.waiting.some((other) => isRepeated(other, event))) return;
    client.waiting.push(event);
    if (client.waiting.length <= RECORDS_MAX) return;
    const [oldest] = client.waiting.splice(0, 1);
    if (oldest !== undefined) this.#unopened(oldest);
  }

  /** A connect was refused, or ended before it was one. */
  failed(event: UnpairedEvent): void {
    this.#emit(withSession(event, event.sessionId ?? this.#nextId()));
  }

  /** Ends all sessions, because the broker did. */
  closeAll(event: Pick<ObservedEvent, 'at' | 'inferred'>): void {
    for (const client of this.#clients.values()) {
      for (const session of client.sessions) {
        if (session.closedAt !== undefined) continue;
        const { clientId } = session.event;
        this.#close(session, { ...closing(clientId), ...event, reason: 'server-initiated' });
      }
    }
  }

  /** Whether a session of this client ID is open that `fits`. */
  hasOpen(clientId: string, fits: (connect: UnpairedEvent) => boolean = () => true): boolean {
    const sessions = this.#clients.get(clientId)?.sessions ?? [];
    return sessions.some((session) => session.closedAt === undefined && fits(session.event));
  }

  /** Nothing follows: decides what was left open. */
  end(): void {
    for (const client of this.#clients.values()) {
      for (const event of client.waiting) this.#unopened(event);
      for (const [place, session] of client.sessions.entries()) {
        this.#endBy(session, client.sessions[place + 1]);
      }
    }
    this.#clients.clear();
  }

  #client(clientId: string): Client {
    const known = this.#clients.get(clientId);
    if (known !== undefined) return known;
    const client: Client = { sessions: [], waiting: [] };
    this.#clients.set(clientId, client);
    return client;
  }

  #sessionOf({ sessions }: Client, event: UnpairedEvent): Session | undefined {
    const fitting = sessions.filter(
      (session) =>
        session.closedAt === undefined &&
        session.connectedAt <= event.at + this.#skewMs &&
        isSameConnection(session.event, event),
    );
    const [older, newer] = fitting.slice(-2);
    if (older === undefined || newer === undefined) return older;
    // Two open ones are one too many: the close that comes soon is that of the older.
    const late = event.at - newer.connectedAt <= LATE_MS;
    return late || event.reason === 'session-taken-over' ? older : newer;
  }

  #earliestWaiting({ waiting, sessions }: Client, session: Session): UnpairedEvent | undefined {
    const next = sessions[sessions.indexOf(session) + 1];
    const fitting = waiting.filter(
      (event) =>
        event.at + this.#skewMs >= session.connectedAt &&
        isSameConnection(session.event, event) &&
        (event.sessionId !== undefined ||
          event.port !== undefined ||
          next === undefined ||
          event.at <= next.connectedAt + LATE_MS),
    );
    const [earliest] = fitting.sort((a, b) => a.at - b.at);
    if (earliest !== undefined) waiting.splice(waiting.indexOf(earliest), 1);
    return earliest;
  }

  #close(session: Session, event: UnpairedEvent): void {
    session.closedAt = event.at;
    // The close may say less of the session than its connect did.
    const { principal, certificateId, ip, port } = session.event;
    const known = {
      ...(principal === undefined ? {} : { principal }),
      ...(certificateId === undefined ? {} : { certificateId }),
      ...(ip === undefined ? {} : { ip }),
      ...(port === undefined ? {} : { port }),
    };
    this.#emit(withSession({ ...known, ...event }, session.id));
  }

  #unopened(event: UnpairedEvent): void {
    this.#emit(withSession(event, event.sessionId ?? this.#nextId()));
  }

  /** Ends a session that the next one of its client ID must have ended. */
  #endBy(session: Session, next: Session | undefined): void {
    if (session.closedAt !== undefined || next === undefined) return;
    const at = next.connectedAt;
    const { clientId } = session.event;
    this.#close(session, {
      ...closing(clientId),
      at,
      reason: 'unknown',
      inferred: ['at', 'reason'],
    });
  }

  #trim({ sessions }: Client): void {
    while (sessions.length > RECORDS_MAX) {
      const [oldest] = sessions.splice(0, 1);
      if (oldest !== undefined) this.#endBy(oldest, sessions[0]);
    }
  }

  #nextId(): string {
    this.#numbers += 1;
    return `${this.#prefix}-${this.#numbers}`;
  }
}

function closing(clientId: string) {
  return { kind: 'closed', vantage: 'broker', clientId } as const;
}

function withSession(event: UnpairedEvent, sessionId: string): ObservedEvent {
  const { connectedAt: _connectedAt, ...rest } = event;
  return { ...rest, sessionId };
}

/** Whether what both say of the connection agrees; what one of them leaves out does not matter. */
function isSameConnection(connect: UnpairedEvent, close: UnpairedEvent): boolean {
  if (close.sessionId !== undefined || connect.sessionId !== undefined) {
    return close.sessionId === connect.sessionId;
  }
  return (
    agree(connect.ip, close.ip) &&
    agree(connect.port, close.port) &&
    agree(connect.principal?.value, close.principal?.value) &&
    agree(connect.at, close.connectedAt)
  );
}

function agree(a: string | number | undefined, b: string | number | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}

/** The same record twice. Whole seconds without a port don't prove that it is the same. */
function isRepeated(known: UnpairedEvent, event: UnpairedEvent): boolean {
  if (known.sessionId !== undefined || event.sessionId !== undefined) {
    return known.sessionId === event.sessionId;
  }
  const exact = event.port !== undefined || event.at % 1000 !== 0;
  return exact && known.at === event.at && isSameConnection(known, event);
}

function isOwnClose(session: Session, event: UnpairedEvent): boolean {
  if (session.closedAt === undefined) return false;
  if (event.sessionId !== undefined) return event.sessionId === session.id;
  const exact = event.port !== undefined || event.at % 1000 !== 0;
  return exact && session.closedAt === event.at && isSameConnection(session.event, event);
}
