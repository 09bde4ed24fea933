/** How far the clock of another machine is off. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OffsetEstimate, offsetOf } from '../../src/shards/clock-offset.ts';

describe('offsetOf', () => {
  it('is never further off than it says, whatever the two ways take', () => {
    const ms = fc.integer({ min: 0, max: 500 });
    fc.assert(
      fc.property(fc.integer({ min: -1e6, max: 1e6 }), ms, ms, (ahead, there, back) => {
        const { offsetMs, uncertaintyMs } = offsetOf(
          1000,
          1000 + there + ahead,
          1000 + there + back,
        );
        expect(Math.abs(offsetMs - ahead)).toBeLessThanOrEqual(uncertaintyMs);
      }),
    );
  });
});

describe('OffsetEstimate', () => {
  it('believes the shortest round trip', () => {
    const estimate = new OffsetEstimate();
    estimate.add({ offsetMs: 40, uncertaintyMs: 30 });
    estimate.add({ offsetMs: 12, uncertaintyMs: 1 });
    estimate.add({ offsetMs: 99, uncertaintyMs: 50 });
    expect(estimate.current).toEqual({ offsetMs: 12, uncertaintyMs: 1 });
  });

  it('takes for drift only what no slow round trip explains', () => {
    const estimate = new OffsetEstimate();
    estimate.add({ offsetMs: 10, uncertaintyMs: 1 });
    estimate.watch({ offsetMs: 25, uncertaintyMs: 20 });
    expect(estimate.driftMs).toBe(0);
    estimate.watch({ offsetMs: -50, uncertaintyMs: 2 });
    expect(estimate.driftMs).toBe(-57);
  });
});
