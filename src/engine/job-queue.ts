/** BullMQ's queue of shards. A job holds no secret: see `ShardJob`. */
import type { Job, Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { jobId, NAME_PATTERN, QUEUE, runKey } from './keys.ts';
import { bullmq } from './libraries.ts';
import type { EngineTiming } from './timing.ts';
import { within } from './within.ts';

/** Events of BullMQ that are kept for its own tools. */
const EVENTS_KEPT = 100;
/** So many jobs are looked at for those that nobody waits for any more. */
const SWEEP_MAX = 10_000;
/** Redis may be gone when a worker leaves. */
const CLOSE_TIMEOUT_MS = 1_500;
/** A shard that is left says so first, which takes up to two seconds. */
const HELD_TIMEOUT_MS = 3_500;
/** How often the dead may have held a job before it counts as failed. */
const STALLED_MAX = 20;

const shardJob = z.strictObject({
  protocol: z.number().int(),
  tool: z.string().max(100),
  run: z.string().regex(NAME_PATTERN),
  shard: z.number().int().min(1).max(100_000),
  shards: z.number().int().min(1).max(100_000),
  scenario: z.string().max(200),
  host: z.string().max(300),
  /** With which the commander agrees on keys; base64url. */
  publicKey: z.string().max(100),
});

/** What a worker learns from the queue: whose shard it is, and how to ask for the order. */
export type ShardJob = z.output<typeof shardJob>;

/** Undefined when it is none. */
export function parseShardJob(data: unknown): ShardJob | undefined {
  return shardJob.safeParse(data).data;
}

export class ShardQueue {
  readonly #queue: Queue;
  readonly #redis: Redis;

  private constructor(queue: Queue, redis: Redis) {
    this.#queue = queue;
    this.#redis = redis;
  }

  /** `redis` is given to BullMQ alone, and closed with the queue. */
  static async open(redis: Redis): Promise<ShardQueue> {
    const { Queue } = await bullmq();
    const queue = new Queue(QUEUE.name, {
      connection: redis,
      prefix: QUEUE.prefix,
      streams: { events: { maxLen: EVENTS_KEPT } },
    });
    queue.on('error', () => {});
    return new ShardQueue(queue, redis);
  }

  /** All at once, so that those of two runs never mix. */
  async add(jobs: readonly ShardJob[]): Promise<void> {
    await this.#queue.addBulk(
      jobs.map((data) => ({
        name: 'shard',
        data,
        opts: { jobId: jobId(data.run, data.shard), removeOnComplete: true, removeOnFail: true },
      })),
    );
  }

  /** Puts back what Redis has forgotten, or what ended without having been needed. */
  async addMissing(jobs: readonly ShardJob[]): Promise<void> {
    const there = await Promise.all(
      jobs.map(({ run, shard }) => this.#queue.getJob(jobId(run, shard))),
    );
    const missing = jobs.filter((_, index) => there[index] === undefined);
    if (missing.length > 0) await this.add(missing);
  }

  /** Whoever holds one still: it is nobody's any more. */
  async remove(run: string, shards: readonly number[]): Promise<void> {
    const ids = shards.map((shard) => jobId(run, shard));
    // BullMQ removes no job that is locked, and the dead can't give up their locks.
    await this.#redis.del(...ids.map((id) => this.#queue.toKey(`${id}:lock`)));
    await Promise.allSettled(ids.map((id) => this.#queue.remove(id)));
  }

  /** Removes jobs whose run has gone without a word. */
  async sweep(): Promise<void> {
    const jobs: readonly Job[] = await this.#queue.getJobs(['waiting', 'active'], 0, SWEEP_MAX);
    for (const job of jobs) {
      const data = parseShardJob(job?.data);
      if (data !== undefined && (await this.#redis.exists(runKey(data.run))) === 1) continue;
      // One that a living worker holds still is locked, and stays.
      await job?.remove().catch(() => {});
    }
  }

  async close(): Promise<void> {
    await within(CLOSE_TIMEOUT_MS, this.#queue.close());
    this.#redis.disconnect();
  }
}

/** What became of a job. */
export type JobEnd = 'done' | 'give-back';

export interface JobTaker {
  /** Takes no job for so long; one that is held is given back. */
  pauseFor(ms: number): void;
  close(): Promise<void>;
}

/** Takes jobs one at a time; `redis` is given to BullMQ alone. */
export async function takeJobs(
  redis: Redis,
  timing: EngineTiming,
  serve: (data: unknown) => Promise<JobEnd>,
  onError: (error: Error) => void,
): Promise<JobTaker> {
  const { WaitingError, Worker: BullWorker } = await bullmq();
  let resume: NodeJS.Timeout | undefined;
  let hasClosed = false;
  const clients = [redis];
  // BullMQ waits on a connection of its own, which it would keep while Redis is gone.
  const duplicate = redis.duplicate.bind(redis);
  redis.duplicate = (override) => {
    const client = duplicate(override);
    clients.push(client);
    if (hasClosed) client.disconnect();
    return client;
  };
  const held = new Held();
  const worker: Worker = new BullWorker(
    QUEUE.name,
    async (job: Job, token?: string) => {
      held.take(job.id);
      if ((await serve(job.data)) === 'done') return;
      await job.moveToWait(token);
      held.leave(job.id);
      throw new WaitingError();
    },
    {
      connection: redis,
      prefix: QUEUE.prefix,
      concurrency: 1,
      lockDuration: timing.lockMs,
      stalledInterval: timing.stalledMs,
      maxStalledCount: STALLED_MAX,
    },
  );
  worker.on('error', onError);
  worker.on('completed', (job) => held.leave(job.id));
  worker.on('failed', (job) => held.leave(job?.id));
  return {
    pauseFor(ms) {
      clearTimeout(resume);
      void worker.pause(true);
      resume = setTimeout(() => void worker.resume(), ms);
    },
    async close() {
      clearTimeout(resume);
      await within(HELD_TIMEOUT_MS, held.nothing());
      // By force: without Redis it would wait for ever, and keep the process alive meanwhile.
      await within(CLOSE_TIMEOUT_MS, worker.close(true));
      hasClosed = true;
      for (const client of clients) client.disconnect();
    },
  };
}

/** Jobs that have been taken, and whose end has not been told to Redis. */
class Held {
  readonly #jobs = new Set<string | undefined>();
  #onNothing: (() => void)[] = [];

  take(id: string | undefined): void {
    this.#jobs.add(id);
  }

  leave(id: string | undefined): void {
    this.#jobs.delete(id);
    if (this.#jobs.size === 0) for (const resolve of this.#onNothing.splice(0)) resolve();
  }

  /** Resolves when there is none. */
  nothing(): Promise<void> {
    if (this.#jobs.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onNothing.push(resolve));
  }
}
