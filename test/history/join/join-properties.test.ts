/** Random fleets with a known truth: what is joined, how the clocks are told apart, what is not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ObservedEvent } from '../../../src/history/event.ts';
import { pairUp } from '../../../src/history/join/pair-up.ts';
import type { SideSession } from '../../../src/history/join/side-session.ts';
import { certificate, EPOCH } from '../../support/history-events.ts';
import { joinSources } from './join-literal.ts';

/** A port is used again no sooner than this after its last connection ended. */
const REUSE_MS = 6_000;

interface Truth {
  readonly number: number;
  readonly clientId: string;
  readonly port: number;
  readonly from: number;
  readonly to: number;
  readonly latencyMs: number;
  readonly seenBy: 'both' | 'device' | 'broker';
  readonly keep: 'whole' | 'connect';
}

/** Few clients and ports, so that both are used again and again; one connection per port at a time. */
const fleet = (missing: boolean, pauseMsMin = 1): fc.Arbitrary<readonly Truth[]> =>
  fc
    .array(
      fc.record({
        clientId: fc.constantFrom('one', 'two', 'three', "x'; DROP --"),
        port: fc.integer({ min: 40_001, max: 40_004 }),
        pauseMs: fc.integer({ min: pauseMsMin, max: 4_000 }),
        lastsMs: fc.integer({ min: 1, max: 20_000 }),
        latencyMs: fc.integer({ min: 0, max: 20 }),
        seenBy: missing
          ? fc.constantFrom('both', 'both', 'both', 'device', 'broker')
          : fc.constant('both' as const),
        keep: fc.constantFrom('whole', 'whole', 'connect'),
      }),
      { minLength: 1, maxLength: 25, size: 'max' },
    )
    .map((drawn) => {
      const freeAt = new Map<number, number>();
      let now = EPOCH;
      return drawn.map(({ pauseMs, lastsMs, ...rest }, number): Truth => {
        now = Math.max(now + pauseMs, freeAt.get(rest.port) ?? 0);
        freeAt.set(rest.port, now + lastsMs + REUSE_MS);
        return { ...rest, number, from: now, to: now + lastsMs } as Truth;
      });
    });

interface Sources {
  readonly offsetMs: number;
  /** Addresses as the broker knows them; without, client ID and time are all there is. */
  readonly ports: boolean;
  readonly wholeSeconds: boolean;
}

function sourcesOf(truth: readonly Truth[], { offsetMs, ports, wholeSeconds }: Sources) {
  const stamp = (at: number): number =>
    wholeSeconds ? Math.floor((at - offsetMs) / 1000) * 1000 : at - offsetMs;
  const device: ObservedEvent[] = [];
  const broker: ObservedEvent[] = [];
  for (const one of truth) {
    const address = { ip: '10.0.0.1', port: one.port };
    const ours = {
      vantage: 'device',
      sessionId: `d${one.number}`,
      clientId: one.clientId,
      certificateId: certificate('a'),
      ...address,
    } as const;
    const theirs = {
      vantage: 'broker',
      sessionId: `b${one.number}`,
      clientId: one.clientId,
      ...(ports ? address : {}),
    } as const;
    if (one.seenBy !== 'broker') {
      device.push({ kind: 'connected', at: one.from + one.latencyMs, ...ours });
      if (one.keep === 'whole') device.push({ kind: 'closed', at: one.to, ...ours });
    }
    if (one.seenBy !== 'device') {
      broker.push({ kind: 'connected', at: stamp(one.from), ...theirs });
      if (one.keep === 'whole') broker.push({ kind: 'closed', at: stamp(one.to), ...theirs });
    }
  }
  return [device, broker].filter((events) => events.length > 0);
}

const numberOf = ({ sessionId }: SideSession): number => Number(sessionId.slice(1));
const HOUR_MS = 3_600_000;
const clocks = fc.record({
  offsetMs: fc.integer({ min: -HOUR_MS, max: HOUR_MS }),
  ports: fc.constant(true),
  wholeSeconds: fc.boolean(),
});

describe('joining random fleets', () => {
  it('joins every connection with itself and finds the offset when nothing is missing', () => {
    fc.assert(
      fc.property(fleet(false), clocks, (truth, options) => {
        const report = joinSources(sourcesOf(truth, options));
        expect(report.joined.map(({ device }) => numberOf(device)).sort()).toEqual(
          truth.map(({ number }) => number).sort(),
        );
        for (const { device, broker, joinedBy } of report.joined) {
          expect(numberOf(device)).toBe(numberOf(broker));
          expect(joinedBy).toBe('port');
        }
        const found = report.clocks[0]?.ms ?? Number.NaN;
        // One stamp alone does not show that it counts seconds.
        const stamps = truth.length > 1 || truth[0]?.keep === 'whole' ? 500 : 1_000;
        const coarse = options.wholeSeconds ? stamps : 0;
        expect(Math.abs(found - options.offsetMs)).toBeLessThanOrEqual(21 + coarse);
      }),
      { numRuns: 400 },
    );
  });

  it('joins by client ID and time where the broker knows no addresses', () => {
    fc.assert(
      fc.property(fleet(false, 100), clocks, (truth, { offsetMs }) => {
        const options = { offsetMs, ports: false, wholeSeconds: false };
        const report = joinSources(sourcesOf(truth, options));
        // Evenly spaced connections of one client ID fit in more than one way, and that is said.
        if (report.clocks[0]?.doubtful === true) return;
        expect(report.joined.length).toBe(truth.length);
        for (const { device, broker, joinedBy } of report.joined) {
          expect([numberOf(device), joinedBy]).toEqual([numberOf(broker), 'client-id']);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('never joins a session twice, and loses none, whatever is missing', () => {
    const any = fc.record({
      offsetMs: fc.integer({ min: -HOUR_MS, max: HOUR_MS }),
      ports: fc.boolean(),
      wholeSeconds: fc.boolean(),
    });
    fc.assert(
      fc.property(fleet(true), any, fc.boolean(), (truth, options, oneFile) => {
        const sources = sourcesOf(truth, oneFile ? { ...options, offsetMs: 0 } : options);
        const report = joinSources(oneFile ? [sources.flat()] : sources);
        const { joined, deviceOnly, brokerOnly, ambiguous } = report;
        const placed = [
          ...joined.flatMap(({ device, broker }) => [device, broker]),
          ...deviceOnly,
          ...brokerOnly,
          ...ambiguous.flatMap(({ device, broker }) => [...device, ...broker]),
        ].map(({ sessionId }) => sessionId);
        const there = new Set(sources.flat().map(({ sessionId }) => sessionId));
        expect(placed.length).toBe(there.size);
        expect(new Set(placed)).toEqual(there);
      }),
      { numRuns: 400 },
    );
  });

  it('joins only what belongs together when sessions are missing and ports are known', () => {
    fc.assert(
      fc.property(fleet(true), fc.boolean(), (truth, oneFile) => {
        const sources = sourcesOf(truth, { offsetMs: 0, ports: true, wholeSeconds: false });
        const both = truth.filter(({ seenBy }) => seenBy === 'both');
        const report = joinSources(oneFile ? [sources.flat()] : sources);
        // Across files the clocks must have been comparable at all.
        if (!oneFile && Math.abs(report.clocks[0]?.ms ?? 0) > 20) return;
        expect(report.joined.map(({ device }) => numberOf(device)).sort()).toEqual(
          both.map(({ number }) => number).sort(),
        );
        for (const { device, broker } of report.joined) {
          expect(numberOf(device)).toBe(numberOf(broker));
        }
      }),
      { numRuns: 400 },
    );
  });
});

const moments = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 7 });
const timed = (ats: readonly number[]) => ats.map((at, of) => ({ at, of }));

/** The most pairs there can be: tried by hand, one left after the other. */
function mostPairs(left: readonly number[], right: readonly number[], toleranceMs: number): number {
  const [first, ...rest] = left;
  if (first === undefined) return 0;
  let best = mostPairs(rest, right, toleranceMs);
  for (const [i, at] of right.entries()) {
    if (Math.abs(at - first) > toleranceMs) continue;
    const others = right.filter((_, place) => place !== i);
    best = Math.max(best, 1 + mostPairs(rest, others, toleranceMs));
  }
  return best;
}

describe('pairing moments', () => {
  const limits = { toleranceMs: 50, marginMs: 10 };

  it('pairs one to one within the tolerance, never more than can be, and names all doubt', () => {
    fc.assert(
      fc.property(moments, moments, (left, right) => {
        const { pairs, ambiguous } = pairUp(timed(left), timed(right), limits);
        const lefts = pairs.map(([i]) => i);
        const rights = pairs.map(([, i]) => i);
        expect(new Set(lefts).size).toBe(pairs.length);
        expect(new Set(rights).size).toBe(pairs.length);
        expect(pairs.length).toBeLessThanOrEqual(mostPairs(left, right, limits.toleranceMs));
        for (const [i, j] of pairs) {
          expect(Math.abs((left[i] ?? 0) - (right[j] ?? 0))).toBeLessThanOrEqual(50);
        }
        // Whoever could still be paired stands in a group that says so.
        const doubtLeft = new Set(ambiguous.flatMap((group) => group.left));
        const doubtRight = new Set(ambiguous.flatMap((group) => group.right));
        for (const [i, at] of left.entries()) {
          for (const [j, other] of right.entries()) {
            if (Math.abs(at - other) > 50 || lefts.includes(i) || rights.includes(j)) continue;
            expect([doubtLeft.has(i), doubtRight.has(j)]).toEqual([true, true]);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('finds the only pairing there is when moments are far apart', () => {
    const apart = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(apart, (jitter) => {
        const left = jitter.map((_, i) => i * 200);
        const right = jitter.map((late, i) => i * 200 + late);
        const { pairs, ambiguous } = pairUp(timed(left), timed(right).reverse(), limits);
        expect([...pairs].sort((a, b) => a[0] - b[0])).toEqual(left.map((_, i) => [i, i]));
        expect(ambiguous).toEqual([]);
      }),
    );
  });

  it('keeps the order of a crowd that is as large on both sides', () => {
    const { pairs } = pairUp(timed([0, 5, 9]), timed([2, 7, 11]), limits);
    expect([...pairs].sort((a, b) => a[0] - b[0])).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
  });

  it('leaves a crowd alone that is larger on one side', () => {
    const found = pairUp(timed([0, 5]), timed([2]), limits);
    expect(found).toEqual({ pairs: [], ambiguous: [{ left: [0, 1], right: [0] }] });
  });
});
