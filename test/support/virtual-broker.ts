/**
 * A broker and the network to it in virtual time. Its rules are written out: a CONNECT takes the
 * client ID over from the session that holds it ([MQTT-3.1.4-3]), a silent peer is given up after
 * one and a half keep-alives (MQTT 5.0 §3.1.2.10), packets of one connection stay in order. It keeps
 * what a broker sees; which device was behind a session it never learns.
 */
import type { Clock, EpochMs } from '../../src/core/time.ts';
import type {
  Connection,
  ConnectionListener,
  Connector,
  ConnectRequest,
  Subscription,
} from '../../src/fleet/connector.ts';
import type { CloseReason, ObservedEvent } from '../../src/history/event.ts';
import { type VirtualMessage, VirtualSessions } from './virtual-sessions.ts';

/** One session as the broker saw it; `to` undefined while it is open. */
export interface VirtualSession {
  readonly id: string;
  readonly clientId: string;
  readonly certificateId: string;
  readonly from: EpochMs;
  to?: EpochMs;
  reason?: CloseReason;
}

export interface VirtualBrokerOptions {
  /** Uniform in [0, 1): the source of every latency. */
  readonly random: () => number;
  /** One-way latency in ms, between these bounds. */
  readonly latencyMs?: readonly [number, number];
  /** Why a CONNECT is refused; undefined lets it in. */
  readonly refuses?: (request: ConnectRequest) => CloseReason | undefined;
  /** Whether there is room and patience for one more connect with the client ID it knows. */
  readonly admits?: (about: {
    readonly clientId: string;
    readonly now: EpochMs;
    /** Sessions that are open. */
    readonly open: number;
  }) => boolean;
  /** By which client ID it knows a device, whatever that sends; what it sends by default. */
  readonly knownAs?: (request: ConnectRequest) => string;
  /** Tells an evicted MQTT 5 client so by DISCONNECT 0x8E. */
  readonly tellsOfTakeover?: boolean;
  /** Receives what a broker would log. */
  readonly onEvent?: (event: ObservedEvent) => void;
}

export class VirtualBroker implements Connector {
  readonly sessions: VirtualSession[] = [];
  /** Connections that devices have opened and that have not ended, both ends counted as one. */
  readonly live = new Set<VirtualConnection>();
  opened = 0;
  readonly kept = new VirtualSessions();
  readonly clock: Clock;
  readonly options: VirtualBrokerOptions;
  readonly #holders = new Map<string, VirtualConnection>();

  constructor(clock: Clock, options: VirtualBrokerOptions) {
    this.clock = clock;
    this.options = options;
  }

  open(request: ConnectRequest, listener: ConnectionListener): Connection {
    this.opened++;
    const connection = new VirtualConnection(this, request, listener);
    this.live.add(connection);
    return connection;
  }

  latency(): number {
    const [min, max] = this.options.latencyMs ?? [1, 40];
    return min + this.options.random() * (max - min);
  }

  clientIdOf({ request }: VirtualConnection): string {
    return this.options.knownAs?.(request) ?? request.clientId;
  }

  /** Why a CONNECT is refused; undefined lets it in. */
  refusal(connection: VirtualConnection): CloseReason | undefined {
    const { refuses, admits } = this.options;
    const refused = refuses?.(connection.request);
    if (refused !== undefined) return refused;
    const admitted = admits?.({
      clientId: this.clientIdOf(connection),
      now: this.clock.now(),
      open: this.sessions.filter(({ to }) => to === undefined).length,
    });
    return admitted === false ? 'throttled' : undefined;
  }

  /** A CONNECT has arrived: a session begins, and ends the one that held the client ID. */
  begin(connection: VirtualConnection) {
    const { credential, mqtt } = connection.request;
    const clientId = this.clientIdOf(connection);
    const holder = this.#holders.get(clientId);
    if (holder !== undefined) holder.endedByBroker('session-taken-over');
    const session: VirtualSession = {
      id: `broker-${this.sessions.length + 1}`,
      clientId,
      certificateId: credential.certificateId,
      from: this.clock.now(),
    };
    this.sessions.push(session);
    this.#holders.set(clientId, connection);
    this.#tell('connected', connection, session);
    return { session, sessionPresent: this.kept.open(clientId, mqtt, this.clock.now()) };
  }

  end(connection: VirtualConnection, session: VirtualSession, reason: CloseReason): void {
    if (session.to !== undefined) return;
    session.to = this.clock.now();
    session.reason = reason;
    if (this.#holders.get(session.clientId) === connection) this.#holders.delete(session.clientId);
    this.kept.close(session.clientId, connection.request.mqtt, this.clock.now());
    this.#tell('closed', connection, session);
  }

  #tell(kind: 'connected' | 'closed', { request, port }: VirtualConnection, s: VirtualSession) {
    this.options.onEvent?.({
      kind,
      vantage: 'broker',
      at: this.clock.now(),
      sessionId: s.id,
      clientId: s.clientId,
      certificateId: s.certificateId,
      principal: { kind: 'certificate-id', value: s.certificateId },
      ip: '127.0.0.1',
      port,
      protocolVersion: request.mqtt.protocolVersion,
      keepAliveSeconds: request.mqtt.keepAliveSeconds,
      cleanStart: request.mqtt.cleanStart,
      ...(kind === 'closed' && s.reason !== undefined && { reason: s.reason }),
    });
  }
}

/** Both ends of one connection. `up` is what the device sent, `down` what the broker sent. */
class VirtualConnection implements Connection {
  readonly request: ConnectRequest;
  readonly port: number;
  readonly #broker: VirtualBroker;
  readonly #listener: ConnectionListener;
  /** The device's end. */
  #phase: 'connecting' | 'connected' | 'ended' = 'connecting';
  #abandonedAt: EpochMs | undefined;
  #lastPacketAt: EpochMs;
  #upAt = 0;
  #downAt = 0;
  /** The broker's end. */
  #session: VirtualSession | undefined;
  #cancelExpiry: () => void = () => {};

  constructor(broker: VirtualBroker, request: ConnectRequest, listener: ConnectionListener) {
    this.#broker = broker;
    this.request = request;
    this.port = 1024 + (broker.opened % 60_000);
    this.#listener = listener;
    this.#lastPacketAt = broker.clock.now();
    this.#up(() => this.#connectArrives());
  }

  disconnect(): void {
    this.#leave(
      'client-initiated',
      this.#phase === 'connected' ? 'DISCONNECT sent' : 'given up before CONNACK',
    );
  }

  reset(): void {
    this.#leave('connection-lost', 'RST sent');
  }

  destroy(): void {
    this.#leave('connection-lost', 'socket destroyed');
  }

  abandon(): void {
    if (this.#phase !== 'connected') return;
    const { clock } = this.#broker;
    this.#abandonedAt = clock.now();
    const { keepAliveSeconds } = this.request.mqtt;
    if (keepAliveSeconds === 0) return;
    // Until now it pinged once in each keep-alive; the broker counts from the last ping it got.
    const periodMs = keepAliveSeconds * 1000;
    const pings = Math.floor((clock.now() - this.#lastPacketAt) / periodMs);
    const silentAt = this.#lastPacketAt + (pings + 1.5) * periodMs;
    this.#cancelExpiry = clock.schedule(silentAt, () => this.endedByBroker('keep-alive-timeout'));
  }

  publish(message: VirtualMessage, acknowledged: () => void): boolean {
    if (this.#phase !== 'connected') return false;
    this.#lastPacketAt = this.#broker.clock.now();
    this.#up(() => {
      if (this.#session?.to !== undefined) return;
      this.#broker.kept.publish(message, this.#broker.clock.now());
      if (message.qos > 0) this.#down(() => this.#listens() && acknowledged());
    });
    return true;
  }

  subscribe(
    filters: readonly Subscription[],
    granted: (filters: readonly Subscription[]) => void,
  ): void {
    this.#up(() => {
      if (this.#session === undefined || this.#session.to !== undefined) return;
      this.#broker.kept.subscribe(this.#session.clientId, filters);
      this.#down(() => this.#listens() && granted(filters));
    });
  }

  #send({ topic, payload }: VirtualMessage, arrived: () => void): void {
    this.#down(() => {
      if (!this.#listens()) return;
      arrived();
      this.#listener.received(topic, Buffer.from(payload));
    });
  }

  #listens(): boolean {
    return this.#phase === 'connected' && this.#abandonedAt === undefined;
  }

  /** The broker closes: by takeover or because the peer has fallen silent. */
  endedByBroker(reason: CloseReason): void {
    if (this.#session === undefined) return;
    this.#broker.end(this, this.#session, reason);
    const told =
      reason === 'session-taken-over' &&
      this.request.mqtt.protocolVersion === 5 &&
      this.#broker.options.tellsOfTakeover === true;
    this.#down(() => this.#deviceEnds(told ? reason : 'unknown', told ? 'DISCONNECT 0x8e' : 'FIN'));
  }

  #connectArrives(): void {
    const refusal = this.#broker.refusal(this);
    if (refusal !== undefined) {
      this.#down(() => this.#deviceEnds(refusal, 'CONNACK refused'));
      return;
    }
    const { session, sessionPresent } = this.#broker.begin(this);
    this.#session = session;
    this.#down(() => {
      if (this.#phase !== 'connecting') return;
      this.#phase = 'connected';
      this.#lastPacketAt = this.#broker.clock.now();
      this.#listener.connected({
        at: this.#broker.clock.now(),
        ip: '127.0.0.1',
        port: this.port,
        sessionPresent,
      });
    });
    this.#broker.kept.attach(session.clientId, (message, arrived) => this.#send(message, arrived));
  }

  /** The device closes its end; what it has sent before still arrives first. */
  #leave(reason: CloseReason, raw: string): void {
    if (this.#phase === 'ended') return;
    this.#up(() => {
      if (this.#session !== undefined) this.#broker.end(this, this.#session, reason);
    });
    // As a socket does it: the close is told later, never within the call.
    const { clock } = this.#broker;
    clock.schedule(clock.now(), () => this.#deviceEnds(reason, raw));
  }

  #deviceEnds(reason: CloseReason, raw: string): void {
    if (this.#phase === 'ended') return;
    const wasConnected = this.#phase === 'connected';
    this.#phase = 'ended';
    this.#cancelExpiry();
    this.#broker.live.delete(this);
    const end = { at: this.#broker.clock.now(), reason, raw };
    if (wasConnected) this.#listener.closed(end);
    else this.#listener.failed(end);
  }

  #up(arrive: () => void): void {
    this.#upAt = this.#inOrder(this.#upAt, arrive);
  }

  #down(arrive: () => void): void {
    this.#downAt = this.#inOrder(this.#downAt, arrive);
  }

  #inOrder(after: EpochMs, arrive: () => void): EpochMs {
    const { clock } = this.#broker;
    const at = Math.max(after, clock.now() + this.#broker.latency());
    clock.schedule(at, arrive);
    return at;
  }
}
