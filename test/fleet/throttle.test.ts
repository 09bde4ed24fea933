import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectThrottle } from '../../src/fleet/throttle.ts';

describe('ConnectThrottle', () => {
  it('lets everything through without a rate', () => {
    const throttle = new ConnectThrottle(undefined);
    expect([1, 1, 1].map((at) => throttle.admits('a', at))).toEqual([true, true, true]);
  });

  it('lets one connect of a client ID through in each interval, counted from the last one', () => {
    const throttle = new ConnectThrottle(2);
    const at = [0, 1, 499.9, 500, 900, 1000];
    expect(at.map((ms) => throttle.admits('a', ms))).toEqual([
      true,
      false,
      false,
      true,
      false,
      true,
    ]);
  });

  it('counts no refused connect, or nobody would ever come in', () => {
    const throttle = new ConnectThrottle(1);
    const admitted = Array.from({ length: 31 }, (_, i) => throttle.admits('a', i * 100));
    expect(admitted.filter(Boolean)).toHaveLength(4);
  });

  it('holds no client ID back for another', () => {
    const throttle = new ConnectThrottle(1);
    expect(['a', 'b', 'c', 'a'].map((id) => throttle.admits(id, 5))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it('never admits two within an interval', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(300)), { maxLength: 60 }),
        (rate, attempts) => {
          const throttle = new ConnectThrottle(rate);
          const last = new Map<string, number>();
          let now = 0;
          for (const [id, later] of attempts) {
            now += later;
            const since = now - (last.get(id) ?? Number.NEGATIVE_INFINITY);
            expect(throttle.admits(id, now)).toBe(since >= 1000 / rate);
            if (since >= 1000 / rate) last.set(id, now);
          }
        },
      ),
    );
  });
});
