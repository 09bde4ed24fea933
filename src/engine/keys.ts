/** Names in Redis. All begin with `doppelfleet:`, so that a user of Redis can be confined to them. */

const PREFIX = 'doppelfleet';

/** BullMQ's queue of shards: its keys are `doppelfleet:doppelfleet:…`. */
export const QUEUE = { name: 'doppelfleet', prefix: PREFIX } as const;

/** A run's or a worker's name, as it stands in keys. */
export const NAME_PATTERN = /^[\w.-]{1,100}$/;

/** What a commander says of its run, as JSON; it vanishes when the commander does. */
export function runKey(run: string): string {
  return `${PREFIX}:run:${run}`;
}

export const RUN_KEYS = `${PREFIX}:run:*`;

/** Orders of people to a run: pause, resume, cancel. */
export function controlKey(run: string): string {
  return `${PREFIX}:run:${run}:control`;
}

/** The two streams of a shard: `up` is from worker to commander. */
export function shardKey(run: string, shard: number, way: 'up' | 'down'): string {
  return `${PREFIX}:run:${run}:${shard}:${way}`;
}

/** What a worker says of itself, as JSON; it vanishes when the worker does. */
export function workerKey(id: string): string {
  return `${PREFIX}:worker:${id}`;
}

export const WORKER_KEYS = `${PREFIX}:worker:*`;

/** BullMQ's job of a shard. */
export function jobId(run: string, shard: number): string {
  return `${run}-shard-${shard}`;
}
