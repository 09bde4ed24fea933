/** Each effect against a count by brute force over random stories. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { banCounterEffect } from '../../src/effects/ban-counter.ts';
import { byDevice, type DeviceSession } from '../../src/effects/device-sessions.ts';
import { certificatesShared, clientIdsInUse } from '../../src/effects/identities.ts';
import { keptClientIds, leftByChange } from '../../src/effects/kept-sessions.ts';
import { busiest } from '../../src/effects/rates.ts';
import { availabilityOf, recoveryOf } from '../../src/effects/service.ts';
import type { FleetPlan } from '../../src/scenario/plan.ts';
import { planOf } from '../scenario/helpers.ts';
import { DEVICES, END_MS, stories } from './oracle.ts';

/** Three devices called d-1 … d-3; d-1 and d-2 keep sessions. */
function plan(): FleetPlan {
  const made = planOf(`  kept: { devices: 2, mqtt: { cleanStart: false, sessionExpiry: 1h } }
  plain: { devices: 1 }
`);
  return {
    ...made,
    devices: made.devices.map((device, place) => ({
      ...device,
      name: DEVICES[place] ?? '',
      arrivesAtMs: place,
    })),
  };
}
const PLAN = plan();

const acceptedOf = (sessions: readonly DeviceSession[]) =>
  sessions.filter(({ connectedAt }) => connectedAt !== undefined);
const isConnected = ({ connectedAt, endedAt }: DeviceSession, at: number): boolean =>
  connectedAt !== undefined && connectedAt <= at && (endedAt === undefined || at < endedAt);

describe('rates', () => {
  it('the busiest span is that of some first instant', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 50 })),
        fc.integer({ min: 1, max: 20 }),
        (at, span) => {
          const counts = at.map(
            (from) => at.filter((one) => one >= from && one < from + span).length,
          );
          expect(busiest(at, span)).toBe(Math.max(0, ...counts));
        },
      ),
    );
  });
});

describe('the ban counter', () => {
  it('sees client IDs, and misses devices that spread over several', () => {
    fc.assert(
      fc.property(
        stories,
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 30 }),
        (all, connectsMax, windowMs) => {
          const trips = (key: (one: DeviceSession) => string) => {
            const above = acceptedOf(all).filter(
              (first) =>
                acceptedOf(all).filter(
                  (one) =>
                    key(one) === key(first) &&
                    Number(one.connectedAt) >= Number(first.connectedAt) &&
                    Number(one.connectedAt) < Number(first.connectedAt) + windowMs,
                ).length > connectsMax,
            );
            return new Set(above.map(key));
          };
          const clientIds = trips(({ clientId }) => clientId);
          const devices = trips(({ device }) => device);
          const hidden = [...devices].filter((device) =>
            acceptedOf(all).every((one) => one.device !== device || !clientIds.has(one.clientId)),
          );
          expect(banCounterEffect(all, { connectsMax, windowMs })).toEqual({
            connectsMax,
            windowMs,
            clientIds: clientIds.size,
            devices: devices.size,
            hidden: hidden.length,
          });
        },
      ),
    );
  });

  it('fifteen connects a minute are let pass, and the sixteenth is counted', () => {
    const connects = (count: number, clientId: (n: number) => string): DeviceSession[] =>
      Array.from({ length: count }, (_, n) => ({
        device: 'd',
        clientId: clientId(n),
        certificate: 'c',
        startedAt: n * 1000,
        connectedAt: n * 1000,
        endedAt: n * 1000 + 500,
        byItself: true,
        throttled: false,
      }));
    const limits = { connectsMax: 15, windowMs: 60_000 };
    const seen = (sessions: readonly DeviceSession[]) => {
      const { clientIds, devices, hidden } = banCounterEffect(sessions, limits);
      return [clientIds, devices, hidden];
    };
    expect(seen(connects(15, () => 'one'))).toEqual([0, 0, 0]);
    expect(seen(connects(16, () => 'one'))).toEqual([1, 1, 0]);
    expect(seen(connects(16, (n) => `id-${n}`))).toEqual([0, 1, 1]);
  });
});

describe('identities', () => {
  it('a certificate is shared when two devices have connected with it', () => {
    fc.assert(
      fc.property(stories, (all) => {
        const shared = ['c', ...DEVICES].filter((certificate) => {
          const own = acceptedOf(all).filter((one) => one.certificate === certificate);
          return new Set(own.map(({ device }) => device)).size > 1;
        });
        expect(certificatesShared(all)).toBe(shared.length);
      }),
    );
  });

  it('only a random UUID of one device cannot be guessed', () => {
    const session = (device: string, clientId: string): DeviceSession => ({
      device,
      clientId,
      certificate: device,
      startedAt: 0,
      connectedAt: 1,
      byItself: false,
      throttled: false,
    });
    const [v4, hardCoded] = [
      '9b2d7a54-7f2c-4f0e-9c3b-2a4f5f6d7e81',
      '1c2d7a54-7f2c-4f0e-9c3b-2a4f5f6d7e81',
    ];
    const v5 = '2ed6657d-e927-568b-95e1-2665a8aea6a2';
    const all = [
      session('a', v4),
      session('a', v5),
      session('a', 'pump-1'),
      session('a', hardCoded),
      session('b', hardCoded),
    ];
    expect(clientIdsInUse(all)).toEqual({ used: 4, predictable: 3 });
  });
});

describe('kept sessions', () => {
  it('are left behind when the last device to use one has gone on to another client ID', () => {
    fc.assert(
      fc.property(stories, (all) => {
        const inOrder = [...acceptedOf(all)].sort(
          (a, b) => Number(a.connectedAt) - Number(b.connectedAt),
        );
        const keeps = (device: string) => device !== 'd-3';
        const ids = [...new Set(inOrder.map(({ clientId }) => clientId))];
        const left = ids.filter((clientId) => {
          const last = inOrder.findLast((one) => one.clientId === clientId);
          const newest = inOrder.findLast((one) => one.device === last?.device);
          return last !== undefined && keeps(last.device) && newest?.clientId !== clientId;
        });
        const { kept, leftBehind } = keptClientIds(all, PLAN);
        expect([...leftBehind].sort()).toEqual(left.sort());
        expect([...kept].sort()).toEqual(
          ids
            .filter((id) => inOrder.some((one) => one.clientId === id && keeps(one.device)))
            .sort(),
        );
      }),
    );
  });

  it('a change leaves those that were awaited and that nobody uses any more', () => {
    const of = (kept: readonly string[], leftBehind: readonly string[], used = kept) => ({
      kept: new Set(kept),
      leftBehind: new Set(leftBehind),
      used: new Set(used),
    });
    const before = of(['a', 'b', 'left'], ['left']);
    expect(leftByChange(before, of(['a', 'new'], []))).toBe(1);
    expect(leftByChange(before, before)).toBe(0);
  });
});

describe('the service that devices had', () => {
  const window = { from: 0, to: END_MS };

  it('availability is the connected part of every millisecond that was wanted', () => {
    fc.assert(
      fc.property(stories, (all) => {
        const moments = Array.from({ length: END_MS }, (_, at) => at);
        const share = DEVICES.map((device, place) => {
          const own = all.filter((one) => one.device === device);
          const wanted = moments.filter((at) => {
            if (isConnectedOrTrying(own, at)) return true;
            return at >= place && own.every(({ startedAt }) => startedAt > at);
          });
          const had = moments.filter((at) => own.some((one) => isConnected(one, at)));
          return { wanted: wanted.length, had: had.length };
        });
        const result = availabilityOf(byDevice(all), PLAN, window);
        const sum = (key: 'wanted' | 'had') => share.reduce((total, one) => total + one[key], 0);
        expect(result?.mean).toBeCloseTo(sum('had') / sum('wanted'), 10);
        expect(result?.worst.share).toBeCloseTo(
          Math.min(...share.filter((one) => one.wanted > 0).map((one) => one.had / one.wanted)),
          10,
        );
      }),
    );
  });

  it('recovery is from each unwanted loss to the next CONNACK', () => {
    fc.assert(
      fc.property(stories, (all) => {
        const losses = acceptedOf(all).filter(({ device, endedAt, byItself }) => {
          if (endedAt === undefined || byItself || endedAt > END_MS) return false;
          return !all.some((one) => one.device === device && isConnected(one, endedAt));
        });
        const back = losses.map(({ device, endedAt }) => {
          const next = acceptedOf(all)
            .filter((one) => one.device === device && Number(one.connectedAt) > Number(endedAt))
            .map(({ connectedAt }) => Number(connectedAt));
          return next.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...next) - Number(endedAt);
        });
        const result = recoveryOf(byDevice(all), END_MS);
        const came = back.filter(Number.isFinite);
        expect(result.lost).toBe(losses.length);
        expect(result.maxMs).toBe(came.length === 0 ? undefined : Math.max(...came));
        expect(result.notBack).toBe(
          losses.filter(({ endedAt }, place) => Number(endedAt) + (back[place] ?? 0) > END_MS)
            .length,
        );
      }),
    );
  });
});

/** From the start of a connect until the device itself ends it, or tries again. */
function isConnectedOrTrying(own: readonly DeviceSession[], at: number): boolean {
  return own.some(({ startedAt, endedAt, byItself }, place) => {
    const next = own[place + 1]?.startedAt ?? Number.POSITIVE_INFINITY;
    const until = byItself && endedAt !== undefined ? endedAt : next;
    return startedAt <= at && at < until;
  });
}
