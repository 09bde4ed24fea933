/** What people see of an engine, and order it: runs and workers at a Redis. */
import type { Redis } from 'ioredis';
import { orderRun, type RunCommand } from './commands.ts';
import { type EngineOverview, type RunState, readOverview } from './presence.ts';
import type { RedisAddress } from './redis-address.ts';
import { checkRedis, openRedis } from './redis-client.ts';

/** Runs and workers that are alive. Throws a `UserError` (69) when there is no such Redis. */
export function engineOverview(address: RedisAddress): Promise<EngineOverview> {
  return withRedis(address, readOverview);
}

/**
 * Pauses, resumes or cancels a run, or the only one there is; resolves when it has followed. Throws
 * a `UserError`: 64 without such a run, 69 when it does not follow.
 */
export function commandRun(
  address: RedisAddress,
  command: RunCommand,
  run: string | undefined,
): Promise<RunState> {
  return withRedis(address, (redis) => orderRun(redis, command, run));
}

async function withRedis<Result>(
  address: RedisAddress,
  work: (redis: Redis) => Promise<Result>,
): Promise<Result> {
  await checkRedis(address);
  const redis = await openRedis(address, 'commands');
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}
