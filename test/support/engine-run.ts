/** Runs on a Redis in this process, with workers in others. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseRedisUrl } from '../../src/engine/redis-address.ts';
import { redisEngine } from '../../src/engine/redis-engine.ts';
import type { RunReport } from '../../src/report/report.ts';
import type { RunObserver, RunOptions } from '../../src/run/ports.ts';
import { runScenario } from '../../src/run/run-scenario.ts';
import { toolVersion } from '../../src/run/tool-version.ts';
import { loadScenario } from '../../src/scenario/load.ts';
import { QUICK } from './engine-timing.ts';
import { type FollowedProcess, followNode } from './followed-process.ts';
import type { RealRedis } from './real-redis.ts';
import { writeScenario } from './scenario-file.ts';
import { temporaryFolder } from './temporary-folder.ts';

const PROGRAM = fileURLToPath(new URL('./engine-worker.ts', import.meta.url));
export const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

export interface WorkerWishes {
  readonly version?: string;
  readonly skewMs?: number;
  readonly sourceAddress?: string;
  readonly devicesMax?: number;
  readonly secret?: string;
}

/** Resolves when it waits for shards. */
export async function startWorker(
  redis: RealRedis,
  name: string,
  wishes: WorkerWishes = {},
): Promise<FollowedProcess> {
  const worker = followNode([PROGRAM, JSON.stringify({ url: redis.url, name, ...wishes })]);
  await worker.says('waits for shards');
  return worker;
}

/** Three by default, called a, b, c. */
export function startWorkers(
  redis: RealRedis,
  names: readonly string[] = ['a', 'b', 'c'],
): Promise<readonly FollowedProcess[]> {
  return Promise.all(names.map((name) => startWorker(redis, name)));
}

export interface StartedRun {
  readonly done: Promise<{ readonly outcome: string; readonly run: RunReport }>;
  /** Resolves when as many devices are connected, and when the words were told. */
  connected(devices: number): Promise<void>;
  told(words: string): Promise<void>;
  interrupt(): void;
}

export async function startRun(
  redis: RealRedis,
  scenario: string,
  workers: number,
  more: RunOptions & { readonly workerTimeoutMs?: number; readonly secret?: string } = {},
): Promise<StartedRun> {
  const { workerTimeoutMs = 30_000, secret, ...options } = more;
  const folder = await temporaryFolder();
  const file = await writeScenario(folder, scenario);
  const interrupt = new AbortController();
  const words: string[] = [];
  let connected = 0;
  const checks = new Set<() => void>();
  const look = (): void => {
    for (const check of checks) check();
  };
  const observer: RunObserver = {
    mustering(text) {
      words.push(text);
      look();
    },
    progress(progress) {
      connected = progress.connected;
      look();
    },
  };
  const report = runScenario(await loadScenario(file), {
    out: join(folder, 'runs'),
    certs: join(folder, 'certs'),
    page: false,
    engine: redisEngine({
      address: parseRedisUrl(redis.url),
      workers,
      workerTimeoutMs,
      toolVersion: toolVersion(),
      timing: QUICK,
      ...(secret === undefined ? {} : { secret }),
    }),
    observer,
    signal: interrupt.signal,
    ...options,
  });
  const done = report.then(({ outcome, runs: [run] }) => {
    if (run === undefined) throw new Error('no run');
    return { outcome, run };
  });
  done.catch(() => {});
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (!holds()) return;
        checks.delete(check);
        resolve();
      };
      checks.add(check);
      check();
      done.then(() => reject(new Error('the run ended first')), reject);
    });
  return {
    done,
    connected: (devices) => until(() => connected >= devices),
    told: (text) => until(() => words.includes(text)),
    interrupt: () => interrupt.abort(),
  };
}

/** Keys that belong to a run; those of the queue itself and of workers do not. */
export async function runKeys(redis: RealRedis): Promise<readonly string[]> {
  const keys = await redis.keys();
  return keys.filter((key) => !OWN_KEYS.test(key));
}

const OWN_KEYS =
  /^doppelfleet:(worker:.*|doppelfleet:(stalled-check|meta|events|id|marker|stalled))$/;

/**
 * Everything that a run which nothing has happened to shows of its fleet. Not its verdict: on a busy
 * machine a generator rightly says that it proves nothing.
 */
export function wholeness({ outcome, statistics }: RunReport) {
  return {
    outcome,
    neverConnected: statistics.devices.neverConnected,
    lost: statistics.workers?.flatMap((one) => one.lost ?? []),
  };
}

export const WHOLE: ReturnType<typeof wholeness> = {
  outcome: 'completed',
  neverConnected: [],
  lost: [],
};
