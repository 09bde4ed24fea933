import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distributionOf } from '../../src/fleet/statistics.ts';
import { FleetTally } from '../../src/fleet/tally.ts';

describe('distributionOf', () => {
  it('is nothing for no values', () => {
    expect(distributionOf([])).toBeUndefined();
  });

  it('takes percentiles by nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(distributionOf(values)).toEqual({
      count: 100,
      min: 1,
      mean: 50.5,
      p50: 50,
      p90: 90,
      p99: 99,
      max: 100,
    });
    expect(distributionOf([7])).toEqual({
      count: 1,
      min: 7,
      mean: 7,
      p50: 7,
      p90: 7,
      p99: 7,
      max: 7,
    });
  });

  it('sorts by number, not by text', () => {
    expect(distributionOf([10, 9, 100])).toMatchObject({ min: 9, p50: 10, max: 100 });
  });

  it('gives values that were there, in order, and leaves the given ones alone', () => {
    const list = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(list, (values) => {
        const given = [...values];
        const spread = distributionOf(values);
        expect(values).toEqual(given);
        if (spread === undefined) throw new Error('no distribution');
        const { min, p50, p90, p99, max, mean } = spread;
        expect([min, p50, p90, p99, max]).toEqual(
          [min, p50, p90, p99, max].toSorted((a, b) => a - b),
        );
        for (const one of [min, p50, p90, p99, max]) expect(values).toContain(one);
        expect(mean).toBeGreaterThanOrEqual(min - 1e-6);
        expect(mean).toBeLessThanOrEqual(max + 1e-6);
      }),
    );
  });
});

describe('FleetTally', () => {
  it('counts connects, refusals by their words, and who never came', () => {
    const tally = new FleetTally();
    for (const name of ['a', 'b', 'a']) {
      tally.connectStarted();
      tally.accepted({ name, group: 'pumps' }, 5);
    }
    for (const raw of ['CONNACK 0x87', 'ECONNREFUSED', 'CONNACK 0x87', undefined]) {
      tally.connectStarted();
      tally.failed(raw);
    }
    tally.throttled();
    tally.startedLate(3);
    tally.closed('pumps');
    const statistics = tally.statistics(['a', 'b', 'c'], { resumed: 1, lost: 2 });
    expect(statistics.connects).toMatchObject({
      attempted: 8,
      accepted: 3,
      failed: 3,
      throttled: 1,
    });
    expect(statistics.connects.latenessMs?.max).toBe(3);
    expect(statistics.devices).toEqual({ total: 3, connected: 2, neverConnected: ['c'] });
    expect(statistics.sessions).toEqual({ concurrentMax: 3, resumed: 1, lost: 2 });
    expect(statistics.failures).toEqual([
      { raw: 'CONNACK 0x87', count: 2 },
      { raw: 'ECONNREFUSED', count: 1 },
    ]);
    expect(tally.counters()).toMatchObject({
      connected: 2,
      connectedByGroup: new Map([['pumps', 2]]),
      connecting: 0,
      accepted: 3,
      failed: 3,
      closed: 1,
    });
  });

  it('says nothing of latency and lateness where there was none', () => {
    const { connects } = new FleetTally().statistics([], { resumed: 0, lost: 0 });
    expect(connects).toEqual({ attempted: 0, accepted: 0, failed: 0, throttled: 0 });
  });
});
