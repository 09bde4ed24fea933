/**
 * A worker's side of one job: asks the commander for the order, drives the shard as it is told, and
 * drops every connection when the commander, or Redis, has gone. Whatever comes is hostile input.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Redis } from 'ioredis';
import { UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import type { Clock } from '../core/time.ts';
import type { Connector } from '../fleet/connector.ts';
import { PROTOCOL_VERSION, type ShardOrder } from '../shards/protocol.ts';
import { ShardRunner } from '../shards/shard-runner.ts';
import type { Hello } from './attempt.ts';
import { Channel } from './channel.ts';
import { type CommanderWords, commanderWords } from './commander-words.ts';
import { errorWords } from './error-words.ts';
import type { JobEnd, ShardJob } from './job-queue.ts';
import { shardKey } from './keys.ts';
import { pack, unpack } from './pack.ts';
import { EphemeralKeys } from './seal.ts';
import { type StreamEntry, StreamReader, writeEntry } from './streams.ts';
import { type EngineTiming, ORDER_BYTES_MAX, WORKER_OUTBOX_BYTES } from './timing.ts';
import { within } from './within.ts';
import type { WorkerWords } from './worker-words.ts';

/** At the end the commander gets so long to hear the last word. */
const LAST_WORD_MS = 2_000;

export interface SessionPorts {
  readonly redis: Redis;
  /** For this session alone, which closes it. */
  readonly reader: Redis;
  readonly clock: Clock;
  readonly connector: (clock: Clock) => Promise<Connector>;
  /** Throws a `UserError` when this machine's rails forbid the order. */
  readonly checkOrder: (order: ShardOrder) => void;
  /** Addresses of this machine to connect from, instead of those of the order. */
  readonly sourceAddresses: readonly string[];
  readonly worker: string;
  readonly toolVersion: string;
  readonly secret: string | undefined;
  readonly timing: EngineTiming;
  readonly log: (sentence: string) => void;
  /** The worker is to leave. */
  readonly signal: AbortSignal;
}

export class ShardSession {
  readonly #job: ShardJob;
  readonly #ports: SessionPorts;
  readonly #attempt = randomUUID();
  readonly #keys = new EphemeralKeys();
  readonly #channel: Channel;
  readonly #reader: StreamReader;
  readonly #runner: ShardRunner;
  #answeredAt = performance.now();
  #tickedAt = performance.now();
  #started = false;
  #resolve: (end: JobEnd) => void = () => {};
  #hasEnded = false;

  /** Throws when the job's public key is none. */
  constructor(job: ShardJob, ports: SessionPorts) {
    const { run, shard } = job;
    const { redis, reader, timing } = ports;
    this.#job = job;
    this.#ports = ports;
    const context = { protocol: PROTOCOL_VERSION, run, shard, attempt: this.#attempt };
    const up = shardKey(run, shard, 'up');
    const down = shardKey(run, shard, 'down');
    this.#channel = new Channel({
      seal: this.#keys.agree(job.publicKey, 'worker', context, ports.secret),
      write: (entry) => writeEntry(redis, up, this.#attempt, entry),
      now: () => performance.now(),
      message: (packed) => this.#hear(commanderWords(unpack(packed))),
      broken: (why) => {
        ports.log(`${this.#title}: the commander is not believed: ${why}`);
        this.#finish('done');
      },
      overflowed: (why) => {
        ports.log(`${this.#title}: ${why}; every connection is dropped`);
        void this.#end({ type: 'failed', message: why }, 'done');
      },
      limits: {
        outboxBytes: WORKER_OUTBOX_BYTES,
        messageBytes: ORDER_BYTES_MAX,
        resendMs: 2 * timing.aliveMs,
      },
    });
    this.#reader = new StreamReader({
      reader,
      commands: redis,
      keys: [down],
      isOurs: ({ attempt }) => attempt === this.#attempt,
      entries: (entries) => this.#take(entries),
      onAnswer: () => {
        this.#answeredAt = performance.now();
      },
    });
    this.#runner = new ShardRunner({
      clock: ports.clock,
      connector: ports.connector,
      send: (message) => this.#say(message),
    });
  }

  /** Until the shard is done, or nothing can be done for it any more. Never rejects. */
  async serve(): Promise<JobEnd> {
    const { signal, timing } = this.#ports;
    const ended = new Promise<JobEnd>((resolve) => {
      this.#resolve = resolve;
    });
    const ticker = setInterval(() => this.#tick(), timing.aliveMs);
    const leave = (): void => void this.#leave();
    signal.addEventListener('abort', leave);
    try {
      await this.sayHello();
      void this.#reader.run();
      if (signal.aborted) leave();
      return await ended;
    } catch {
      // Its run has gone: the job was left over.
      return 'done';
    } finally {
      clearInterval(ticker);
      signal.removeEventListener('abort', leave);
      this.#hasEnded = true;
      this.#runner.kill();
      this.#reader.stop();
      this.#channel.end();
    }
  }

  /** Rejects when the run has gone. */
  async sayHello(): Promise<void> {
    const { redis, worker, toolVersion } = this.#ports;
    const said: Hello = {
      publicKey: this.#keys.publicKey,
      protocol: PROTOCOL_VERSION,
      tool: toolVersion,
      worker,
      host: hostname(),
      pid: process.pid,
    };
    await writeEntry(redis, shardKey(this.#job.run, this.#job.shard, 'up'), this.#attempt, {
      kind: 'hello',
      sequence: 0,
      body: Buffer.from(JSON.stringify(said)),
    });
  }

  /** A session that only says hello, so that the commander knows who can't serve it. */
  close(): void {
    this.#reader.stop();
    this.#channel.end();
  }

  #take(entries: readonly StreamEntry[]): void {
    for (const entry of entries) {
      const { kind } = entry;
      if (kind !== 'hello' && kind !== 'command') this.#channel.receive({ ...entry, kind });
    }
    // Who confirms confirmations is never done.
    if (entries.some(({ kind }) => kind !== 'ack')) this.#channel.acknowledge();
  }

  #hear(said: CommanderWords): void {
    if (this.#hasEnded) return;
    if (said.type === 'dismiss') {
      this.#ports.log(`${this.#title}: ${printable(said.message, 300)}`);
      this.#finish('done');
      return;
    }
    if (said.type === 'start') {
      this.#started = true;
      this.#ports.log(`drives ${this.#title}`);
    }
    let message = said;
    if (said.type === 'prepare') {
      const order = this.#ordered(said.order);
      if (order === undefined) return;
      message = { type: 'prepare', order };
    }
    this.#runner.receive(message).catch((error) => {
      this.#say({ type: 'failed', message: errorWords(error) });
    });
  }

  /** The order as this machine carries it out; undefined when its rails forbid it. */
  #ordered(order: ShardOrder): ShardOrder | undefined {
    const { checkOrder, sourceAddresses, log } = this.#ports;
    try {
      checkOrder(order);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      log(`${this.#title} is refused: ${error.message}`);
      this.#say({ type: 'refused', message: error.message });
      return undefined;
    }
    if (sourceAddresses.length === 0) return order;
    return { ...order, routes: { ...order.routes, sourceAddresses } };
  }

  #say(message: WorkerWords): void {
    this.#channel.send(pack(message));
  }

  #tick(): void {
    const { timing, log } = this.#ports;
    const now = performance.now();
    const wasHeldUp = now - this.#tickedAt - timing.aliveMs > timing.silenceMs / 4;
    this.#tickedAt = now;
    // A process that was held up itself has not listened.
    if (wasHeldUp) this.#channel.heardAt = now;
    this.#channel.tick();
    this.#channel.acknowledge();
    const silentMs = now - this.#channel.heardAt;
    if (silentMs <= timing.silenceMs) return;
    const redisMs = now - this.#answeredAt;
    const who = redisMs > timing.silenceMs / 2 ? 'Redis was lost' : 'the commander was silent';
    log(`${this.#title}: ${who} for ${Math.floor(silentMs / 1000)} s, every connection is dropped`);
    this.#finish('done');
  }

  async #leave(): Promise<void> {
    // What has not begun may be done by someone else.
    const end = this.#started ? 'done' : 'give-back';
    await this.#end({ type: 'left', message: 'its user ended it' }, end);
  }

  /** Ends with a last word in the place of all that was still to be said. */
  async #end(lastWord: WorkerWords, end: JobEnd): Promise<void> {
    this.#runner.kill();
    this.#channel.sendInstead(pack(lastWord));
    await within(LAST_WORD_MS, this.#channel.emptied());
    this.#finish(end);
  }

  #finish(end: JobEnd): void {
    this.#hasEnded = true;
    this.#runner.kill();
    this.#resolve(end);
  }

  get #title(): string {
    return `shard ${this.#job.shard} of run ${this.#job.run}`;
  }
}
