/** What can happen to a worker, done to real processes and a real Redis: see docs/scale.md. */
import { describe, expect, test, vi } from 'vitest';
import {
  runKeys,
  startRun,
  startWorker,
  startWorkers,
  WHOLE,
  wholeness,
} from '../support/engine-run.ts';
import { fleetFor, LONG } from '../support/long-fleet.ts';
import { requireProgram } from '../support/programs.ts';
import { type RealRedis, startRedis } from '../support/real-redis.ts';

const server = requireProgram('redis-server');

describe.skipIf(!server.available)(`a worker${server.note}`, () => {
  test('that dies before the start is replaced by another', async () => {
    const redis = await startRedis();
    const dies = await startWorker(redis, 'dies');
    const { done, told } = await startRun(redis, fleetFor('1s'), 2);
    await told('1 of 2 workers are here');
    dies.child.kill('SIGKILL');
    await startWorkers(redis, ['lives', 'comes']);
    const { run } = await done;
    expect(wholeness(run)).toEqual(WHOLE);
    const names = run.statistics.workers?.map(({ worker }) => worker.replace(/^worker \d /, ''));
    expect(names?.toSorted()).toEqual(['(comes)', '(lives)']);
    await vi.waitFor(async () => expect(await runKeys(redis)).toEqual([]));
  });

  test('that dies in mid-run is named; the others go on, and nothing is proved', async () => {
    const redis = await startRedis();
    const workers = await startWorkers(redis, ['a', 'b', 'c', 'idle']);
    const { done, connected } = await startRun(redis, fleetFor('5s'), 3);
    await connected(12);
    const victim = workers.find((one) => one.said().includes('drives shard 2'));
    victim?.child.kill('SIGKILL');
    const { outcome, run } = await done;
    expect({ outcome, ended: run.outcome }).toEqual({
      outcome: 'inconclusive',
      ended: 'completed',
    });
    const lost = run.statistics.workers?.flatMap((one) => one.lost ?? []);
    expect(lost).toEqual([
      expect.stringMatching(/^worker 2 \(.*\), which drove .* was silent for/),
    ]);
    expect(run.statistics.devices.connected).toBe(12);
    await vi.waitFor(async () => expect(await runKeys(redis)).toEqual([]));
    // Nobody has driven its shard again, though a worker had nothing to do.
    expect(workers.flatMap((one) => one.said().match(/drives shard/g) ?? [])).toHaveLength(3);
  });

  test('that is asked to leave says so, drops its connections and ends with 0', async () => {
    const redis = await startRedis();
    const [a, b] = await startWorkers(redis, ['a', 'b']);
    const { done, connected, interrupt } = await startRun(redis, LONG, 2);
    await connected(12);
    a?.child.kill('SIGTERM');
    expect(await a?.ended).toBe(0);
    interrupt();
    const { run } = await done;
    expect(run.outcome).toBe('interrupted');
    const lost = run.statistics.workers?.flatMap((one) => one.lost ?? []);
    expect(lost).toEqual([expect.stringContaining('left: its user ended it')]);
    await b?.says('is done');
    await vi.waitFor(async () => expect(await runKeys(redis)).toEqual([]));
  });

  test('of another version leaves the job to the right one, and is named without one', async () => {
    const redis = await startRedis();
    const old = await startWorker(redis, 'old', { version: '0.0.1' });
    const { done } = await startRun(redis, fleetFor('1s'), 1, { workerTimeoutMs: 2_000 });
    await expect(done).rejects.toThrow(
      /old on .* is doppelfleet 0\.0\.1 \(protocol \d+\), and this/,
    );
    await vi.waitFor(async () => expect(await runKeys(redis)).toEqual([]));
    const again = await startRun(redis, fleetFor('1s'), 1);
    await startWorker(redis, 'right');
    expect(wholeness((await again.done).run)).toEqual(WHOLE);
    expect(old.said()).toContain('is left to others');
  });

  test('refuses what its own user has not allowed, before the first packet', async () => {
    const redis = await startRedis();
    const worker = await startWorker(redis, 'small', { devicesMax: 3 });
    const { done } = await startRun(redis, LONG, 1);
    await expect(done).rejects.toMatchObject({
      exitCode: 64,
      message: expect.stringMatching(/worker 1 \(small\) refuses: .*12 devices, the cap is 3/),
    });
    expect(worker.said()).toContain('is refused');
    await vi.waitFor(async () => expect(await runKeys(redis)).toEqual([]));
  });

  test('in whose name someone else speaks loses its place, and nobody else does', async () => {
    const redis = await startRedis();
    await startWorkers(redis, ['a', 'b']);
    const { done, connected } = await startRun(redis, fleetFor('3s'), 2);
    await connected(12);
    const client = redis.client();
    const [key = ''] = await client.keys('doppelfleet:run:*:1:up');
    // Of an unknown sender, and of none at all: both are left unread.
    await client.xadd(key, '*', 'a', 'nobody', 'k', 'last', 'n', '1', 'd', 'x');
    await client.xadd(key, '*', 'nonsense', 'x');
    await client.xadd(key, '*', 'a', await senderOf(redis, key), 'k', 'last', 'n', '1', 'd', 'x');
    const { outcome, run } = await done;
    expect(outcome).toBe('inconclusive');
    const lost = run.statistics.workers?.flatMap((one) => one.lost ?? []);
    expect(lost).toEqual([
      expect.stringMatching(/^worker 1 .* it sent something that was not sealed for us$/),
    ]);
  });
});

/** Who writes to a stream, read from the commands that Redis gets: the stream itself is empty. */
async function senderOf(redis: RealRedis, key: string): Promise<string> {
  const seen = await redis.monitor();
  return vi.waitFor(() => {
    const [, sender] = new RegExp(`"${key}" "NOMKSTREAM" "\\*" "a" "([\\w-]+)"`).exec(seen()) ?? [];
    if (sender === undefined) throw new Error('nobody writes yet');
    return sender;
  });
}
