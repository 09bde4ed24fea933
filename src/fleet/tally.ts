/**
 * Counts what a fleet does as it happens; the tallies of several processes add up to one, which is
 * how the parts of a fleet become a whole.
 */
import type { BookEntries } from './session-book.ts';
import type { FleetCounters, FleetStatistics } from './statistics.ts';
import { type HistogramParts, TimeHistogram } from './time-histogram.ts';

const TIMES = ['latency', 'lateness', 'response', 'messageLateness', 'acknowledge'] as const;
const COUNTS = [
  'attempted',
  'accepted',
  'failed',
  'throttled',
  'closed',
  'connected',
  'connecting',
  'published',
  'acknowledged',
  'received',
  'notSent',
  'unanswered',
  'givenUp',
] as const;

type CountName = (typeof COUNTS)[number];
type TimeName = (typeof TIMES)[number];

/** What a tally has counted since the last time it was asked. */
export interface TallyChange {
  readonly counts: Readonly<Partial<Record<CountName, number>>>;
  readonly times: Readonly<Partial<Record<TimeName, HistogramParts>>>;
  readonly connectedByGroup: readonly (readonly [group: string, change: number])[];
  readonly failures: readonly (readonly [raw: string, count: number])[];
  /** Devices that connected for the first time. */
  readonly arrived: readonly string[];
}

/** Counts as things happen, or adds up what the tallies of other processes have counted. */
export class FleetTally {
  readonly #counts = Object.fromEntries(COUNTS.map((name) => [name, 0])) as Record<
    CountName,
    number
  >;
  readonly #times = Object.fromEntries(TIMES.map((name) => [name, new TimeHistogram()])) as Record<
    TimeName,
    TimeHistogram
  >;
  readonly #connectedByGroup = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #everConnected = new Set<string>();
  #concurrentMax = 0;

  /** Connects under way. */
  get connecting(): number {
    return this.#counts.connecting;
  }

  /** Publishes that PUBACK may still come for. */
  get unanswered(): number {
    return this.#counts.unanswered;
  }

  /** Of connects; undefined when none was due. */
  latenessP99Ms(): number | undefined {
    return this.#times.lateness.distribution()?.p99;
  }

  startedLate(latenessMs: number): void {
    this.#times.lateness.add(latenessMs);
  }

  throttled(): void {
    this.#counts.attempted++;
    this.#counts.throttled++;
  }

  connectStarted(): void {
    this.#counts.attempted++;
    this.#counts.connecting++;
  }

  /** `responseMs` is from the planned instant, `latencyMs` from the start of the connect. */
  accepted(
    device: { readonly name: string; readonly group: string },
    latencyMs: number,
    responseMs = latencyMs,
  ): void {
    this.#counts.accepted++;
    this.#counts.connecting--;
    this.#counts.connected++;
    this.concurrent(this.#counts.connected);
    add(this.#connectedByGroup, device.group, 1);
    this.#everConnected.add(device.name);
    this.#times.latency.add(latencyMs);
    this.#times.response.add(responseMs);
  }

  /** So many devices were connected at one time. */
  concurrent(devices: number): void {
    this.#concurrentMax = Math.max(this.#concurrentMax, devices);
  }

  /** A connect that did not come to CONNACK; `raw` undefined when the device itself gave it up. */
  failed(raw: string | undefined): void {
    this.#counts.connecting--;
    if (raw === undefined) return;
    this.#counts.failed++;
    add(this.#failures, raw, 1);
  }

  closed(group: string): void {
    this.#counts.connected--;
    this.#counts.closed++;
    add(this.#connectedByGroup, group, -1);
  }

  /** `latenessMs`: after the planned instant. */
  published(qos: 0 | 1, latenessMs = 0): void {
    this.#counts.published++;
    this.#times.messageLateness.add(latenessMs);
    if (qos > 0) this.#counts.unanswered++;
  }

  /** A QoS 0 publish was dropped: its connection takes no more. */
  notSent(): void {
    this.#counts.notSent++;
  }

  /** `responseMs` is from the planned instant of the publish to its PUBACK. */
  acknowledged(responseMs?: number): void {
    this.#counts.acknowledged++;
    this.#counts.unanswered--;
    if (responseMs !== undefined) this.#times.acknowledge.add(responseMs);
  }

  /** So many publishes will not be acknowledged: their connection has ended. */
  gaveUp(publishes: number): void {
    this.#counts.unanswered -= publishes;
    this.#counts.givenUp += publishes;
  }

  received(): void {
    this.#counts.received++;
  }

  /** Takes everything away that was counted, to be added to another tally. */
  take(): TallyChange {
    const counts: Partial<Record<CountName, number>> = {};
    for (const name of COUNTS) {
      if (this.#counts[name] !== 0) counts[name] = this.#counts[name];
      this.#counts[name] = 0;
    }
    const times: Partial<Record<TimeName, HistogramParts>> = {};
    for (const name of TIMES) {
      const parts = this.#times[name].take();
      if (parts !== undefined) times[name] = parts;
    }
    const change = {
      counts,
      times,
      connectedByGroup: [...this.#connectedByGroup],
      failures: [...this.#failures],
      arrived: [...this.#everConnected],
    };
    for (const gone of [this.#connectedByGroup, this.#failures, this.#everConnected]) gone.clear();
    return change;
  }

  /** What {@link take} of another tally gave; counts of now change by what they changed there. */
  add({ counts, times, connectedByGroup, failures, arrived }: TallyChange): void {
    for (const name of COUNTS) this.#counts[name] += counts[name] ?? 0;
    for (const name of TIMES) {
      const parts = times[name];
      if (parts !== undefined) this.#times[name].addParts(parts);
    }
    for (const [group, change] of connectedByGroup) add(this.#connectedByGroup, group, change);
    for (const [raw, count] of failures) add(this.#failures, raw, count);
    for (const name of arrived) this.#everConnected.add(name);
  }

  counters(): FleetCounters {
    const { connected, connecting, accepted, failed, throttled, closed } = this.#counts;
    const { published, acknowledged, received } = this.#counts;
    return {
      connected,
      connectedByGroup: new Map(this.#connectedByGroup),
      connecting,
      accepted,
      failed,
      throttled,
      closed,
      published,
      acknowledged,
      received,
      latencies: this.#times.latency.counts(),
      latenesses: this.#times.lateness.counts(),
      latencySumMs: this.#times.latency.sumMs,
      latenessSumMs: this.#times.lateness.sumMs,
    };
  }

  statistics(
    devices: readonly string[],
    { resumed, lost, deliveries }: BookEntries,
  ): Omit<FleetStatistics, 'settle'> {
    const counts = this.#counts;
    const { attempted, accepted, failed, throttled, published, acknowledged, received } = counts;
    return {
      connects: {
        attempted,
        accepted,
        failed,
        throttled,
        ...named('latencyMs', this.#times.latency.distribution()),
        ...named('latenessMs', this.#times.lateness.distribution()),
        ...named('responseMs', this.#times.response.distribution()),
      },
      devices: {
        total: devices.length,
        connected: this.#everConnected.size,
        neverConnected: devices.filter((name) => !this.#everConnected.has(name)),
      },
      sessions: { concurrentMax: this.#concurrentMax, resumed, lost },
      messages: {
        published,
        acknowledged,
        received,
        unacknowledged: counts.givenUp + counts.unanswered,
        ...(counts.notSent === 0 ? {} : { notSent: counts.notSent }),
        ...named('latenessMs', this.#times.messageLateness.distribution()),
        ...named('acknowledgeMs', this.#times.acknowledge.distribution()),
        ...named('deliveries', deliveries),
      },
      failures: [...this.#failures]
        .map(([raw, count]) => ({ raw, count }))
        .sort((a, b) => b.count - a.count),
    };
  }
}

function add(counts: Map<string, number>, key: string, change: number): void {
  counts.set(key, (counts.get(key) ?? 0) + change);
}

function named<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in Name]?: Value });
}
