/** Times of the fleet's coarse counts, in the buckets of a metric. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogHistogram } from '../../src/fleet/log-histogram.ts';
import { TIME_BOUNDS_SECONDS, timeHistogram } from '../../src/metrics/time-buckets.ts';

function bucketOf(ms: number): number {
  const histogram = new LogHistogram();
  histogram.add(ms);
  return timeHistogram(histogram.counts(), ms).counts.indexOf(1);
}

describe('the buckets of times', () => {
  it('reach from a tenth of a millisecond to minutes, each at most a fifth above the one before', () => {
    expect(TIME_BOUNDS_SECONDS[0]).toBe(0.0001);
    expect(TIME_BOUNDS_SECONDS.at(-1)).toBeGreaterThan(600);
    for (const [place, bound] of TIME_BOUNDS_SECONDS.slice(1).entries()) {
      const ratio = bound / (TIME_BOUNDS_SECONDS[place] ?? 0);
      expect(ratio).toBeGreaterThan(1.18);
      expect(ratio).toBeLessThan(1.2);
    }
  });

  it('hold every time between the bounds of its bucket', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 2_000_000, noNaN: true }), (ms) => {
        const place = bucketOf(ms);
        const above = TIME_BOUNDS_SECONDS[place - 1] ?? 0;
        const upTo = TIME_BOUNDS_SECONDS[place] ?? Number.POSITIVE_INFINITY;
        // Bounds are rounded to six digits.
        const margin = ms * 1e-8;
        expect(ms / 1000).toBeGreaterThanOrEqual(above - margin);
        expect(ms / 1000).toBeLessThanOrEqual(upTo + margin);
      }),
    );
  });

  it('lose no time and keep the exact sum', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 2_000_000, noNaN: true })), (times) => {
        const histogram = new LogHistogram();
        for (const ms of times) histogram.add(ms);
        const sumMs = times.reduce((sum, ms) => sum + ms, 0);
        const { counts, count, sumSeconds } = timeHistogram(histogram.counts(), sumMs);
        expect(count).toBe(times.length);
        expect(counts.reduce((sum, one) => sum + one, 0)).toBe(times.length);
        expect(sumSeconds).toBeCloseTo(sumMs / 1000, 6);
      }),
    );
  });
});
