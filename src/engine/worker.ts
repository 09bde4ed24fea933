/**
 * A worker of the fleet: waits at a Redis for shards and drives one at a time, until it is told to
 * leave. It does what a queue says, and so its machine's rails decide what that may be.
 */
import { hostname } from 'node:os';
import type { Redis } from 'ioredis';
import { printable } from '../core/text.ts';
import type { Clock } from '../core/time.ts';
import { mqttConnector } from '../fleet/mqtt-connector.ts';
import { realClock } from '../fleet/real-clock.ts';
import { PROTOCOL_VERSION, type ShardOrder } from '../shards/protocol.ts';
import { type JobEnd, parseShardJob, type ShardJob, ShardQueue, takeJobs } from './job-queue.ts';
import { runKey, workerKey } from './keys.ts';
import { tellState, type WorkerState } from './presence.ts';
import type { RedisAddress } from './redis-address.ts';
import { checkRedis, openRedis } from './redis-client.ts';
import { ShardSession } from './shard-session.ts';
import { ENGINE_TIMING, type EngineTiming } from './timing.ts';

/** What it says of itself vanishes after so many missed renewals. */
const MISSED_MAX = 15;

export interface EngineWorkerOptions {
  readonly address: RedisAddress;
  /** As people know it; from host and process by default. */
  readonly name?: string;
  readonly toolVersion: string;
  /** Throws a `UserError` when this machine's rails forbid the order. */
  readonly checkOrder: (order: ShardOrder) => void;
  /** Addresses of this machine to connect from. */
  readonly sourceAddresses?: readonly string[];
  readonly secret?: string;
  /** One sentence for each thing that happens. */
  readonly log: (sentence: string) => void;
  /** Aborting leaves: connections are dropped, the commander is told. */
  readonly signal: AbortSignal;
  /** Aborting leaves without a word. */
  readonly killSignal?: AbortSignal;
  readonly timing?: EngineTiming;
  readonly clock?: Clock;
}

/** Resolves when it has left. Throws a `UserError` (69) when there is no Redis to begin with. */
export async function serveEngine(options: EngineWorkerOptions): Promise<void> {
  await checkRedis(options.address);
  const worker = new EngineWorker(options, await openRedis(options.address, 'commands'));
  await worker.serve();
}

class EngineWorker {
  readonly #options: EngineWorkerOptions;
  readonly #redis: Redis;
  readonly #timing: EngineTiming;
  readonly #name: string;
  readonly #since = Date.now();
  #job: ShardJob | undefined;
  #pauseFor: (ms: number) => void = () => {};
  #isLost = false;

  constructor(options: EngineWorkerOptions, redis: Redis) {
    this.#options = options;
    this.#redis = redis;
    this.#timing = options.timing ?? ENGINE_TIMING;
    this.#name = options.name ?? `${hostname()}-${process.pid}`;
  }

  async serve(): Promise<void> {
    const { address, signal, killSignal, log } = this.#options;
    const queue = await ShardQueue.open(await openRedis(address, 'queue'));
    await queue.sweep().catch(() => {});
    await queue.close();
    const taker = await takeJobs(
      await openRedis(address, 'queue'),
      this.#timing,
      (data) => this.#serve(data),
      () => {},
    );
    this.#pauseFor = (ms) => taker.pauseFor(ms);
    const ticker = setInterval(() => void this.#tick(), this.#timing.aliveMs);
    log(`${printable(this.#name)} waits for shards at ${address.title}`);
    await this.#tick();
    await aborted(signal);
    clearInterval(ticker);
    const closed = taker.close();
    await (killSignal === undefined ? closed : Promise.race([closed, aborted(killSignal)]));
    await this.#redis.del(workerKey(this.#id)).catch(() => {});
    this.#redis.disconnect();
    log(`${printable(this.#name)} has left`);
  }

  get #id(): string {
    return `${hostname()}-${process.pid}`.replace(/[^\w.-]/g, '-').slice(-100);
  }

  async #serve(data: unknown): Promise<JobEnd> {
    const job = parseShardJob(data);
    if (job === undefined) return 'done';
    const { run, shard, shards, scenario, host } = job;
    if ((await this.#redis.exists(runKey(run)).catch(() => 0)) === 0) return 'done';
    const session = await this.#session(job);
    if (session === undefined) return 'done';
    const { log, toolVersion } = this.#options;
    const title = `shard ${shard} of ${shards} of run ${run}`;
    if (job.protocol !== PROTOCOL_VERSION || job.tool !== toolVersion) {
      log(
        `${title} is left to others: it is of doppelfleet ${printable(job.tool, 100)} ` +
          `(protocol ${job.protocol}), and this is ${toolVersion} (protocol ${PROTOCOL_VERSION})`,
      );
      this.#pauseFor(this.#timing.refusalPauseMs);
      await session.sayHello().catch(() => {});
      session.close();
      return 'give-back';
    }
    log(`asks for ${title} (${printable(scenario, 100)}) from ${printable(host, 100)}`);
    this.#job = job;
    await this.#tick();
    const end = await session.serve();
    this.#job = undefined;
    await this.#tick();
    log(`${title} is ${end === 'done' ? 'done' : 'given back'}`);
    return end;
  }

  async #session(job: ShardJob): Promise<ShardSession | undefined> {
    const {
      address,
      toolVersion,
      checkOrder,
      sourceAddresses = [],
      secret,
      log,
      signal,
    } = this.#options;
    const reader = await openRedis(address, 'reader');
    try {
      return new ShardSession(job, {
        redis: this.#redis,
        reader,
        clock: this.#options.clock ?? realClock,
        connector: mqttConnector,
        checkOrder,
        sourceAddresses,
        worker: this.#name,
        toolVersion,
        secret,
        timing: this.#timing,
        log,
        signal,
      });
    } catch {
      // Its public key is none: nobody can be spoken with.
      reader.disconnect();
      return undefined;
    }
  }

  async #tick(): Promise<void> {
    const { toolVersion, log } = this.#options;
    const state: WorkerState = {
      worker: this.#name,
      host: hostname(),
      pid: process.pid,
      tool: toolVersion,
      protocol: PROTOCOL_VERSION,
      since: this.#since,
      ...(this.#job === undefined ? {} : { run: this.#job.run, shard: this.#job.shard }),
    };
    try {
      await tellState(this.#redis, workerKey(this.#id), state, MISSED_MAX * this.#timing.aliveMs);
      if (this.#isLost) log('Redis is back');
      this.#isLost = false;
    } catch {
      if (!this.#isLost) log('Redis is gone; it is tried again until it is back');
      this.#isLost = true;
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}
