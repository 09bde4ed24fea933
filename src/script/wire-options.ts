/** What a scripted client is told to do, and what it hears: plain data for `WireClient`. */
import type { ProtocolVersion } from '../history/event.ts';
import type { TransportOptions } from './wire-transport.ts';

export interface WireOptions extends Omit<TransportOptions, 'tcpOnly'> {
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  readonly username?: string;
  readonly password?: string;
  /** True by default. */
  readonly cleanStart?: boolean;
  readonly sessionExpirySeconds?: number;
  /** 60 by default; PINGREQ is sent in time by itself. 0 switches both off. */
  readonly keepAliveSeconds?: number;
  /** How long each answer is waited for; 10 seconds by default. */
  readonly timeoutMs?: number;
  /** How long the answer to the connect is waited for, where it is not `timeoutMs`. */
  readonly connectTimeoutMs?: number;
  /** How far to go: `tcp` and `tls` stop there and stay silent. `mqtt` by default. */
  readonly stage?: 'tcp' | 'tls' | 'mqtt';
  /** Takes each message as it comes; it is not kept in `received` then. */
  readonly onMessage?: (message: WireMessage) => void;
  /** Gives up at once when aborted. */
  readonly signal?: AbortSignal;
}

export interface WireMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1 | 2;
}

/** What CONNACK said. */
export interface WireConnack {
  readonly code: number;
  readonly sessionPresent: boolean;
  readonly serverKeepAliveSeconds?: number;
  readonly assignedClientId?: string;
}
