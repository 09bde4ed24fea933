/** A fleet whose devices live in other processes, which wait at a real Redis. */
import { describe, expect, test, vi } from 'vitest';
import { localEngine } from '../../src/index.ts';
import { runKeys, startRun, startWorker, WHOLE, wholeness } from '../support/engine-run.ts';
import { fleetFor } from '../support/long-fleet.ts';
import { deviceEvents, findingsOf, MIXED } from '../support/mixed-fleet.ts';
import { requireProgram } from '../support/programs.ts';
import { startRedis } from '../support/real-redis.ts';

const server = requireProgram('redis-server');

describe.skipIf(!server.available)(`a fleet on many machines${server.note}`, () => {
  test('has the findings of one process, from every machine, and Redis sees and keeps nothing', async () => {
    const redis = await startRedis();
    const workers = await Promise.all(
      [2, 3, 4].map((n) => startWorker(redis, `w${n}`, { sourceAddress: `127.0.0.${n}` })),
    );
    const seen = await redis.monitor();
    const started = await startRun(redis, MIXED, 3);
    const { run } = await started.done;
    expect(wholeness(run)).toEqual(WHOLE);
    const alone = await startRun(redis, MIXED, 1, { engine: localEngine(1) });
    expect(findingsOf(run)).toEqual(findingsOf((await alone.done).run));
    const devices = await deviceEvents(run);
    expect(new Set(devices.flatMap(({ ip }) => ip ?? []))).toEqual(
      new Set(['127.0.0.2', '127.0.0.3', '127.0.0.4']),
    );
    expect(run.statistics.workers?.map(({ worker }) => worker.replace(/\(.*/, ''))).toEqual([
      'worker 1 ',
      'worker 2 ',
      'worker 3 ',
    ]);
    const written = (kind: string): number => seen().split(`"k" "${kind}"`).length - 1;
    expect(written('last')).toBeGreaterThan(0);
    // Confirmations are not confirmed: that would never end.
    expect(written('ack')).toBeLessThan(5 * written('last'));
    expect(seen()).not.toMatch(/PRIVATE KEY|CERTIFICATE|sensors-1/);
    for (const worker of workers) await worker.says('is done');
    await vi.waitFor(async () => expect(await runKeys(redis)).toEqual([]));
  });

  test('keeps its clock, whatever a worker believes the time to be', async () => {
    const redis = await startRedis();
    await startWorker(redis, 'past', { skewMs: -3_600_000 });
    await startWorker(redis, 'future', { skewMs: 90_000 });
    const { done } = await startRun(redis, fleetFor('1s'), 2);
    const { run } = await done;
    expect(wholeness(run)).toEqual(WHOLE);
    const clocks = run.statistics.workers?.map(({ clock }) =>
      Math.round((clock?.offsetMs ?? 0) / 1000),
    );
    expect(clocks?.toSorted((a, b) => a - b)).toEqual([-3_600, 90]);
    const times = (await deviceEvents(run)).map(({ at }) => at);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(run.startedAt);
    expect(Math.max(...times)).toBeLessThanOrEqual(run.endedAt);
  });

  test('is driven only by workers that know the secret', async () => {
    const redis = await startRedis();
    const stranger = await startWorker(redis, 'stranger', { secret: 'another' });
    const { done, told } = await startRun(redis, fleetFor('1s'), 1, { secret: 'ours' });
    await stranger.says('asks for shard 1');
    await stranger.says('the commander is not believed');
    await startWorker(redis, 'friend', { secret: 'ours' });
    await stranger.says('is done');
    await told('1 of 1 worker are here');
    stranger.child.kill('SIGKILL');
    expect(wholeness((await done).run)).toEqual(WHOLE);
  });
});
