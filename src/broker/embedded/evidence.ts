/**
 * The embedded broker's own record of connections: who is connected under which client ID, and why
 * a session ended. A takeover is decided here, at the one moment in which the broker lets the new
 * connection have the client ID, so it does not depend on the order of later socket events.
 */
import type { CloseReason, ObservedEvent, ProtocolVersion } from '../../history/event.ts';

/** What is known of a connection's other end once TLS is up. */
export interface Peer {
  readonly ip?: string | undefined;
  readonly port?: number | undefined;
  readonly certificateId?: string | undefined;
  /** Of a certificate that an accepted authority has signed. */
  readonly commonName?: string | undefined;
}

/** What CONNECT said. */
export interface Claim {
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  readonly keepAliveSeconds: number;
  readonly cleanStart: boolean;
}

/** One TLS connection, from its handshake to its end. */
export interface Connection {
  readonly sessionId: string;
  readonly peer: Peer;
  claim: Claim | undefined;
  phase: 'new' | 'connected' | 'ended';
  /** Why it is about to end, when that is known before its socket closes. */
  fate: CloseReason | undefined;
}

type Emit = (event: ObservedEvent) => void;

/** Turns what happens to connections into events, each connection's end exactly once. */
export class Evidence {
  readonly #emit: Emit;
  readonly #now: () => number;
  readonly #owners = new Map<string, Connection>();
  #sessions = 0;

  constructor(emit: Emit, now: () => number) {
    this.#emit = emit;
    this.#now = now;
  }

  opened(peer: Peer): Connection {
    const sessionId = this.#nextSessionId();
    return { sessionId, peer, claim: undefined, phase: 'new', fate: undefined };
  }

  /** The connection has the client ID from now on; whoever had it is taken over. */
  connected(connection: Connection, claim: Claim): void {
    const owner = this.#owners.get(claim.clientId);
    if (owner !== undefined) this.ended(owner, 'session-taken-over');
    connection.claim = claim;
    connection.phase = 'connected';
    this.#owners.set(claim.clientId, connection);
    this.#emit({ kind: 'connected', ...this.#describe(connection), ...claim });
  }

  /** The first cause counts: a fate known earlier goes before `reason`. */
  ended(connection: Connection, reason: CloseReason, raw?: string): void {
    if (connection.phase === 'ended') return;
    const kind = connection.phase === 'connected' ? 'closed' : 'connect-failed';
    const clientId = connection.claim?.clientId ?? '';
    if (this.#owners.get(clientId) === connection) this.#owners.delete(clientId);
    connection.phase = 'ended';
    this.#emit({
      kind,
      ...this.#describe(connection),
      reason: connection.fate ?? reason,
      ...(raw === undefined ? {} : { raw }),
    });
  }

  /** A connection was refused before it could say a client ID. */
  refused(peer: Peer, reason: CloseReason, raw: string): void {
    const { principal: _, ...rest } = this.#describe(this.opened(peer));
    this.#emit({ kind: 'connect-failed', ...rest, reason, raw });
  }

  /** The broker stops: every session ends by its doing. */
  endAll(): void {
    for (const connection of [...this.#owners.values()]) this.ended(connection, 'server-initiated');
  }

  #nextSessionId(): string {
    this.#sessions += 1;
    return `embedded-${this.#sessions}`;
  }

  #describe({ sessionId, claim, peer }: Connection): Omit<ObservedEvent, 'kind'> {
    const { ip, port, certificateId } = peer;
    return {
      vantage: 'broker',
      at: this.#now(),
      sessionId,
      clientId: claim?.clientId ?? '',
      ...(certificateId === undefined
        ? {}
        : { certificateId, principal: { kind: 'certificate-id', value: certificateId } as const }),
      ...(ip === undefined ? {} : { ip }),
      ...(port === undefined ? {} : { port }),
    };
  }
}
