/** What the generator counted of its own work, and distributions of what it measured. */
import { LogHistogram } from './log-histogram.ts';
import type { Deliveries } from './message-ledger.ts';
import type { BookEntries } from './session-book.ts';

export interface Distribution {
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

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
    /** What subscribed devices were due; absent when no group subscribes. */
    readonly deliveries?: Deliveries;
  };
  /** Refusals by what the peer or the network said, most frequent first. */
  readonly failures: readonly { readonly raw: string; readonly count: number }[];
  readonly settle: { readonly quiet: boolean; readonly quietAfterMs: number };
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
  readonly closed: number;
  readonly published: number;
  readonly received: number;
  /** Counts of a `LogHistogram` each. */
  readonly latencies: Uint32Array;
  readonly latenesses: Uint32Array;
}

/** Counts as things happen. */
export class FleetTally {
  readonly #latencies: number[] = [];
  readonly #latenesses: number[] = [];
  readonly #latencyCounts = new LogHistogram();
  readonly #latenessCounts = new LogHistogram();
  readonly #connectedByGroup = new Map<string, number>();
  readonly #everConnected = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #connects = { attempted: 0, accepted: 0, failed: 0, throttled: 0 };
  readonly #messages = { published: 0, acknowledged: 0, received: 0 };
  #connected = 0;
  #closed = 0;
  #connecting = 0;
  #concurrentMax = 0;
  #unanswered = 0;
  #givenUp = 0;

  /** Connects under way. */
  get connecting(): number {
    return this.#connecting;
  }

  startedLate(latenessMs: number): void {
    this.#latenesses.push(latenessMs);
    this.#latenessCounts.add(latenessMs);
  }

  throttled(): void {
    this.#connects.attempted++;
    this.#connects.throttled++;
  }

  connectStarted(): void {
    this.#connects.attempted++;
    this.#connecting++;
  }

  accepted(device: { readonly name: string; readonly group: string }, latencyMs: number): void {
    this.#connects.accepted++;
    this.#connecting--;
    this.#connected++;
    this.#concurrentMax = Math.max(this.#concurrentMax, this.#connected);
    this.#countOf(device.group, 1);
    this.#everConnected.add(device.name);
    this.#latencies.push(latencyMs);
    this.#latencyCounts.add(latencyMs);
  }

  /** A connect that did not come to CONNACK; `raw` undefined when the device itself gave it up. */
  failed(raw: string | undefined): void {
    this.#connecting--;
    if (raw === undefined) return;
    this.#connects.failed++;
    this.#failures.set(raw, (this.#failures.get(raw) ?? 0) + 1);
  }

  closed(group: string): void {
    this.#connected--;
    this.#closed++;
    this.#countOf(group, -1);
  }

  published(qos: 0 | 1): void {
    this.#messages.published++;
    if (qos > 0) this.#unanswered++;
  }

  acknowledged(): void {
    this.#messages.acknowledged++;
    this.#unanswered--;
  }

  /** So many publishes will not be acknowledged: their connection has ended. */
  gaveUp(publishes: number): void {
    this.#unanswered -= publishes;
    this.#givenUp += publishes;
  }

  /** Publishes that PUBACK may still come for. */
  get unanswered(): number {
    return this.#unanswered;
  }

  received(): void {
    this.#messages.received++;
  }

  counters(): FleetCounters {
    const { accepted, failed } = this.#connects;
    const { published, received } = this.#messages;
    return {
      connected: this.#connected,
      connectedByGroup: new Map(this.#connectedByGroup),
      connecting: this.#connecting,
      accepted,
      failed,
      closed: this.#closed,
      published,
      received,
      latencies: this.#latencyCounts.counts(),
      latenesses: this.#latenessCounts.counts(),
    };
  }

  #countOf(group: string, change: 1 | -1): void {
    this.#connectedByGroup.set(group, (this.#connectedByGroup.get(group) ?? 0) + change);
  }

  statistics(
    devices: readonly string[],
    { resumed, lost, deliveries }: BookEntries,
  ): Omit<FleetStatistics, 'settle'> {
    const latencyMs = distributionOf(this.#latencies);
    const latenessMs = distributionOf(this.#latenesses);
    return {
      connects: {
        ...this.#connects,
        ...(latencyMs ? { latencyMs } : {}),
        ...(latenessMs ? { latenessMs } : {}),
      },
      devices: {
        total: devices.length,
        connected: this.#everConnected.size,
        neverConnected: devices.filter((name) => !this.#everConnected.has(name)),
      },
      sessions: { concurrentMax: this.#concurrentMax, resumed, lost },
      messages: {
        ...this.#messages,
        unacknowledged: this.#givenUp + this.#unanswered,
        ...(deliveries ? { deliveries } : {}),
      },
      failures: [...this.#failures]
        .map(([raw, count]) => ({ raw, count }))
        .sort((a, b) => b.count - a.count),
    };
  }
}
