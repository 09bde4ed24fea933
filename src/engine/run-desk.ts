/**
 * A commander's side of one run in Redis: its keys, its jobs, the workers that have come, and what
 * people order from elsewhere. Whatever happens, `close` leaves nothing of the run behind.
 */
import { hostname } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Redis } from 'ioredis';
import type { FleetRequest } from '../shards/fleet-engine.ts';
import { PROTOCOL_VERSION } from '../shards/protocol.ts';
import { applyCommand } from './commands.ts';
import { type ShardJob, ShardQueue } from './job-queue.ts';
import { controlKey, runKey, shardKey } from './keys.ts';
import { type RunState, tellState } from './presence.ts';
import type { RedisAddress } from './redis-address.ts';
import { openRedis } from './redis-client.ts';
import { EphemeralKeys } from './seal.ts';
import { Seating } from './seating.ts';
import { createStreams, type StreamEntry, StreamReader, writeEntry } from './streams.ts';
import type { EngineTiming } from './timing.ts';
import { within } from './within.ts';

/** At the end Redis gets so long to forget the run; after it the keys expire by themselves. */
const CLOSE_TIMEOUT_MS = 2_000;
const CLOSE_LOST_MS = 500;

export interface DeskOptions {
  readonly address: RedisAddress;
  readonly request: FleetRequest;
  readonly shards: number;
  readonly toolVersion: string;
  readonly secret: string | undefined;
  readonly timing: EngineTiming;
}

export class RunDesk {
  readonly seating: Seating;
  readonly redis: Redis;
  readonly #options: DeskOptions;
  readonly #queue: ShardQueue;
  readonly #keys = new EphemeralKeys();
  readonly #reader: StreamReader;
  readonly #since = Date.now();
  readonly #streams: readonly string[];
  #phase: RunState['phase'] = 'waiting';
  #answeredAt = performance.now();
  #ticker: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  #onChange: () => void = () => {};

  private constructor(options: DeskOptions, redis: Redis, reader: Redis, queue: ShardQueue) {
    const { request, shards } = options;
    const { runId } = request;
    this.#options = options;
    this.redis = redis;
    this.#queue = queue;
    this.seating = new Seating({
      run: runId,
      plan: request.plan,
      shards,
      toolVersion: options.toolVersion,
      secret: options.secret,
      timing: options.timing,
      keys: this.#keys,
      write: (key, attempt, entry) => writeEntry(redis, key, attempt, entry),
      changed: () => {
        void this.#tellState().catch(() => {});
        this.#onChange();
      },
    });
    const both = this.seating.seats.flatMap(({ shard }) => [
      shardKey(runId, shard, 'up'),
      shardKey(runId, shard, 'down'),
    ]);
    this.#streams = [controlKey(runId), ...both];
    this.#reader = new StreamReader({
      reader,
      commands: redis,
      keys: this.#streams.filter((key) => !key.endsWith(':down')),
      isOurs: () => true,
      entries: (entries) => this.#take(entries),
      onAnswer: () => {
        this.#answeredAt = performance.now();
      },
    });
  }

  static async open(options: DeskOptions): Promise<RunDesk> {
    const { address } = options;
    const queue = await ShardQueue.open(await openRedis(address, 'queue'));
    const redis = await openRedis(address, 'commands');
    const desk = new RunDesk(options, redis, await openRedis(address, 'reader'), queue);
    try {
      await createStreams(redis, desk.#streams, options.timing.ttlMs);
      await desk.#tellState();
      await queue.sweep();
      await queue.add(desk.#jobs());
    } catch (error) {
      await desk.close();
      throw error;
    }
    void desk.#reader.run();
    desk.#ticker = setInterval(() => void desk.#tick(), options.timing.aliveMs);
    return desk;
  }

  /** Resolves when a worker comes or goes, and at the latest after `ms`. */
  changed(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#onChange = () => {};
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
      this.#onChange = done;
    });
  }

  /** Redis may have forgotten jobs, and a worker may have ended one that is needed still. */
  async renewJobs(): Promise<void> {
    const vacant = this.#jobs().filter(
      (_, index) => this.seating.seats[index]?.attempt === undefined,
    );
    await this.#queue.addMissing(vacant).catch(() => {});
  }

  /** From now on no shard can be given to another worker. */
  start(): void {
    this.seating.close('the run has started already');
    this.#phase = 'running';
    void this.#tellState().catch(() => {});
  }

  /** Dismisses whoever is left, and removes every trace of the run. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { runId } = this.#options.request;
    clearInterval(this.#ticker);
    this.seating.close('the run is over');
    for (const { attempt } of this.seating.seats) attempt?.dismiss('the run is over');
    const isThere = performance.now() - this.#answeredAt <= this.#options.timing.silenceMs / 2;
    const heard = this.seating.seats.map(({ attempt }) => attempt?.emptied());
    if (isThere) await within(CLOSE_TIMEOUT_MS, Promise.allSettled(heard));
    this.#reader.stop();
    const shards = this.seating.seats.map(({ shard }) => shard);
    const forgotten = Promise.allSettled([
      this.redis.del(runKey(runId), ...this.#streams),
      this.#queue.remove(runId, shards),
    ]);
    // A Redis that was lost may be back just now; if not, the keys expire when it is.
    await within(isThere ? CLOSE_TIMEOUT_MS : CLOSE_LOST_MS, forgotten);
    this.redis.disconnect();
    await this.#queue.close();
  }

  #jobs(): readonly ShardJob[] {
    const { request, toolVersion } = this.#options;
    return this.seating.seats.map(({ shard }) => ({
      protocol: PROTOCOL_VERSION,
      tool: toolVersion,
      run: request.runId,
      shard,
      shards: this.seating.seats.length,
      scenario: request.plan.scenario,
      host: hostname(),
      publicKey: this.#keys.publicKey,
    }));
  }

  #take(entries: readonly StreamEntry[]): void {
    for (const { kind, body } of entries) {
      if (kind !== 'command') continue;
      this.#phase = applyCommand(body, this.#options.request.control, this.#phase);
      void this.#tellState().catch(() => {});
    }
    this.seating.take(entries.filter(({ kind }) => kind !== 'command'));
  }

  async #tick(): Promise<void> {
    this.seating.tick(this.#answeredAt);
    await this.#renew().catch(() => {});
  }

  async #renew(): Promise<void> {
    const { ttlMs } = this.#options.timing;
    await this.#tellState();
    const batch = this.redis.pipeline();
    for (const key of this.#streams) batch.pexpire(key, ttlMs);
    const answers = (await batch.exec()) ?? [];
    if (this.#closing !== undefined) return;
    // Redis may have started anew, and forgotten all; what was on the way is sent again.
    const lost = this.#streams.filter((_, index) => answers[index]?.[1] === 0);
    if (lost.length > 0) await createStreams(this.redis, lost, ttlMs);
  }

  async #tellState(): Promise<void> {
    const { request, toolVersion, timing } = this.#options;
    if (this.#closing !== undefined) return;
    const state: RunState = {
      run: request.runId,
      scenario: request.plan.scenario,
      phase: this.#phase,
      shards: this.seating.seats.length,
      devices: request.plan.devices.length,
      host: hostname(),
      pid: process.pid,
      tool: toolVersion,
      since: this.#since,
      workers: this.seating.seats.flatMap(({ attempt }) => attempt?.hello.worker ?? []),
    };
    await tellState(this.redis, runKey(request.runId), state, timing.ttlMs);
  }
}
