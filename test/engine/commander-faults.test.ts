/** What can happen to a Redis and to commanders, done to real ones: see docs/scale.md. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { commandRun, engineOverview } from '../../src/engine/engine-desk.ts';
import { parseRedisUrl } from '../../src/engine/redis-address.ts';
import { CLI, runKeys, startRun, startWorkers, WHOLE, wholeness } from '../support/engine-run.ts';
import { follow, followNode } from '../support/followed-process.ts';
import { fleetFor, LONG } from '../support/long-fleet.ts';
import { requireProgram } from '../support/programs.ts';
import { startRedis } from '../support/real-redis.ts';
import { writeScenario } from '../support/scenario-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const server = requireProgram('redis-server');

describe.skipIf(!server.available)(`a Redis${server.note}`, () => {
  test('that is lost in mid-run ends it as inconclusive, and workers drop their devices', async () => {
    const redis = await startRedis();
    const workers = await startWorkers(redis, ['a', 'b']);
    const { done, connected } = await startRun(redis, LONG, 2);
    await connected(12);
    await redis.kill();
    const { outcome, run } = await done;
    expect({ outcome, ended: run.outcome }).toEqual({
      outcome: 'inconclusive',
      ended: 'completed',
    });
    const lost = run.statistics.workers?.flatMap((one) => one.lost ?? []);
    expect(lost).toHaveLength(2);
    expect(lost?.[0]).toMatch(/was cut off: Redis was lost/);
    const ends = workers.map(async (worker) => {
      await worker.says('every connection is dropped');
      worker.child.kill('SIGTERM');
      return worker.ended;
    });
    expect(await Promise.all(ends)).toEqual([0, 0]);
  });

  test('that comes back in time has forgotten everything, and the run goes on', async () => {
    const redis = await startRedis();
    const workers = await startWorkers(redis, ['a', 'b']);
    const { done, connected } = await startRun(redis, fleetFor('5s'), 2);
    await connected(12);
    await redis.kill();
    const again = await startRedis({ port: redis.port });
    const { run } = await done;
    expect(wholeness(run)).toEqual(WHOLE);
    expect(run.statistics.connects.accepted).toBe(12);
    for (const worker of workers) await worker.says('is done');
    await vi.waitFor(async () => expect(await runKeys(again)).toEqual([]));
  });
});

describe.skipIf(!server.available)(`commanders${server.note}`, () => {
  test('of two runs at once share the workers without mixing', async () => {
    const redis = await startRedis();
    await startWorkers(redis, ['a', 'b', 'c', 'd']);
    const runs = await Promise.all([
      startRun(redis, fleetFor('2s'), 2),
      startRun(redis, fleetFor('2s'), 2),
    ]);
    for (const { run } of await Promise.all(runs.map(({ done }) => done))) {
      expect(wholeness(run)).toEqual(WHOLE);
      expect(run.statistics.connects.accepted).toBe(12);
    }
    await vi.waitFor(async () => expect(await runKeys(redis)).toEqual([]));
  });

  test('with too few workers say who has them', async () => {
    const redis = await startRedis();
    await startWorkers(redis, ['a', 'b']);
    const first = await startRun(redis, LONG, 2);
    await first.connected(12);
    const second = await startRun(redis, LONG, 2, { workerTimeoutMs: 1_500 });
    await expect(second.done).rejects.toMatchObject({
      exitCode: 69,
      message: expect.stringMatching(
        /0 of 2 workers came within 1\.5s — start 2 more with: npx doppelfleet worker[\s\S]*run .* holds 2 workers: [ab], [ab]/,
      ),
    });
    first.interrupt();
    await first.done;
    await vi.waitFor(async () => expect(await runKeys(redis)).toEqual([]));
  });

  test('are paused, resumed and cancelled from elsewhere', async () => {
    const redis = await startRedis();
    const address = parseRedisUrl(redis.url);
    await startWorkers(redis, ['a']);
    const { done, connected } = await startRun(redis, LONG, 1);
    await connected(12);
    expect((await commandRun(address, 'pause', undefined)).phase).toBe('paused');
    const { runs, workers } = await engineOverview(address);
    expect(runs).toMatchObject([{ scenario: 'long', phase: 'paused', shards: 1, workers: ['a'] }]);
    expect(workers).toMatchObject([{ worker: 'a', run: runs[0]?.run, shard: 1 }]);
    expect((await commandRun(address, 'resume', runs[0]?.run)).phase).toBe('running');
    await expect(commandRun(address, 'pause', 'nobody')).rejects.toThrow('no run nobody is here');
    await commandRun(address, 'cancel', undefined);
    expect((await done).run.outcome).toBe('interrupted');
    await expect(commandRun(address, 'pause', undefined)).rejects.toThrow('no run is here');
  });

  test('that are killed leave workers that drop everything, and keys that expire', async () => {
    const redis = await startRedis();
    const [worker] = await startWorkers(redis, ['a']);
    const folder = await temporaryFolder();
    const file = await writeScenario(folder, LONG);
    const options = ['--out', join(folder, 'runs'), '--certs', join(folder, 'certs')];
    const run = followNode([CLI, 'run', file, '--engine', redis.url, ...options]);
    await run.says('12/12 connected');
    run.child.kill('SIGKILL');
    await worker?.says('the commander was silent');
    await worker?.says('is done');
    const client = redis.client();
    const left = await runKeys(redis);
    const times = await Promise.all(left.map((key) => client.pttl(key)));
    expect(left.length).toBeGreaterThan(0);
    // -1 would be a key that stays; one that has gone since says -2.
    expect(times).not.toContain(-1);
  });

  test('whose disk is full end with 74, and their workers are done', async () => {
    const redis = await startRedis();
    const [worker] = await startWorkers(redis, ['a']);
    const folder = await temporaryFolder();
    const flapping = LONG.replace(
      'devices: 12',
      'devices: 12, behaviour: { kind: flapping, period: 200ms, downtime: 50ms }',
    );
    const file = await writeScenario(folder, flapping);
    const argv = ['run', file, '--engine', redis.url, '--out', join(folder, 'runs')];
    // No file may grow beyond 32 blocks of 1 KiB: the history meets that soon.
    const run = follow('bash', [
      '-c',
      'ulimit -f 32; exec "$0" "$@"',
      process.execPath,
      CLI,
      ...argv,
      '--certs',
      join(folder, 'certs'),
    ]);
    expect(await run.ended).toBe(74);
    expect(run.said()).toMatch(
      /cannot write .*history\.ndjson: the file has reached the size limit/,
    );
    await worker?.says('is done');
    await vi.waitFor(async () => expect(await runKeys(redis)).toEqual([]));
  });

  test('end a run with Ctrl-C, with 130, print no password and leave nothing', async () => {
    const redis = await startRedis({ password: 'a-secret' });
    const folder = await temporaryFolder();
    const file = await writeScenario(folder, LONG);
    const env = { DOPPELFLEET_REDIS_PASSWORD: 'a-secret' };
    const worker = followNode([CLI, 'worker', '--engine', redis.url, '--name', 'w'], env);
    await worker.says('waits for shards');
    const url = redis.url.replace('//', '//:a-secret@');
    const options = ['--out', join(folder, 'runs'), '--certs', join(folder, 'certs')];
    const run = followNode([CLI, 'run', file, '--engine', url, '--json', ...options]);
    await run.says('12/12 connected');
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(130);
    await worker.says('is done');
    await vi.waitFor(async () => expect(await runKeys(redis)).toEqual([]));
    expect(run.said()).not.toContain('a-secret');
    const { folder: own } = JSON.parse(run.stdout()) as { readonly folder: string };
    expect(await readFile(join(own, 'report.json'), 'utf8')).not.toContain('a-secret');
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toBe(0);
    await vi.waitFor(async () => expect((await redis.keys()).join()).not.toContain('worker'));
  });
});
