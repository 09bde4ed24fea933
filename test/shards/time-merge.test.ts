/** Several sources in one order of time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimeMerge } from '../../src/shards/time-merge.ts';

describe('TimeMerge', () => {
  it('tells everything once, in the order of time, however the batches come', () => {
    const times = fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 40 });
    fc.assert(
      fc.property(fc.array(times, { minLength: 1, maxLength: 4 }), (sources) => {
        const told: number[] = [];
        const merge = new TimeMerge<number>((at) => told.push(at));
        // Sources report in turns; what all have told is released.
        for (let upTo = 10; upTo <= 50; upTo += 10) {
          const batches = sources.map((all) => all.filter((at) => at > upTo - 10 && at <= upTo));
          for (const at of batches.flat()) merge.add(at, at);
          merge.release(upTo);
        }
        expect(told).toEqual(sources.flat().toSorted((a, b) => a - b));
      }),
    );
  });

  it('holds back what another source may still come before', () => {
    const told: string[] = [];
    const merge = new TimeMerge<string>((item) => told.push(item));
    merge.add(5, 'later');
    merge.release(4);
    expect(told).toEqual([]);
    merge.add(3, 'earlier');
    merge.release(5);
    expect(told).toEqual(['earlier', 'later']);
  });

  it('keeps the order in which one source told of one instant', () => {
    const told: string[] = [];
    const merge = new TimeMerge<string>((item) => told.push(item));
    for (const item of ['a', 'b', 'c']) merge.add(1, item);
    merge.release(1);
    expect(told).toEqual(['a', 'b', 'c']);
  });
});
