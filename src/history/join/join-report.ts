/**
 * What joining both sides of a history came to, as plain data: sessions with both views, sessions of
 * one side only, and what that says about the broker's records.
 */
import type { EpochMs } from '../../core/time.ts';
import type { FormatId } from '../formats/format.ts';
import type { ClockOffset } from './clock-offset.ts';
import type { Disagreement } from './disagreement.ts';
import type { AmbiguousGroup, JoinedBy } from './match.ts';
import type { SideSession } from './side-session.ts';

/** Raised when a field changes its meaning. */
export const JOIN_REPORT_VERSION = 1;

export interface JoinSource {
  readonly file: string;
  readonly broker: string;
  readonly format?: FormatId;
  /** False when it was cut short. */
  readonly complete: boolean;
  readonly unreadableLines: number;
  /** What its records can tell of; absent when it has none. */
  readonly from?: EpochMs;
  readonly to?: EpochMs;
  readonly events: { readonly device: number; readonly broker: number };
}

/** The clocks of two sources, of which each has one side. */
export interface JoinClock extends ClockOffset {
  /** Places in `sources`. */
  readonly device: number;
  readonly broker: number;
  /** What the stamps of each side are multiples of. */
  readonly precisionMs: { readonly device: number; readonly broker: number };
}

export interface JoinedSession {
  readonly device: SideSession;
  readonly broker: SideSession;
  readonly joinedBy: JoinedBy;
  /** Added to the broker's stamps it gives the device's clock, in ms. */
  readonly offsetMs: number;
  /** The certificate ID is not in the broker's record: the device's, by this join. */
  readonly certificateFrom?: `device, joined by ${JoinedBy}`;
  /** The same of the principal. */
  readonly principalFrom?: `device, joined by ${JoinedBy}`;
}

export interface JoinCounts {
  readonly joined: Readonly<Record<JoinedBy, number>>;
  /** Both sides' connections that were accepted; the others were refused. */
  readonly deviceSessions: number;
  readonly brokerSessions: number;
  readonly deviceRefusals: number;
  readonly brokerRefusals: number;
  readonly deviceOnly: number;
  readonly brokerOnly: number;
  /** Sessions of either side that could be joined in more than one way. */
  readonly ambiguous: number;
  /** One-sided, from a time of which the other side has no records at all. */
  readonly outside: number;
  readonly certificatesFromDevice: number;
}

export interface JoinReport {
  readonly joinVersion: typeof JOIN_REPORT_VERSION;
  readonly sources: readonly JoinSource[];
  readonly clocks: readonly JoinClock[];
  readonly counts: JoinCounts;
  readonly disagreements: readonly Disagreement[];
  /** Sentences on what limits all this. */
  readonly remarks: readonly string[];
  readonly joined: readonly JoinedSession[];
  readonly deviceOnly: readonly SideSession[];
  readonly brokerOnly: readonly SideSession[];
  readonly ambiguous: readonly AmbiguousGroup[];
}
