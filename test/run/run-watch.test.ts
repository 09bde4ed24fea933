import { describe, expect, it } from 'vitest';
import { FleetTally } from '../../src/fleet/tally.ts';
import type { ObservedEvent } from '../../src/history/event.ts';
import { RunWatch } from '../../src/run/run-watch.ts';
import { planOf } from '../scenario/helpers.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const FLEET = '  pumps: { devices: 3 }\n  clones: { devices: 6, identity: { clientId: same } }\n';

function watched(deviceEvidenceOnly = false) {
  const clock = new VirtualClock();
  const tally = new FleetTally();
  const plan = planOf(FLEET);
  const watch = new RunWatch({ plan, clock, deviceEvidenceOnly, takeoversVisible: true });
  watch.start(clock.now());
  const look = (afterMs: number) => {
    clock.runUntil(clock.now() + afterMs);
    return watch.look(tally.counters());
  };
  return { clock, tally, watch, look, plan };
}

function connect(tally: FleetTally, group: string, latencyMs: number): void {
  tally.connectStarted();
  tally.accepted({ name: `${group}-1`, group }, latencyMs);
}

function taken(changes: Partial<ObservedEvent> = {}): ObservedEvent {
  const reason = 'session-taken-over';
  return {
    kind: 'closed',
    vantage: 'broker',
    at: 0,
    sessionId: 's',
    clientId: 'same',
    reason,
    ...changes,
  };
}

describe('what is told of a run', () => {
  it('is rates of each second and percentiles of the last five, from counters alone', () => {
    const { tally, watch, look } = watched();
    for (let n = 0; n < 10; n++) connect(tally, 'clones', 4);
    tally.closed('clones');
    tally.startedLate(2);
    watch.see(taken());
    expect(look(200).seconds).toEqual([]);
    // A look that comes late: the second was two, and the rates allow for it.
    const late = look(1800);
    expect(late.seconds).toMatchObject([
      { atMs: 2000, connects: 5, closes: 0.5, takeovers: 0.5, failed: 0, connected: 9 },
    ]);
    expect(late.latencyMs?.p99).toBeGreaterThanOrEqual(4);
    expect(late.latencyMs?.p99).toBeLessThan(4.4);
    connect(tally, 'pumps', 100);
    const next = look(1000);
    expect(next.seconds.map(({ connects }) => connects)).toEqual([5, 1]);
    expect(next.seconds[1]?.latencyP50Ms).toBeGreaterThanOrEqual(100);
    for (let second = 0; second < 5; second++) look(1000);
    const quiet = look(1000);
    expect(quiet.latencyMs).toBeUndefined();
    expect(quiet).toMatchObject({ accepted: 11, closed: 1, takeovers: 1, takeoversPerSecond: 0 });
  });

  it('is bounded: a minute of seconds, whatever the length of the run', () => {
    const { look } = watched();
    for (let second = 1; second <= 200; second++) look(1000);
    const { seconds } = look(0);
    expect(seconds).toHaveLength(60);
    expect(seconds.at(-1)?.atMs).toBe(200_000);
  });

  it('names the groups with their devices, the largest first', () => {
    const { tally, look } = watched();
    connect(tally, 'pumps', 1);
    expect(look(10).groups).toEqual([
      { name: 'clones', devices: 6, connected: 0 },
      { name: 'pumps', devices: 3, connected: 1 },
    ]);
  });

  it('counts a takeover once, as the broker says it, and as devices do where no broker speaks', () => {
    for (const deviceEvidenceOnly of [false, true]) {
      const { watch, look } = watched(deviceEvidenceOnly);
      watch.see(taken());
      watch.see(taken({ vantage: 'device' }));
      if (deviceEvidenceOnly) watch.see(taken({ vantage: 'device' }));
      expect(look(0).takeovers).toBe(deviceEvidenceOnly ? 3 : 1);
    }
  });

  it('says in sentences what is notable', () => {
    const { tally, watch, look, plan } = watched();
    watch.see(taken({ clientId: 'x'.repeat(500) }));
    watch.see({
      ...taken({ vantage: 'device' }),
      kind: 'connect-failed',
      reason: 'auth-error',
      raw: 'CONNACK 0x87',
    });
    watch.see(taken({ reason: 'keep-alive-timeout' }));
    watch.intervene('revoking the old certificates');
    expect(look(0).interlude).toBe('revoking the old certificates');
    watch.intervene(undefined);
    tally.startedLate(plan.limits.latenessP99MsMax * 2);
    look(1000);
    look(1000);
    watch.enter('settling');
    watch.enter('settling');
    expect(look(0).notable.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
      `takeover: client ID ${'x'.repeat(59)}… was taken over`,
      'refused: client ID same did not connect: CONNACK 0x87',
      'lost: client ID same was silent for too long',
      'interlude: revoking the old certificates',
      expect.stringMatching(/^generator: the generator is late: p99 \d+ ms, more than \d+ ms/),
      'generator: the generator is in time again',
      'phase: the faults end; now the fleet must become quiet',
    ]);
  });

  it('says how long the phase has lasted and may last', () => {
    const { watch, look, plan } = watched();
    expect(look(400)).toMatchObject({
      phase: 'running',
      phaseElapsedMs: 400,
      phaseMs: plan.durationMs,
    });
    watch.enter('settling');
    expect(look(300)).toMatchObject({
      phase: 'settling',
      phaseElapsedMs: 300,
      phaseMs: plan.settleMs,
    });
    watch.enter('stopping');
    expect(look(300)).not.toHaveProperty('phaseMs');
  });
});
