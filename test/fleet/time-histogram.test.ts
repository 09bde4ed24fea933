/** Histograms of times: exact to three digits, and as good together as one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distributionOf } from '../../src/fleet/statistics.ts';
import { TimeHistogram } from '../../src/fleet/time-histogram.ts';

const times = fc.array(fc.double({ min: 0, max: 100_000, noNaN: true }), { maxLength: 200 });

describe('TimeHistogram', () => {
  it('is nothing for no values', () => {
    expect(new TimeHistogram().distribution()).toBeUndefined();
    expect(new TimeHistogram().take()).toBeUndefined();
  });

  it('gives percentiles that differ from the exact ones in the third digit at most', () => {
    fc.assert(
      fc.property(times, (values) => {
        const histogram = new TimeHistogram();
        for (const ms of values) histogram.add(ms);
        const [exact, ours] = [distributionOf(values), histogram.distribution()];
        expect(ours?.count).toBe(exact?.count);
        if (exact === undefined || ours === undefined) return;
        for (const part of ['min', 'max'] as const) expect(ours[part]).toBe(exact[part]);
        expect(ours.mean).toBeCloseTo(exact.mean, 6);
        for (const part of ['p50', 'p90', 'p99'] as const) {
          // Times are whole microseconds.
          expect(Math.abs(ours[part] - exact[part])).toBeLessThanOrEqual(exact[part] / 500 + 0.001);
        }
      }),
    );
  });

  it('adds up to exactly what one histogram of all values gives', () => {
    fc.assert(
      fc.property(fc.array(times, { minLength: 1, maxLength: 5 }), (parts) => {
        const [one, sum] = [new TimeHistogram(), new TimeHistogram()];
        for (const values of parts) {
          const part = new TimeHistogram();
          for (const ms of values) {
            one.add(ms);
            part.add(ms);
          }
          const taken = part.take();
          if (taken !== undefined) sum.addParts(taken);
          expect(part.distribution()).toBeUndefined();
        }
        const [whole, added] = [one.distribution(), sum.distribution()];
        expect(added === undefined).toBe(whole === undefined);
        if (whole === undefined || added === undefined) return;
        expect({ ...added, mean: 0 }).toEqual({ ...whole, mean: 0 });
        expect(added.mean).toBeCloseTo(whole.mean, 6);
        expect(sum.counts()).toEqual(one.counts());
      }),
    );
  });
});
