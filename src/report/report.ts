/**
 * The report: everything that was found out about a scenario, as plain data. Renderers turn it into
 * text, JSON or JUnit XML and compute nothing.
 */
import type { AuditResult } from '../audit/finding.ts';
import type { EpochMs } from '../core/time.ts';
import type { FixEffects } from '../effects/fix-effects.ts';
import type { FleetStatistics } from '../fleet/statistics.ts';
import type { Observability } from '../history/join/observability.ts';
import type { RotationReport } from '../mitigation/rotation.ts';
import type { MitigationReport } from '../mitigation/task.ts';
import type { FixPart } from '../scenario/fixes/fix.ts';
import type { Verdict } from '../verdict/expectation.ts';
import type { Outcome } from '../verdict/outcome.ts';

/** Raised when a field changes its meaning. */
export const REPORT_VERSION = 1;

/** What a run is going to touch, known before the first packet. */
export interface BlastRadius {
  readonly target: string;
  readonly loopback: boolean;
  readonly devices: number;
  readonly certificates: number;
  readonly arrivalsPerSecondMax: number;
  readonly durationMs: number;
  readonly settleMs: number;
  /** One line for each group. */
  readonly groups: readonly string[];
  /** What the plan plants, a line each. */
  readonly planted: readonly string[];
  /** What the plan leaves to chance. */
  readonly uncertain: readonly string[];
}

/** One drive of the fleet: as the scenario says, or with a fix. */
export interface RunReport {
  readonly fix?: {
    /** As it was asked for: a fix of the scenario, or a strategy with its parameters. */
    readonly name: string;
    readonly title: string;
    readonly costs: readonly string[];
    /** What it consists of, in the order of application. */
    readonly parts: readonly FixPart[];
  };
  readonly runId: string;
  readonly folder: string;
  readonly history: string;
  readonly startedAt: EpochMs;
  /** When the faults ended and the fleet began to settle. */
  readonly faultsEndedAt: EpochMs;
  readonly endedAt: EpochMs;
  readonly outcome: 'completed' | 'interrupted' | 'failed';
  /** What cut it short. */
  readonly failure?: string;
  readonly broker: { readonly id: string; readonly version: string; readonly endpoint: string };
  readonly blastRadius: BlastRadius;
  readonly statistics: FleetStatistics;
  /** Values by the names of the threshold catalogue. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly audit: AuditResult;
  /** Both sides of every connection compared; absent when only one side was recorded. */
  readonly observability?: Observability;
  /** What it did besides its findings; absent in reports from before it was measured. */
  readonly effects?: FixEffects;
  readonly verdict: Verdict;
  /** What was done about the findings on the live broker, if that was asked for. */
  readonly mitigation?: MitigationReport;
  /** How a planned rotation of certificates ended. */
  readonly rotation?: RotationReport;
  readonly notes: readonly string[];
}

export interface Report {
  readonly reportVersion: typeof REPORT_VERSION;
  readonly toolVersion: string;
  readonly nodeVersion: string;
  readonly scenario: {
    readonly name: string;
    readonly purpose: string;
    readonly file: string;
    readonly digest: string;
    readonly seed: number;
  };
  readonly folder: string;
  /** The command that repeats it. */
  readonly reproduce: string;
  /** As the scenario says, then once for each fix. */
  readonly runs: readonly RunReport[];
  readonly outcome: Outcome;
}
