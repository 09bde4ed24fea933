/**
 * The connector port: opens one MQTT connection for a device and tells what becomes of it. One
 * implementation speaks to real brokers over TLS; tests have one on virtual time.
 */
import type { BrokerEndpoint } from '../broker/adapter.ts';
import type { EpochMs } from '../core/time.ts';
import type { CloseReason } from '../history/event.ts';
import type { Credential } from '../identity/types.ts';
import type { PlannedGroup } from '../scenario/plan.ts';

export interface ConnectRequest {
  readonly endpoint: BrokerEndpoint;
  readonly clientId: string;
  readonly credential: Credential;
  readonly mqtt: PlannedGroup['mqtt'];
  readonly connectTimeoutMs: number;
  /** The IP address to connect from; the system's choice by default. */
  readonly localAddress?: string;
  readonly will?: {
    readonly topic: string;
    readonly payload: string;
    readonly qos: 0 | 1;
    readonly retain: boolean;
  };
}

export interface DeviceMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
}

export interface Subscription {
  readonly filter: string;
  readonly qos: 0 | 1;
}

/** Exactly one of `connected` and `failed` is called, then `closed` once after `connected`. */
export interface ConnectionListener {
  connected(info: {
    readonly at: EpochMs;
    readonly ip?: string;
    readonly port?: number;
    /** Whether the broker had kept a session for the client ID (MQTT 5.0 §3.2.2.1.1). */
    readonly sessionPresent?: boolean;
  }): void;
  /**
   * Refused or lost before CONNACK; `raw` says how, in the words of TLS, TCP or MQTT. The address is
   * there if TCP was connected.
   */
  failed(info: {
    readonly at: EpochMs;
    readonly reason: CloseReason;
    readonly raw: string;
    readonly ip?: string;
    readonly port?: number;
  }): void;
  closed(info: { readonly at: EpochMs; readonly reason: CloseReason; readonly raw: string }): void;
  received(topic: string, payload: Buffer): void;
}

export interface Connection {
  /** MQTT DISCONNECT, then close. */
  disconnect(): void;
  /** TCP RST. */
  reset(): void;
  /** Stops speaking and listening without closing: the broker finds a half-open connection. */
  abandon(): void;
  /**
   * False if the message isn't sent and never will be: no connection, more than the broker takes
   * (its maximum QoS or packet size), or too much waits already for a broker that doesn't read.
   * `acknowledged` is called at the PUBACK of a QoS 1 message, unless that is a refusal.
   */
  publish(message: DeviceMessage, acknowledged: () => void): boolean;
  /** `granted` is told at SUBACK which filters were granted; brokers grant what they forbid. */
  subscribe(
    filters: readonly Subscription[],
    granted: (filters: readonly Subscription[]) => void,
  ): void;
  /** Closes the socket at once, whatever the state. */
  destroy(): void;
}

export interface Connector {
  open(request: ConnectRequest, listener: ConnectionListener): Connection;
}
