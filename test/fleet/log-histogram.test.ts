import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogHistogram, percentilesBetween } from '../../src/fleet/log-histogram.ts';
import { distributionOf } from '../../src/fleet/statistics.ts';

describe('a histogram of times', () => {
  it('tells percentiles that are right within 9 %, from 0.1 ms to 14 minutes', () => {
    const times = fc.array(fc.double({ min: 0.1, max: 800_000, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(times, (values) => {
        const histogram = new LogHistogram();
        for (const value of values) histogram.add(value);
        const told = percentilesBetween(undefined, histogram.counts(), [0.5, 0.9, 0.99]) ?? [];
        const exact = distributionOf(values);
        for (const [place, share] of [exact?.p50, exact?.p90, exact?.p99].entries()) {
          const ratio = (told[place] ?? 0) / (share ?? 1);
          expect(ratio).toBeGreaterThanOrEqual(1 - 1e-9);
          expect(ratio).toBeLessThanOrEqual(1.0906);
        }
      }),
    );
  });

  it('tells only what came between two readings', () => {
    const histogram = new LogHistogram();
    histogram.add(1000);
    const before = histogram.counts();
    expect(percentilesBetween(before, histogram.counts(), [0.5])).toBeUndefined();
    for (let n = 0; n < 9; n++) histogram.add(0);
    expect(percentilesBetween(before, histogram.counts(), [0.99])).toEqual([0.1]);
  });

  it('takes times beyond its end as its longest', () => {
    const histogram = new LogHistogram();
    histogram.add(1e12);
    const [told = 0] = percentilesBetween(undefined, histogram.counts(), [0.5]) ?? [];
    expect(told).toBeGreaterThan(800_000);
  });
});
