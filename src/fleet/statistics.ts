/** What the generator counted of its own work, and distributions of what it measured. */
import type { Deliveries } from './message-ledger.ts';
import type { Distribution } from './time-histogram.ts';
import type { WorkerHealth } from './worker-health.ts';

export type { Distribution };

/** Counters and times of one run, as seen by the devices. Times are milliseconds. */
export interface FleetStatistics {
  readonly connects: {
    readonly attempted: number;
    readonly accepted: number;
    readonly failed: number;
    readonly throttled: number;
    /** From the start of a connect to its CONNACK; absent when none was accepted. */
    readonly latencyMs?: Distribution;
    /** From the planned instant of a connect to its start; absent when none was attempted. */
    readonly latenessMs?: Distribution;
    /**
     * From the planned instant of a connect to its CONNACK: what a device waits for, also while a
     * late generator holds it up (free of coordinated omission); absent when none was accepted.
     */
    readonly responseMs?: Distribution;
  };
  readonly devices: {
    readonly total: number;
    readonly connected: number;
    /** Names of the devices that never connected: truth, for the verdict only. */
    readonly neverConnected: readonly string[];
  };
  readonly sessions: {
    readonly concurrentMax: number;
    /** Connects that were given the session that the broker had kept for their device. */
    readonly resumed: number;
    /** Connects that asked for their kept session, in time, and were given a new one. */
    readonly lost: number;
  };
  readonly messages: {
    readonly published: number;
    readonly acknowledged: number;
    readonly received: number;
    /** QoS 1 publishes that were never answered by PUBACK. */
    readonly unacknowledged: number;
    /** QoS 0 publishes that were not sent, because their connection took no more. */
    readonly notSent?: number;
    /** From the planned instant of a publish to its start; absent when none was due. */
    readonly latenessMs?: Distribution;
    /** From the planned instant of a QoS 1 publish to its PUBACK; absent when none came. */
    readonly acknowledgeMs?: Distribution;
    /** What subscribed devices were due; absent when no group subscribes. */
    readonly deliveries?: Deliveries;
  };
  /** Refusals by what the peer or the network said, most frequent first. */
  readonly failures: readonly { readonly raw: string; readonly count: number }[];
  readonly settle: { readonly quiet: boolean; readonly quietAfterMs: number };
  /** How every process that drove devices fared; absent where nobody watched it. */
  readonly workers?: readonly WorkerHealth[];
}

/** A distribution by sorting: exact percentiles by nearest rank; undefined for no values. */
export function distributionOf(values: readonly number[]): Distribution | undefined {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  let sum = 0;
  for (const value of sorted) sum += value;
  return {
    count: sorted.length,
    min: at(0),
    mean: sum / sorted.length,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    max: at(1),
  };
}

/** Where the fleet stands while it runs; all but the first three only ever count up. */
export interface FleetCounters {
  readonly connected: number;
  readonly connectedByGroup: ReadonlyMap<string, number>;
  readonly connecting: number;
  readonly accepted: number;
  readonly failed: number;
  readonly throttled: number;
  readonly closed: number;
  readonly published: number;
  readonly acknowledged: number;
  readonly received: number;
  /** Counts of a `LogHistogram` each. */
  readonly latencies: Uint32Array;
  readonly latenesses: Uint32Array;
  /** All of them added up. */
  readonly latencySumMs: number;
  readonly latenessSumMs: number;
}
