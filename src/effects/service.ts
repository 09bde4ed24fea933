/**
 * The service that devices had: how much of the time they wanted to be connected they were, and how
 * long it took them to come back when they were thrown out. A device wants a connection from its
 * arrival on, but for the times between its own close and its next connect.
 */
import type { EpochMs, TimeWindow } from '../core/time.ts';
import { distributionOf } from '../fleet/statistics.ts';
import type { FleetPlan } from '../scenario/plan.ts';
import type { DeviceSession } from './device-sessions.ts';
import type { FixEffects } from './fix-effects.ts';

type Span = readonly [from: EpochMs, to: EpochMs];
type ByDevice = ReadonlyMap<string, readonly DeviceSession[]>;

/** Within the window, which begins with the run; undefined when no device wanted anything in it. */
export function availabilityOf(
  sessions: ByDevice,
  plan: FleetPlan,
  window: TimeWindow,
): FixEffects['availability'] {
  const shares = plan.devices.flatMap(({ name, group, arrivesAtMs }) => {
    const own = sessions.get(name) ?? [];
    const wanted = within(wantedSpans(own, window.from + arrivesAtMs), window);
    if (wanted === 0) return [];
    const connected = within(
      own.flatMap(({ connectedAt, endedAt = window.to }): Span[] =>
        connectedAt === undefined ? [] : [[connectedAt, endedAt]],
      ),
      window,
    );
    return [{ device: name, group, wanted, connected, share: connected / wanted }];
  });
  const [first] = shares;
  if (first === undefined) return undefined;
  const worst = shares.reduce((low, one) => (one.share < low.share ? one : low), first);
  return {
    mean: meanOf(shares),
    worst: { device: worst.device, share: worst.share },
    groups: plan.groups.flatMap(({ name }) => {
      const own = shares.filter(({ group }) => group === name);
      if (own.length === 0) return [];
      return {
        group: name,
        mean: meanOf(own),
        worst: own.reduce((low, { share }) => Math.min(low, share), 1),
      };
    }),
  };
}

/** Of connections that ended against the device's will until `until`. */
export function recoveryOf(sessions: ByDevice, until: EpochMs): FixEffects['recovery'] {
  const back: number[] = [];
  let [lost, notBack] = [0, 0];
  for (const own of sessions.values()) {
    const starts = sorted(own.flatMap(({ connectedAt }) => connectedAt ?? []));
    const ends = sorted(
      own.flatMap(({ connectedAt, endedAt }) => (connectedAt === undefined ? [] : (endedAt ?? []))),
    );
    for (const { connectedAt, endedAt, byItself } of own) {
      if (connectedAt === undefined || endedAt === undefined || byItself) continue;
      // With another connection already, it has replaced this one.
      const connected = countUntil(starts, endedAt) - countUntil(ends, endedAt);
      if (endedAt > until || connected > 0) continue;
      lost++;
      const next = starts[countUntil(starts, endedAt)];
      if (next !== undefined) back.push(next - endedAt);
      if (next === undefined || next > until) notBack++;
    }
  }
  const spread = distributionOf(back);
  return { lost, notBack, ...(spread ? { p50Ms: spread.p50, maxMs: spread.max } : {}) };
}

function wantedSpans(own: readonly DeviceSession[], arrivesAt: EpochMs): readonly Span[] {
  const first = own[0]?.startedAt ?? Number.POSITIVE_INFINITY;
  return [
    [arrivesAt, first],
    ...own.map(({ startedAt, endedAt, byItself }, place): Span => {
      const next = own[place + 1]?.startedAt ?? Number.POSITIVE_INFINITY;
      return [startedAt, byItself && endedAt !== undefined ? endedAt : next];
    }),
  ];
}

/** Length of the union of spans inside the window, in ms. */
function within(spans: readonly Span[], { from, to }: TimeWindow): number {
  let [total, covered] = [0, from];
  for (const [start, end] of [...spans].sort((a, b) => a[0] - b[0])) {
    const [begin, stop] = [Math.max(start, covered), Math.min(end, to)];
    if (stop <= begin) continue;
    total += stop - begin;
    covered = stop;
  }
  return total;
}

function sorted(instants: readonly EpochMs[]): Float64Array {
  return Float64Array.from(instants).sort();
}

/** How many of the sorted instants are not after `at`. */
function countUntil(instants: Float64Array, at: EpochMs): number {
  let [low, high] = [0, instants.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((instants[middle] ?? at) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function meanOf(shares: readonly { readonly wanted: number; readonly connected: number }[]) {
  const sum = (key: 'wanted' | 'connected') => shares.reduce((all, one) => all + one[key], 0);
  return sum('connected') / sum('wanted');
}
