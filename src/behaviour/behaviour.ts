/**
 * What a device does of its own accord while it is connected. A behaviour is pure: from its
 * parameters and the moment of a connect it names the next intent, and the device's state machine
 * carries it out. It also says what it plants, so that the plan knows the truth beforehand.
 */
import type { z } from 'zod';
import type { EpochMs } from '../core/time.ts';

/**
 * How a device leaves a connection. `disconnect`: MQTT DISCONNECT, then close. `reset`: TCP RST.
 * `half-open`: the socket is abandoned, the broker is not told. `leave-open`: it stays in use until
 * the broker ends it.
 */
export const CLOSE_STYLES = ['disconnect', 'reset', 'half-open', 'leave-open'] as const;
export type CloseStyle = (typeof CLOSE_STYLES)[number];

/** The next thing a connected device is going to do. */
export interface Intent {
  readonly at: EpochMs;
  readonly close: CloseStyle;
  /** Milliseconds until the device connects again, or `never`. */
  readonly reconnectAfterMs: number | 'never';
  /** Present the following certificate of the device from the next connect on. */
  readonly nextCertificate?: boolean;
}

/** What a behaviour may look at when it decides. Times of scenario and run are epoch ms. */
export interface IntentContext {
  readonly startedAt: EpochMs;
  readonly connectedAt: EpochMs;
  /** Which certificate the device presented, from 0. */
  readonly certificateIndex: number;
  /** Uniform in [-1, 1): scaled by a behaviour's jitter. */
  readonly spread: number;
}

/** The span in which a device means to be connected, in ms from the start of the run. */
export interface Presence {
  readonly fromMs: number;
  readonly toMs: number;
  /** How it comes and goes within the span; absent when it stays connected. */
  readonly cycle?: Cycle;
}

/** Connected for a time between two bounds, then away, over and over. */
export interface Cycle {
  readonly stayMsMin: number;
  readonly stayMsMax: number;
  readonly awayMs: number;
}

/** The change from a device's first certificate to its second. */
export interface CertificateChange {
  /** Time of the run, in ms from its start: not before `atMs`, by `atMsMax` if it is connected. */
  readonly atMs: number;
  readonly atMsMax: number;
  /** Between the end of the old session and the connect with the new certificate. */
  readonly awayMs: number;
  /** Whether the broker is to refuse the old one afterwards. */
  readonly revokesOld: boolean;
}

export interface Behaviour<Params> {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly example: string;
  /** Parameters as written in a scenario; durations come out as milliseconds. */
  readonly params: z.ZodType<Params>;
  /** Certificates a device needs in its life. */
  readonly certificatesPerDevice: number;
  describe(params: Params): string;
  nextIntent(params: Params, context: IntentContext): Intent | undefined;
  presence(params: Params, arrivesAtMs: number, endsAtMs: number): Presence;
  /** It connects again without having ended its last session: the broker may still hold that. */
  evictsItself(params: Params): boolean;
  /** Undefined when it keeps the certificate that it has. */
  certificateChange(params: Params): CertificateChange | undefined;
  /** The same parameters with every duration multiplied, for `--time-scale`. */
  scaled(params: Params, factor: number): Params;
}
