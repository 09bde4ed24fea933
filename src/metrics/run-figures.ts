/** What the metrics of a run are made from: a look at it, as those who watch it get several a second. */
import type { FleetCounters } from '../fleet/statistics.ts';
import type { WorkerHealth } from '../fleet/worker-health.ts';
import type { RunProgress } from '../live/progress.ts';

export interface RunFigures {
  readonly scenario: string;
  /** The fix as it was asked for, absent for the scenario as it is. */
  readonly fix?: string;
  /** ID of the broker's adapter. */
  readonly broker: string;
  readonly progress: RunProgress;
  /** From which lateness on the generator counts as the bottleneck, in ms. */
  readonly latenessP99MsMax: number;
  /** Since the start of this run; histograms are counts of `LogHistogram` buckets. */
  readonly counters: FleetCounters;
  /** How every process that drives devices fares so far. */
  readonly workers: readonly WorkerHealth[];
}
