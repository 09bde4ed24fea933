/**
 * One connection of one device, from the decision to connect to its end: opened on the connector,
 * counted, recorded. The history gets what the device saw, the truth which device it was.
 */
import type { BrokerEndpoint } from '../broker/adapter.ts';
import { assertNever } from '../core/assert.ts';
import type { Clock, EpochMs } from '../core/time.ts';
import type { CloseReason, ObservedEvent } from '../history/event.ts';
import type { Credential } from '../identity/types.ts';
import type { PlannedDevice, PlannedGroup } from '../scenario/plan.ts';
import type { Connection, ConnectionListener, Connector } from './connector.ts';
import type { GroupMessages } from './messages.ts';
import type { SessionBook } from './session-book.ts';
import type { FleetTally } from './tally.ts';

/** The planted truth: which device stood behind a session of the history. */
export interface TruthRecord {
  readonly at: EpochMs;
  readonly device: string;
  readonly kind: 'connecting' | 'abandoned';
  readonly sessionId: string;
  readonly clientId: string;
  readonly certificate: string;
}

export interface SessionPorts {
  readonly clock: Clock;
  readonly connector: Connector;
  readonly record: (event: ObservedEvent) => void;
  readonly truth: (record: TruthRecord) => void;
}

/** What a session needs to know, and whom it tells. */
export interface SessionOptions {
  /** Opaque: the history must not show which device it was. */
  readonly sessionId: string;
  readonly device: PlannedDevice;
  readonly group: PlannedGroup;
  readonly messages: GroupMessages;
  readonly certificate: string;
  readonly credential: Credential;
  readonly clientId: string;
  readonly endpoint: BrokerEndpoint;
  /** The address to connect from; the system's choice by default. */
  readonly sourceAddress?: string;
  readonly connectTimeoutMs: number;
  /** When it should have been opened. */
  readonly plannedAt: EpochMs;
  readonly tally: FleetTally;
  readonly book: SessionBook;
  /** Called after the session has recorded and counted. */
  readonly tell: (
    news:
      | { readonly type: 'connected' }
      | { readonly type: 'failed' | 'closed'; readonly reason: CloseReason },
    at: EpochMs,
  ) => void;
}

type End = Parameters<ConnectionListener['closed']>[0];

export class DeviceSession {
  readonly #ports: SessionPorts;
  readonly #options: SessionOptions;
  readonly #common: Omit<ObservedEvent, 'kind' | 'at'>;
  readonly #openedAt: EpochMs;
  #connection: Connection | undefined;
  #connected = false;
  #abandonedAt: EpochMs | undefined;
  #closesItself = false;
  /** QoS 1 publishes that wait for PUBACK. */
  #unacknowledged = 0;

  constructor(ports: SessionPorts, options: SessionOptions) {
    const { sessionId, clientId, credential, group } = options;
    this.#ports = ports;
    this.#options = options;
    this.#openedAt = ports.clock.now();
    this.#common = {
      vantage: 'device',
      sessionId,
      clientId,
      certificateId: credential.certificateId,
      principal: { kind: 'certificate-id', value: credential.certificateId },
      protocolVersion: group.mqtt.protocolVersion,
      keepAliveSeconds: group.mqtt.keepAliveSeconds,
      cleanStart: group.mqtt.cleanStart,
    };
    this.#truth('connecting', this.#openedAt);
  }

  /** The socket still exists, but the device has given it up. */
  get abandoned(): boolean {
    return this.#abandonedAt !== undefined;
  }

  get clientId(): string {
    return this.#options.clientId;
  }

  /** Name of its certificate in the plan. */
  get certificate(): string {
    return this.#options.certificate;
  }

  open(): void {
    const { device, messages, clientId, credential, group, tally, book } = this.#options;
    const { endpoint, sourceAddress, connectTimeoutMs } = this.#options;
    tally.connectStarted();
    const will = messages.will(device);
    this.#connection = this.#ports.connector.open(
      {
        endpoint,
        clientId,
        credential,
        mqtt: group.mqtt,
        connectTimeoutMs,
        ...(sourceAddress === undefined ? {} : { localAddress: sourceAddress }),
        ...(will && { will }),
      },
      {
        connected: (info) => this.#onConnected(info),
        failed: (end) => this.#onFailed(end),
        closed: (end) => this.#onClosed(end),
        received: (topic, payload) => {
          tally.received();
          book.ledger?.received(device.name, topic, payload.toString(), this.#ports.clock.now());
        },
      },
    );
  }

  /** Held back by the throttle: recorded as a failed connect, nothing is sent. */
  throttled(): void {
    this.#options.tally.throttled();
    this.#ports.record({
      kind: 'connect-failed',
      at: this.#openedAt,
      ...this.#common,
      reason: 'throttled',
    });
  }

  close(style: 'disconnect' | 'reset' | 'half-open'): void {
    this.#closesItself = true;
    switch (style) {
      case 'disconnect':
        this.#connection?.disconnect();
        break;
      case 'reset':
        this.#connection?.reset();
        break;
      case 'half-open':
        this.#abandonedAt = this.#ports.clock.now();
        this.#options.tally.closed(this.#options.group.name);
        this.#connection?.abandon();
        this.#leavesBook(this.#abandonedAt);
        this.#truth('abandoned', this.#abandonedAt);
        break;
      default:
        assertNever(style);
    }
  }

  /** `plannedAt` is when the message should have gone out. */
  publish(seq: number, plannedAt: EpochMs): void {
    if (!this.#connected || this.abandoned) return;
    const { messages, device, clientId, tally, book } = this.#options;
    const at = this.#ports.clock.now();
    const message = messages.telemetry(device, clientId, seq, at);
    if (message === undefined || book.isClosed) return;
    const { topic, payload, qos } = message;
    const acknowledged = (): void => {
      this.#unacknowledged--;
      tally.acknowledged(Math.max(0, this.#ports.clock.now() - plannedAt));
    };
    if (this.#connection?.publish(message, acknowledged) !== true) {
      tally.notSent();
      return;
    }
    tally.published(qos, Math.max(0, at - plannedAt));
    book.ledger?.published(topic, payload, qos, at, plannedAt);
    if (qos > 0) this.#unacknowledged++;
  }

  destroy(): void {
    this.#connection?.destroy();
  }

  #onConnected(info: Parameters<ConnectionListener['connected']>[0]): void {
    const { at, ip, port } = info;
    const { device, group, messages, tally, book, tell } = this.#options;
    this.#connected = true;
    book.connected(device.name, this, group.mqtt, info);
    tally.accepted(device, at - this.#openedAt, at - this.#options.plannedAt);
    this.#ports.record({
      kind: 'connected',
      at,
      ...this.#common,
      ...(ip !== undefined && { ip }),
      ...(port !== undefined && { port }),
    });
    const filters = messages.filters(device);
    if (filters.length > 0) {
      this.#connection?.subscribe(filters, (granted) =>
        book.subscribed(device.name, this, granted, this.#ports.clock.now()),
      );
    }
    tell({ type: 'connected' }, at);
  }

  #onFailed({ at, reason, raw, ip, port }: Parameters<ConnectionListener['failed']>[0]): void {
    const { tally, tell } = this.#options;
    tally.failed(reason === 'client-initiated' ? undefined : raw);
    const address = { ...(ip !== undefined && { ip }), ...(port !== undefined && { port }) };
    this.#ports.record({ kind: 'connect-failed', at, ...this.#common, ...address, reason, raw });
    tell({ type: 'failed', reason }, at);
  }

  #onClosed({ at, reason, raw }: End): void {
    const { group, tally, tell } = this.#options;
    const abandonedAt = this.#abandonedAt;
    tally.gaveUp(this.#unacknowledged);
    if (abandonedAt === undefined) {
      tally.closed(group.name);
      this.#leavesBook(at);
    }
    this.#ports.record({
      kind: 'closed',
      at,
      ...this.#common,
      reason,
      ...(abandonedAt !== undefined && { abandonedAt }),
      raw,
    });
    tell({ type: 'closed', reason }, at);
  }

  #leavesBook(at: EpochMs): void {
    const { device, book } = this.#options;
    book.ended(device.name, this, this.#closesItself ? 'own' : 'other', at);
  }

  #truth(kind: TruthRecord['kind'], at: EpochMs): void {
    const { device, sessionId, clientId, certificate } = this.#options;
    this.#ports.truth({ at, device: device.name, kind, sessionId, clientId, certificate });
  }
}
