/** What runs and workers say of themselves in Redis, for `engine list` and for one another. */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { printable } from '../core/text.ts';
import { NAME_PATTERN, RUN_KEYS, WORKER_KEYS } from './keys.ts';

/** More than anyone runs; what comes beyond it is not shown. */
const SHOWN_MAX = 10_000;
const SCAN_COUNT = 500;

/** Text of someone else's, for a terminal. */
const shown = z
  .string()
  .max(300)
  .transform((text) => printable(text, 100));
const whole = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const runState = z.object({
  run: z.string().regex(NAME_PATTERN),
  scenario: shown,
  /** `waiting`: for workers. */
  phase: z.enum(['waiting', 'running', 'paused']),
  shards: whole,
  devices: whole,
  host: shown,
  pid: whole,
  tool: shown,
  since: whole,
  /** Names of the workers that hold its shards. */
  workers: z.array(shown).max(SHOWN_MAX),
});

/** A run, as its commander tells. */
export type RunState = z.output<typeof runState>;

const workerState = z.object({
  worker: shown,
  host: shown,
  pid: whole,
  tool: shown,
  protocol: whole,
  since: whole,
  /** The shard that it has; absent while it waits for one. */
  run: z.string().regex(NAME_PATTERN).optional(),
  shard: whole.optional(),
});

/** A worker, as it tells. */
export type WorkerState = z.output<typeof workerState>;

/** Runs and workers that are alive, by name. */
export interface EngineOverview {
  readonly runs: readonly RunState[];
  readonly workers: readonly WorkerState[];
}

/** Renewed more often than it vanishes. */
export async function tellState(
  redis: Redis,
  key: string,
  state: RunState | WorkerState,
  ttlMs: number,
): Promise<void> {
  await redis.set(key, JSON.stringify(state), 'PX', ttlMs);
}

export async function readOverview(redis: Redis): Promise<EngineOverview> {
  const runs = await states(redis, RUN_KEYS, runState);
  const workers = await states(redis, WORKER_KEYS, workerState);
  return {
    runs: runs.sort((a, b) => a.since - b.since),
    workers: workers.sort((a, b) => a.worker.localeCompare(b.worker)),
  };
}

async function states<State>(
  redis: Redis,
  pattern: string,
  schema: z.ZodType<State>,
): Promise<State[]> {
  const keys = new Set<string>();
  let cursor = '0';
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT);
    // A run's streams have longer names than the run.
    for (const key of found) if (key.split(':').length === 3) keys.add(key);
    cursor = next;
  } while (cursor !== '0' && keys.size < SHOWN_MAX);
  const texts = keys.size === 0 ? [] : await redis.mget(...keys);
  return texts.flatMap((text) => {
    const state = schema.safeParse(parsed(text));
    return state.success ? [state.data] : [];
  });
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
