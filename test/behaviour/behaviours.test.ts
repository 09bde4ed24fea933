import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLOSE_STYLES } from '../../src/behaviour/behaviour.ts';
import {
  BEHAVIOURS,
  type BehaviourParams,
  behaviourOf,
  behaviourParams,
  plainBehaviourIds,
} from '../../src/behaviour/registry.ts';

const read = (written: Record<string, unknown>): BehaviourParams => behaviourParams.parse(written);

/** What a device does next that connected at `connectedAt`, in a run that began at 1000. */
function intent(written: Record<string, unknown>, connectedAt: number, more = {}) {
  const params = read(written);
  return behaviourOf(params).nextIntent(params, {
    startedAt: 1000,
    connectedAt,
    certificateIndex: 0,
    spread: 0,
    ...more,
  });
}

const presence = (written: Record<string, unknown>, arrivesAtMs: number, endsAtMs = 10_000) => {
  const params = read(written);
  return behaviourOf(params).presence(params, arrivesAtMs, endsAtMs);
};

describe('the registry', () => {
  it('holds every behaviour that a scenario may name, under its own name', () => {
    const kinds = behaviourParams.options.map((option) => option.shape.kind.value);
    expect(Object.keys(BEHAVIOURS).sort()).toEqual([...kinds].sort());
    for (const [name, behaviour] of Object.entries(BEHAVIOURS)) expect(behaviour.id).toBe(name);
  });

  it('lets those be written by their bare name that need no parameters, and no others', () => {
    const plain = Object.keys(BEHAVIOURS).filter(
      (kind) => behaviourParams.safeParse({ kind }).success,
    );
    expect([...plainBehaviourIds]).toEqual(plain);
  });

  it('has a title, a description and an example that is valid for each', () => {
    for (const { title, description, example, id } of Object.values(BEHAVIOURS)) {
      expect(title && description).toBeTruthy();
      expect(example).toContain(`behaviour: `);
      expect(example).toContain(id);
    }
  });
});

describe('steady', () => {
  it('means to do nothing, from its arrival to the end', () => {
    expect(intent({ kind: 'steady' }, 2000)).toBeUndefined();
    expect(presence({ kind: 'steady' }, 300)).toEqual({ fromMs: 300, toMs: 10_000 });
  });
});

describe('flapping', () => {
  const flapping = { kind: 'flapping', period: '4s', downtime: '1s', jitter: '50%' };

  it('goes when its share of the period is over, and comes back after the downtime', () => {
    const goes = { close: 'disconnect', reconnectAfterMs: 1000 };
    expect(intent(flapping, 2000)).toEqual({ at: 5000, ...goes });
    expect(intent(flapping, 2000, { spread: -1 })).toEqual({ at: 3500, ...goes });
    expect(intent(flapping, 2000, { spread: 1 })).toEqual({ at: 6500, ...goes });
  });

  it.each(['disconnect', 'reset', 'half-open'])('goes by %s when told so', (close) => {
    expect(intent({ ...flapping, close }, 2000)?.close).toBe(close);
  });

  it('says within which bounds it stays, which its intents keep to', () => {
    expect(presence(flapping, 300)).toEqual({
      fromMs: 300,
      toMs: 10_000,
      cycle: { stayMsMin: 1500, stayMsMax: 4500, awayMs: 1000 },
    });
    fc.assert(
      fc.property(fc.double({ min: -1, max: 1, noNaN: true }), (spread) => {
        const stays = (intent(flapping, 2000, { spread })?.at ?? 0) - 2000;
        expect(stays).toBeGreaterThanOrEqual(1500);
        expect(stays).toBeLessThanOrEqual(4500);
      }),
    );
  });

  it('may find its own session only if it goes half-open', () => {
    const evicts = (close: string) => {
      const params = read({ ...flapping, close });
      return behaviourOf(params).evictsItself(params);
    };
    expect(['disconnect', 'reset', 'half-open'].map(evicts)).toEqual([false, false, true]);
  });

  it.each(['4s', '5s'])('refuses a downtime of %s in a period of 4s', (downtime) => {
    expect(behaviourParams.safeParse({ ...flapping, downtime }).success).toBe(false);
  });
});

describe('leaving', () => {
  const leaving = { kind: 'leaving', at: '3s' };

  it('leaves at a time of the run, or at once if that has passed, and for good', () => {
    const goes = { close: 'disconnect', reconnectAfterMs: 'never' };
    expect(intent(leaving, 2000)).toEqual({ at: 4000, ...goes });
    expect(intent(leaving, 9000)).toEqual({ at: 9000, ...goes });
  });

  it.each([
    [300, { fromMs: 300, toMs: 3000 }],
    [3000, { fromMs: 3000, toMs: 3000 }],
    [5000, { fromMs: 5000, toMs: 5000 }],
  ])('is there from %d until it leaves', (arrivesAtMs, expected) => {
    expect(presence(leaving, arrivesAtMs)).toEqual(expected);
  });

  it('is there to the end when the run ends first', () => {
    expect(presence(leaving, 300, 2000)).toEqual({ fromMs: 300, toMs: 2000 });
  });
});

describe('rotating', () => {
  const rotating = { kind: 'rotating', at: '3s', gap: '700ms' };
  const change = (written: Record<string, unknown>) => {
    const params = read(written);
    const { certificateChange, evictsItself, certificatesPerDevice } = behaviourOf(params);
    return [certificatesPerDevice, certificateChange(params), evictsItself(params)];
  };

  it('closes, waits and comes back with its next certificate', () => {
    expect(intent(rotating, 2000)).toEqual({
      at: 4000,
      close: 'disconnect',
      reconnectAfterMs: 700,
      nextCertificate: true,
    });
    expect(change(rotating)).toEqual([
      2,
      { atMs: 3000, atMsMax: 3000, awayMs: 700, revokesOld: false },
      false,
    ]);
  });

  it('connects over the open session when told so', () => {
    const first = { ...rotating, order: 'connect-first' };
    expect(intent(first, 2000)).toEqual({
      at: 4000,
      close: 'leave-open',
      reconnectAfterMs: 0,
      nextCertificate: true,
    });
    expect(change(first)).toEqual([
      2,
      { atMs: 3000, atMsMax: 3000, awayMs: 0, revokesOld: false },
      true,
    ]);
  });

  it('rotates once: with its second certificate it stays', () => {
    expect(intent(rotating, 2000, { certificateIndex: 1 })).toBeUndefined();
  });

  it('rotates at once when it comes late', () => {
    expect(intent(rotating, 9000)?.at).toBe(9000);
  });
});

describe('every behaviour', () => {
  const written = fc.oneof(
    fc.constant({ kind: 'steady' }),
    fc
      .tuple(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0, max: 0.99, noNaN: true }))
      .map(([period, share]) => ({
        kind: 'flapping',
        period: `${period}ms`,
        downtime: `${Math.floor(period * share)}ms`,
      })),
    fc.nat(1e6).map((at) => ({ kind: 'leaving', at: `${at}ms` })),
    fc
      .tuple(fc.nat(1e6), fc.nat(1e4), fc.constantFrom('close-first', 'connect-first'))
      .map(([at, gap, order]) => ({ kind: 'rotating', at: `${at}ms`, gap: `${gap}ms`, order })),
  );

  it('scales all its times and nothing else', () => {
    fc.assert(
      fc.property(written, fc.constantFrom(0.25, 2, 8), fc.nat(1e6), (one, factor, connected) => {
        const params = read(one);
        const behaviour = behaviourOf(params);
        const scaled = behaviour.scaled(params, factor);
        const next = (of: BehaviourParams, scale: number) =>
          behaviour.nextIntent(of, {
            startedAt: 0,
            connectedAt: connected * scale,
            certificateIndex: 0,
            spread: 0.5,
          });
        const before = next(params, 1);
        const after = next(scaled, factor);
        expect(after?.close).toBe(before?.close);
        if (before && after) {
          expect(after.at).toBeCloseTo(before.at * factor, 3);
          const { reconnectAfterMs } = before;
          expect(after.reconnectAfterMs).toEqual(
            reconnectAfterMs === 'never' ? 'never' : reconnectAfterMs * factor,
          );
        }
        expect(behaviour.evictsItself(scaled)).toBe(behaviour.evictsItself(params));
        expect(behaviour.scaled(scaled, 1 / factor)).toEqual(params);
      }),
    );
  });

  it('means to act neither before it connected nor in a way that devices do not know', () => {
    fc.assert(
      fc.property(written, fc.nat(1e6), fc.integer({ min: -1, max: 1 }), (one, at, spread) => {
        const next = intent(one, at + 1000, { spread });
        if (next === undefined) return;
        expect(next.at).toBeGreaterThanOrEqual(at + 1000);
        expect(CLOSE_STYLES).toContain(next.close);
      }),
    );
  });

  it('describes itself in words', () => {
    fc.assert(
      fc.property(written, (one) => {
        const params = read(one);
        expect(behaviourOf(params).describe(params)).toMatch(/^[a-z].+/);
      }),
    );
  });
});
