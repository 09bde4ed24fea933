/**
 * When each device connects for the first time, in ms from the start of the run. An open model: a
 * clock decides, never the answer of the broker.
 */
import { forkRandom, nextRandom } from '../core/random.ts';
import type { Arrival } from './group-schema.ts';

/** `count` arrival times, in the order of the devices; `label` picks the stream of randomness. */
export function arrivalTimesMs(
  arrival: Arrival,
  count: number,
  seed: number,
  label: string,
): readonly number[] {
  const { start, rate, staggered, storm = 0 } = arrival;
  if (rate !== undefined) return Array.from({ length: count }, (_, i) => start + (i * 1000) / rate);
  if (staggered !== undefined) {
    return Array.from({ length: count }, (_, i) => start + (i * staggered) / count);
  }
  let random = forkRandom(seed, `arrival ${label}`);
  return Array.from({ length: count }, () => {
    const [value, next] = nextRandom(random);
    random = next;
    return start + value * storm;
  });
}

/** Most arrivals in any second: what a broker has to bear, and what the cap is held against. */
export function peakPerSecond(timesMs: readonly number[]): number {
  const sorted = [...timesMs].sort((a, b) => a - b);
  let peak = 0;
  for (let from = 0, to = 0; to < sorted.length; to++) {
    while ((sorted[to] ?? 0) - (sorted[from] ?? 0) >= 1000) from++;
    peak = Math.max(peak, to - from + 1);
  }
  return peak;
}
