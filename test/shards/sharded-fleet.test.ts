/** A fleet in several workers does what it does in one, told in one order of time. */
import { describe, expect, it } from 'vitest';
import type { TruthRecord } from '../../src/fleet/session.ts';
import { makePlan } from '../../src/scenario/plan.ts';
import { planOf, scenario } from '../scenario/helpers.ts';
import { runVirtually } from '../support/virtual-run.ts';
import { finishVirtually, virtualShards } from '../support/virtual-shards.ts';

const FLEET = `  sensors: { devices: 9, publish: { every: 700ms, qos: 1 } }
  readers: { devices: 3, subscribe: [{ filter: '#', qos: 1 }] }
  flappers: { devices: 6, behaviour: { kind: flapping, period: 1300ms, downtime: 300ms } }
  batch: { devices: 4, identity: { certificate: shared } }
`;
/** Always the same way to the broker: what differs then is ours. */
const STEADY = { random: () => 0.5 };

/** What each device did, by the time of the run. */
function timeline(truth: readonly TruthRecord[], startedAt: number) {
  const lines = truth.map(
    ({ at, device, kind, clientId, certificate }) =>
      `${(at - startedAt).toFixed(3)} ${device} ${kind} ${clientId} ${certificate}`,
  );
  return lines.toSorted();
}

describe('a fleet in several workers', () => {
  const plan = planOf(FLEET);

  it.each([1, 2, 3, 5])('has the timeline of one process with %i workers', async (workers) => {
    const one = await runVirtually(plan, STEADY);
    const aheadMs = Array.from({ length: workers }, (_, n) => 7_000 * n - 3_000);
    const shards = await virtualShards(plan, { ...STEADY, aheadMs });
    shards.fleet.start();
    const statistics = await finishVirtually(shards, plan);
    expect(timeline(shards.truth, shards.fleet.startedAt)).toEqual(
      timeline(one.truth, one.startedAt),
    );
    const { connects, devices, sessions, messages } = statistics;
    expect(statistics.workers).toHaveLength(workers);
    // Sums of many times differ in their last bits with the order of adding.
    expect(sameDigits({ connects, devices, sessions })).toEqual(
      sameDigits({
        connects: one.statistics.connects,
        devices: one.statistics.devices,
        sessions: one.statistics.sessions,
      }),
    );
    // Publishing ends a little later, as the word to end it travels.
    expect(messages.published).toBeGreaterThanOrEqual(one.statistics.messages.published);
    expect(messages.acknowledged).toBe(messages.published);
    expect(messages.deliveries).toMatchObject({ lost: 0, duplicated: 0, notCounted: 0 });
    expect(messages.deliveries?.due).toBeGreaterThan(300);
    expect(shards.lost).toEqual([]);
  });

  it('is told in the order of time, whatever the clocks of its workers say', async () => {
    const shards = await virtualShards(plan, { aheadMs: [90_000, -45_000, 0], linkMs: 30 });
    shards.fleet.start();
    await finishVirtually(shards, plan);
    const times = shards.events.filter(({ vantage }) => vantage === 'device').map(({ at }) => at);
    expect(times.length).toBeGreaterThan(40);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('uses every session ID once', async () => {
    const shards = await virtualShards(plan, { aheadMs: [0, 0, 0] });
    shards.fleet.start();
    await finishVirtually(shards, plan);
    const opened = shards.truth.filter(({ kind }) => kind === 'connecting');
    expect(new Set(opened.map(({ sessionId }) => sessionId)).size).toBe(opened.length);
  });

  it('tells what it knew of a worker that dies, and goes on without it', async () => {
    const shards = await virtualShards(plan, { ...STEADY, aheadMs: [0, 0, 0] });
    const { wall, fleet, links, events } = shards;
    fleet.start();
    wall.runUntil(fleet.startedAt + plan.durationMs / 2);
    const before = fleet.counters();
    expect(before.connected).toBeGreaterThan(5);
    links[1]?.die('was ended by SIGKILL');
    wall.runUntil(wall.now() + 300);
    const after = fleet.counters();
    expect(after.connected).toBeLessThan(before.connected);
    expect(after.connected).toBeGreaterThan(0);
    const statistics = await finishVirtually(shards, plan);
    expect(shards.lost).toHaveLength(1);
    expect(shards.lost[0]).toMatch(/^worker 2, which drove \d+ devices, was ended by SIGKILL$/);
    expect(statistics.workers?.map(({ lost }) => lost)).toEqual([
      undefined,
      shards.lost[0],
      undefined,
    ]);
    const open = new Set<string>();
    for (const { vantage, kind, sessionId } of events) {
      if (vantage !== 'device') continue;
      if (kind === 'connected') open.add(sessionId);
      else open.delete(sessionId);
    }
    expect([...open]).toEqual([]);
    const inferred = events.filter(({ raw }) => raw === 'worker 2 was ended by SIGKILL');
    expect(inferred.length).toBeGreaterThan(0);
    for (const event of inferred) expect(event.inferred).toEqual(['at', 'reason']);
  });

  it('blames no broker for messages to devices of a worker that died', async () => {
    const readers = `  sensors: { devices: 20, publish: { every: 150ms, qos: 1 } }
  readers: { devices: 6, subscribe: [{ filter: '#', qos: 1 }] }
`;
    const shards = await virtualShards(planOf(readers), { ...STEADY, aheadMs: [0, 5_000, 0] });
    const { wall, fleet, links } = shards;
    fleet.start();
    wall.runUntil(fleet.startedAt + 2_000);
    links[1]?.die('was ended by SIGKILL');
    const { messages } = await finishVirtually(shards, planOf(readers));
    expect(messages.deliveries).toMatchObject({ lost: 0, duplicated: 0, waiting: 0 });
    expect(messages.deliveries?.due).toBeGreaterThan(1_000);
    expect(fleet.counters()).toMatchObject({ connected: 0, accepted: 26, closed: 26 });
  });

  it('loses a worker that fails, with its words', async () => {
    const shards = await virtualShards(plan, { aheadMs: [0, 0] });
    shards.fleet.start();
    shards.wall.runUntil(shards.fleet.startedAt + 500);
    shards.links[0]?.say({ type: 'failed', message: 'no space left' });
    await finishVirtually(shards, plan);
    expect(shards.lost[0]).toContain('failed: no space left');
  });

  it('loses a worker that falls silent, long before the end', async () => {
    const long = makePlan({ ...scenario(FLEET), duration: 120_000 }, 'digest');
    const shards = await virtualShards(long, { aheadMs: [0, 0] });
    shards.fleet.start();
    shards.wall.runUntil(shards.fleet.startedAt + 2_000);
    shards.links[1]?.fallSilent();
    shards.wall.runUntil(shards.fleet.startedAt + 75_000);
    expect(shards.lost).toEqual([expect.stringContaining('said nothing for 60 s')]);
    await finishVirtually(shards, long);
    expect(shards.lost).toHaveLength(1);
  });

  it('begins nothing while it is paused, keeps its connections, and goes on where it was', async () => {
    const steady = planOf('  sensors: { devices: 8, publish: { every: 500ms, qos: 0 } }\n');
    const shards = await virtualShards(steady, { ...STEADY, aheadMs: [0, 5_000] });
    const { wall, clock, fleet } = shards;
    fleet.start();
    wall.runUntil(fleet.startedAt + 2_000);
    clock.pause();
    fleet.pause();
    wall.runUntil(wall.now() + 200);
    const paused = fleet.counters();
    expect(paused.connected).toBe(8);
    wall.runUntil(wall.now() + 60_000);
    expect(fleet.counters().published).toBe(paused.published);
    expect(fleet.counters().connected).toBe(8);
    clock.resume();
    fleet.resume();
    wall.runUntil(wall.now() + 2_000);
    expect(fleet.counters().published).toBeGreaterThan(paused.published + 8);
    const statistics = await finishVirtually(shards, steady);
    expect(statistics.messages.latenessMs?.max).toBeLessThan(1_000);
    const late = shards.events.filter(({ at }) => at > fleet.startedAt + 60_000);
    expect(late.length).toBeGreaterThan(0);
  });

  it('measures by the wall what is under way when it is paused', async () => {
    const readers = planOf(`  sensors: { devices: 20, publish: { every: 150ms, qos: 0 } }
  readers: { devices: 6, subscribe: [{ filter: '#', qos: 0 }] }
`);
    const shards = await virtualShards(readers, { ...STEADY, aheadMs: [0, 5_000, 0] });
    const { wall, clock, fleet } = shards;
    fleet.start();
    wall.runUntil(fleet.startedAt + 2_000);
    for (let pauses = 0; pauses < 5; pauses++) {
      clock.pause();
      fleet.pause();
      wall.runUntil(wall.now() + 1_037);
      clock.resume();
      fleet.resume();
      wall.runUntil(wall.now() + 211);
    }
    const { deliveries } = (await finishVirtually(shards, readers)).messages;
    expect(deliveries).toMatchObject({ lost: 0, duplicated: 0 });
    // Both ways through the broker take the same time for every message.
    const { min = 0, max = 0 } = deliveries?.latencyMs ?? {};
    expect(min).toBeGreaterThan(40);
    expect(max).toBeLessThan(42);
  });
});

/** Three digits: enough to see a value that was lost or counted twice. */
function sameDigits(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, one: unknown) =>
    typeof one === 'number' && !Number.isInteger(one) ? Number(one.toPrecision(3)) : one,
  );
  return JSON.parse(text);
}
