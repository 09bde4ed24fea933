/**
 * The connection event: one line of a history. It says what a broker (or, from its own side, a
 * device) saw of a connection, never which simulated device it was: that is the truth's channel.
 * All values are JSON-safe. Sources: MQTT 3.1.1 and 5.0 §3.1, §3.14; AWS IoT lifecycle events.
 */
import type { EpochMs } from '../core/time.ts';

/** Raised when a field changes its meaning; readers refuse versions they do not know. */
export const HISTORY_SCHEMA_VERSION = 1;

export const CLOSE_REASONS = [
  'client-initiated',
  'session-taken-over',
  'keep-alive-timeout',
  'connection-lost',
  'server-initiated',
  'auth-error',
  'protocol-error',
  'throttled',
  'unknown',
] as const;

/** Why a session ended or a connect failed, in one vocabulary for all sources. */
export type CloseReason = (typeof CLOSE_REASONS)[number];

export type Vantage = 'broker' | 'device';

/** Who the peer proved to be. `certificate-id`: lower-case hex SHA-256 of the DER certificate. */
export interface Principal {
  readonly kind: 'certificate-id' | 'common-name' | 'distinguished-name' | 'username';
  readonly value: string;
}

/** 4 is MQTT 3.1.1, 5 is MQTT 5.0, 3 is MQTT 3.1 (the protocol level byte of CONNECT). */
export type ProtocolVersion = 3 | 4 | 5;

/** What a source reports; the history writer adds the event number. */
export interface ObservedEvent {
  readonly kind: 'connected' | 'connect-failed' | 'closed';
  readonly vantage: Vantage;
  /** When it happened, as exactly as the source allows. */
  readonly at: EpochMs;
  /** The source's own stamp, kept when it is coarser than `at` (Mosquitto: whole seconds). */
  readonly sourceAt?: EpochMs;
  /** Equal on the connect and the close of one connection, unique in the file per vantage. */
  readonly sessionId: string;
  readonly clientId: string;
  readonly principal?: Principal;
  readonly certificateId?: string;
  /** Address and port of the device's end of the TCP connection. */
  readonly ip?: string;
  readonly port?: number;
  readonly protocolVersion?: ProtocolVersion;
  readonly keepAliveSeconds?: number;
  readonly cleanStart?: boolean;
  readonly reason?: CloseReason;
  /**
   * On a device's close: when the device gave the connection up without telling the broker. The
   * close itself is when the socket ended, which the broker may have done much later.
   */
  readonly abandonedAt?: EpochMs;
  /** Names of fields that were filled by correlation, never stated by the source. */
  readonly inferred?: readonly string[];
  /** What the source said, in its own words. */
  readonly raw?: string;
}

/** A numbered event: `event` is its number in the file, from 0 without gaps. */
export interface ConnectionEvent extends ObservedEvent {
  readonly event: number;
}

/** First line of a history. */
export interface HistoryHeader {
  readonly doppelfleet: 'history';
  readonly schemaVersion: typeof HISTORY_SCHEMA_VERSION;
  readonly toolVersion: string;
  readonly runId: string;
  readonly scenario: string;
  /** SHA-256 of the resolved scenario, hex. */
  readonly scenarioDigest: string;
  readonly seed: number;
  readonly startedAt: EpochMs;
  readonly source: HistorySource;
}

/** Where the events come from, and so what a reader may expect of them. */
export interface HistorySource {
  /** `embedded`, `mosquitto`, `external`; of imported evidence what its format names. */
  readonly broker: string;
  readonly brokerVersion?: string;
  /** The vantages that were listened to; an audit without `broker` has to infer takeovers. */
  readonly vantages: readonly Vantage[];
  /**
   * Fields of an event that this source never gave, so that a check which needs one answers
   * inconclusive and can name the source as the reason.
   */
  readonly lacks?: readonly string[];
}

/** Last line of a history; without it the file is truncated. */
export interface HistoryTrailer {
  readonly doppelfleet: 'end';
  readonly events: number;
  readonly endedAt: EpochMs;
  /** Why recording ended. */
  readonly outcome: 'completed' | 'interrupted' | 'failed';
}
