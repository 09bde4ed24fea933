/** The driver on a virtual clock and a virtual network: what devices do to a broker, and when not. */
import { describe, expect, it } from 'vitest';
import type { FleetPlan } from '../../src/scenario/plan.ts';
import { planOf } from '../scenario/helpers.ts';
import { runVirtually, virtualFleet } from '../support/virtual-run.ts';

const QUIET_MS = 200;
const STOP_MS = 10_000;

describe('a run', () => {
  const MIXED = `  steady: { devices: 5, publish: { every: 500ms, qos: 1 } }
  flappers: { devices: 5, behaviour: { kind: flapping, period: 1s, downtime: 300ms, close: half-open } }
  clones: { devices: 3, identity: { clientId: same }, reconnect: { policy: exponential, base: 500ms } }
  movers: { devices: 2, behaviour: { kind: rotating, at: 2s, order: connect-first } }
`;

  it('leaves no timer, no socket and no session behind', async () => {
    const run = await runVirtually(planOf(MIXED));
    expect(run.clock.pending).toBe(0);
    expect(run.broker.live.size).toBe(0);
    expect(run.sessions.filter((session) => session.to === undefined)).toEqual([]);
  });

  it('is the same again from the same seed, event by event, and another from another', async () => {
    const events = async (seed: number, networkSeed = 1) => {
      const { events: all, truth } = await runVirtually(planOf(`${MIXED}seed: ${seed}\n`), {
        networkSeed,
      });
      return JSON.stringify([all, truth]);
    };
    expect(await events(1)).toBe(await events(1));
    expect(await events(1)).not.toBe(await events(2));
    expect(await events(1, 1)).not.toBe(await events(1, 2));
  });

  it('records every connection with its end, and a refused one once', async () => {
    const { events } = await runVirtually(planOf(`${MIXED}settle: 0s\n`), {
      refuses: ({ clientId }) => (clientId === 'steady-1' ? 'auth-error' : undefined),
    });
    const kinds = new Map<string, string>();
    for (const { vantage, sessionId, kind } of events) {
      if (vantage !== 'device') continue;
      kinds.set(sessionId, `${kinds.get(sessionId) ?? ''} ${kind}`);
    }
    expect(new Set(kinds.values())).toEqual(new Set([' connected closed', ' connect-failed']));
  });

  it('never shows in the history which device it was', async () => {
    const run = await runVirtually(
      planOf('  secret-name: { devices: 3, identity: { clientId: same } }\n'),
    );
    expect(JSON.stringify(run.events)).not.toContain('secret-name');
    expect(JSON.stringify(run.truth)).toContain('secret-name');
  });

  it('counts what it did', async () => {
    const { statistics, sessions, truth } = await runVirtually(planOf(MIXED));
    const { connects } = statistics;
    expect(connects.attempted).toBe(truth.filter(({ kind }) => kind === 'connecting').length);
    expect(connects.accepted).toBeLessThanOrEqual(sessions.length);
    expect(connects.failed).toBe(0);
    expect(connects.latencyMs?.count).toBe(connects.accepted);
    expect(connects.latenessMs?.max).toBe(0);
    expect(statistics.devices).toMatchObject({ total: 15, connected: 15, neverConnected: [] });
    expect(statistics.messages.published).toBeGreaterThan(50);
    expect(statistics.messages.acknowledged).toBeLessThanOrEqual(statistics.messages.published);
  });

  it('names the devices that were never let in', async () => {
    const plan = planOf(
      '  good: { devices: 2 }\n  bad: { devices: 2, reconnect: { policy: none } }\n',
    );
    const run = await runVirtually(plan, {
      refuses: ({ clientId }) => (clientId.startsWith('bad') ? 'auth-error' : undefined),
    });
    expect(run.statistics.devices.neverConnected).toEqual(['bad-1', 'bad-2']);
    expect(run.statistics.connects.failed).toBe(2);
    expect(run.statistics.failures).toEqual([{ raw: 'CONNACK refused', count: 2 }]);
  });
});

describe('takeovers', () => {
  const rivals = (reconnect: string, version = '5') =>
    planOf(
      `  a: { devices: 2, identity: { clientId: same }, reconnect: ${reconnect}, mqtt: { version: ${version} } }\n`,
    );
  const fights = (run: Awaited<ReturnType<typeof runVirtually>>) =>
    run.sessions.filter(({ reason }) => reason === 'session-taken-over').length;

  it('go on as long as both come back', async () => {
    const run = await runVirtually(rivals('{ policy: fixed, delay: 1s }'), {
      tellsOfTakeover: true,
    });
    expect(fights(run)).toBeGreaterThan(5);
  });

  it('end at once where DISCONNECT 0x8E is honoured and told', async () => {
    const honour = '{ policy: fixed, delay: 1s, honourSessionTakenOver: true }';
    expect(fights(await runVirtually(rivals(honour), { tellsOfTakeover: true }))).toBe(1);
    expect(fights(await runVirtually(rivals(honour), { tellsOfTakeover: false }))).toBeGreaterThan(
      5,
    );
    expect(
      fights(await runVirtually(rivals(honour, '3.1.1'), { tellsOfTakeover: true })),
    ).toBeGreaterThan(5);
  });

  it('end at once where nobody comes back', async () => {
    expect(fights(await runVirtually(rivals('{ policy: none }')))).toBe(1);
  });

  it('slow down with back-off that a short success does not reset', async () => {
    const growing = (resetAfter: string) =>
      rivals(
        `{ policy: exponential, base: 100ms, max: 60s, jitter: none, resetAfter: ${resetAfter} }`,
      );
    const [fast, slow] = [await runVirtually(growing('0s')), await runVirtually(growing('never'))];
    expect(fights(slow)).toBeLessThan(fights(fast) / 2);
  });

  it('come no faster than a throttle lets them', async () => {
    const plan =
      planOf(`  a: { devices: 5, identity: { clientId: same }, reconnect: { policy: fixed, delay: 100ms } }
limits: { connectsPerClientId: 1/s }
settle: 0s
`);
    const { sessions, statistics, events } = await runVirtually(plan, { latencyMs: [1, 5] });
    const starts = sessions.map(({ from }) => from).sort((a, b) => a - b);
    const gaps = starts.slice(1).map((at, i) => at - (starts[i] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(990);
    expect(sessions.length).toBeGreaterThan(8);
    expect(statistics.connects.throttled).toBeGreaterThan(50);
    const throttled = events.filter(({ reason }) => reason === 'throttled');
    expect(throttled.every(({ kind }) => kind === 'connect-failed')).toBe(true);
    expect(throttled).toHaveLength(statistics.connects.throttled);
  });
});

describe('settling', () => {
  it('makes a fleet quiet that was anything but', async () => {
    const plan =
      planOf(`  flappers: { devices: 20, behaviour: { kind: flapping, period: 400ms, downtime: 100ms, close: half-open } }
  clones: { devices: 6, identity: { clientId: same }, reconnect: { policy: fixed, delay: 200ms } }
  sharers: { devices: 6, identity: { certificate: shared } }
settle: 5s
`);
    const { statistics, sessions, startedAt } = await runVirtually(plan);
    expect(statistics.settle.quiet).toBe(true);
    expect(statistics.settle.quietAfterMs).toBeLessThan(1000);
    const late = sessions.filter(({ from }) => from > startedAt + plan.durationMs + 1000);
    expect(late).toEqual([]);
  });

  it('is not quiet while a device tries and tries, and gives up when its time is over', async () => {
    const plan = planOf(
      '  a: { devices: 1, reconnect: { policy: fixed, delay: 50ms } }\nsettle: 3s\n',
    );
    const { statistics, endedAt, startedAt } = await runVirtually(plan, {
      refuses: () => 'auth-error',
    });
    expect(statistics.settle.quiet).toBe(false);
    expect(endedAt - startedAt).toBeLessThan(plan.durationMs + plan.settleMs + 200);
  });

  it('closes what a rotation left open and no takeover will end', async () => {
    const plan = planOf(
      '  a: { devices: 1, identity: { clientId: { uuid: v5-certificate } }, behaviour: { kind: rotating, at: 2s, order: connect-first } }\nsettle: 2s\n',
    );
    const { sessions, startedAt } = await runVirtually(plan);
    expect(sessions).toHaveLength(2);
    const [left] = sessions;
    expect((left?.to ?? 0) - startedAt).toBeGreaterThan(9_900);
    expect((left?.to ?? 0) - startedAt).toBeLessThan(10_100);
    expect(left?.reason).toBe('client-initiated');
  });

  it('ends early when it is aborted', async () => {
    const fleet = virtualFleet(planOf('  a: { devices: 3 }\nsettle: 1h\n'));
    fleet.driver.start();
    fleet.clock.runUntil(fleet.startedAt + 500);
    const abort = new AbortController();
    const settling = fleet.driver.settle(1_800_000, abort.signal);
    abort.abort();
    await settling;
    expect(fleet.clock.now()).toBe(fleet.startedAt + 500);
  });
});

describe('stopping', () => {
  const start = (plan: FleetPlan, afterMs: number, options = {}) => {
    const fleet = virtualFleet(plan, options);
    fleet.driver.start();
    fleet.clock.runUntil(fleet.startedAt + afterMs);
    return fleet;
  };
  const BUSY =
    '  a: { devices: 30, behaviour: { kind: flapping, period: 300ms, downtime: 100ms }, publish: { every: 50ms } }\n';

  it.each([0, 1, 17, 333, 1234, 5000])(
    'after %d ms leaves nothing that could still happen',
    async (afterMs) => {
      const { driver, clock, broker, events } = start(planOf(BUSY), afterMs);
      await clock.passUntil(driver.stop(STOP_MS));
      const { opened } = broker;
      const recorded = events.length;
      while (clock.step());
      expect(broker.opened).toBe(opened);
      expect(events.slice(recorded).filter(({ vantage }) => vantage === 'device')).toEqual([]);
      expect(broker.live.size).toBe(0);
      expect(driver.counters()).toMatchObject({ connected: 0, connecting: 0 });
    },
  );

  it('lets connects that are on their way be answered, and closes them then', async () => {
    const plan = planOf('  a: { devices: 5 }\narrival: { storm: 0ms }\n');
    const { driver, clock, broker, events } = start(plan, 10, { latencyMs: [50, 60] });
    expect(driver.counters().connecting).toBe(5);
    await clock.passUntil(driver.stop(STOP_MS));
    while (clock.step());
    const seen = events.filter(({ vantage }) => vantage === 'device');
    const kinds = seen.map(({ kind, reason }) => `${kind} ${reason}`).sort();
    expect(kinds).toEqual([
      ...Array(5).fill('closed client-initiated'),
      ...Array(5).fill('connected undefined'),
    ]);
    expect(driver.statistics().connects.failed).toBe(0);
    expect(broker.sessions.filter(({ to }) => to === undefined)).toEqual([]);
  });

  it('does not wait for sessions that devices have abandoned', async () => {
    const plan = planOf(
      '  a: { devices: 5, behaviour: { kind: flapping, period: 4s, downtime: 3s, close: half-open } }\nsettle: 0s\n',
    );
    const { driver, clock } = start(plan, 3000);
    const before = clock.now();
    await clock.passUntil(driver.stop(STOP_MS));
    expect(clock.now() - before).toBeLessThan(100);
  });

  it('by kill ends everything at once, and no device comes back from it', () => {
    const { driver, clock, broker } = start(planOf(BUSY), 1234);
    const { opened } = broker;
    driver.kill();
    while (clock.step());
    expect(broker.opened).toBe(opened);
    expect(broker.live.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('before the start is fine as well', async () => {
    const { driver, clock, broker } = virtualFleet(planOf(BUSY));
    await clock.passUntil(driver.stop(STOP_MS));
    expect(broker.opened).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('after settling leaves nobody connected', async () => {
    const { driver, clock, broker } = start(planOf(`${BUSY}settle: 2s\n`), 1000);
    await clock.passUntil(driver.settle(QUIET_MS));
    await clock.passUntil(driver.stop(STOP_MS));
    while (clock.step());
    expect(broker.live.size).toBe(0);
  });
});

it('five thousand devices flap through three hours while one looks on', async () => {
  const plan = planOf(
    `  a: { devices: 5000, behaviour: { kind: flapping, period: 6m, downtime: 20s, jitter: 50%, close: half-open } }
duration: 3h
`.replace('duration: 3h\n', ''),
  );
  const hours: FleetPlan = { ...plan, durationMs: 3 * 3_600_000 };
  const run = await runVirtually(hours, { forgetful: true });
  expect(run.statistics.devices.connected).toBe(5000);
  expect(run.sessions.length).toBeGreaterThan(140_000);
  const takenOver = run.sessions.filter(({ reason }) => reason === 'session-taken-over').length;
  expect(takenOver).toBeGreaterThan(run.sessions.length * 0.95);
  expect(run.broker.live.size).toBe(0);
});
