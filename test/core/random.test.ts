import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forkRandom, hash32, nextRandom, type RandomState } from '../../src/core/random.ts';

function draw(state: RandomState, count: number): readonly number[] {
  const values: number[] = [];
  let at = state;
  for (let i = 0; i < count; i++) {
    const [value, next] = nextRandom(at);
    values.push(value);
    at = next;
  }
  return values;
}

/** Sum of squared deviations over equal bins: about the number of bins for a uniform source. */
function chiSquare(values: readonly number[], bins: number): number {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.floor(value * bins);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const expected = values.length / bins;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('nextRandom', () => {
  it('repeats itself from the same state', () => {
    expect(draw(7, 100)).toEqual(draw(7, 100));
    expect(draw(7, 100)).not.toEqual(draw(8, 100));
  });

  it('keeps to the values of its first release, on which the seeds of scenarios rest', () => {
    expect(draw(forkRandom(7, 'device pumps-1'), 3)).toMatchInlineSnapshot(`
      [
        0.8547107747290283,
        0.14368623052723706,
        0.8925215790513903,
      ]
    `);
    expect(hash32('doppelfleet')).toMatchInlineSnapshot(`3426846225`);
  });

  it('stays in [0, 1) and hands on a state of 32 bits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (state) => {
        const [value, next] = nextRandom(state);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThan(1);
        expect(Number.isInteger(next) && next >= 0 && next <= 0xffff_ffff).toBe(true);
      }),
    );
  });

  it('is uniform, along one stream and across the first draws of many', () => {
    // 99 degrees of freedom: above 180 with a chance of one in a million.
    expect(chiSquare(draw(1, 100_000), 100)).toBeLessThan(180);
    const firsts = Array.from({ length: 100_000 }, (_, n) => draw(forkRandom(1, `d-${n}`), 1)[0]);
    expect(chiSquare(firsts.map(Number), 100)).toBeLessThan(180);
  });

  it('shows no order between neighbours', () => {
    const values = draw(3, 100_000);
    const rising = values.filter((value, i) => i > 0 && value > (values[i - 1] ?? 0)).length;
    expect(Math.abs(rising / 99_999 - 0.5)).toBeLessThan(0.01);
  });
});

describe('forkRandom', () => {
  it('gives another stream for another label or another seed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff_ffff }),
        fc.string(),
        fc.string(),
        (seed, a, b) => {
          expect(forkRandom(seed, a)).toBe(forkRandom(seed, a));
          expect(forkRandom(seed, a)).not.toBe(forkRandom((seed + 1) >>> 0, a));
          if (a !== b) expect(forkRandom(seed, a)).not.toBe(forkRandom(seed, b));
        },
      ),
      { seed: 11 },
    );
  });

  it('gives streams that do not follow one another', () => {
    const one = draw(forkRandom(1, 'a'), 2000);
    const other = draw(forkRandom(1, 'b'), 2000);
    const products = one.map((value, i) => (value - 0.5) * ((other[i] ?? 0) - 0.5));
    const correlation = (products.reduce((sum, value) => sum + value, 0) / products.length) * 12;
    expect(Math.abs(correlation)).toBeLessThan(0.1);
  });

  it('spreads similar labels over the whole range', () => {
    const states = Array.from({ length: 10_000 }, (_, n) => forkRandom(1, `device pumps-${n}`));
    expect(
      chiSquare(
        states.map((state) => state / 2 ** 32),
        100,
      ),
    ).toBeLessThan(180);
    expect(new Set(states).size).toBeGreaterThan(9_990);
  });
});
