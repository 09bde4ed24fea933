/**
 * Who has which shard of a run, at its commander: workers that ask are given a place, or sent away;
 * who leaves or is silent for too long loses it.
 */
import { performance } from 'node:perf_hooks';
import type { FleetPlan } from '../scenario/plan.ts';
import { PROTOCOL_VERSION } from '../shards/protocol.ts';
import { splitPlan } from '../shards/split.ts';
import { Attempt, type Hello, parseHello } from './attempt.ts';
import { shardKey } from './keys.ts';
import type { EphemeralKeys } from './seal.ts';
import { Seat } from './seat.ts';
import type { StreamEntry } from './streams.ts';
import type { EngineTiming } from './timing.ts';

/** Names of workers that were refused are kept for the message up to this many. */
const STRANGERS_MAX = 20;

export interface SeatingOptions {
  readonly run: string;
  readonly plan: FleetPlan;
  readonly shards: number;
  readonly toolVersion: string;
  readonly secret: string | undefined;
  readonly timing: EngineTiming;
  readonly keys: EphemeralKeys;
  readonly write: (
    key: string,
    attempt: string,
    entry: Omit<StreamEntry, 'key' | 'id' | 'attempt'>,
  ) => Promise<void>;
  /** A worker has come or gone. */
  readonly changed: () => void;
}

export class Seating {
  readonly seats: readonly Seat[];
  /** Why a worker's rails forbid the run. */
  refusal: string | undefined;
  /** Workers of other versions that asked. */
  readonly strangers = new Set<string>();
  readonly #options: SeatingOptions;
  readonly #seatOf: ReadonlyMap<string, Seat>;
  #closed: string | undefined;
  #tickedAt = performance.now();

  constructor(options: SeatingOptions) {
    const { run, plan, shards } = options;
    this.#options = options;
    this.seats = splitPlan(plan, shards).map(
      ({ devices }, index) => new Seat(index + 1, new Set(devices.map(({ name }) => name))),
    );
    this.#seatOf = new Map(this.seats.map((seat) => [shardKey(run, seat.shard, 'up'), seat]));
  }

  get here(): number {
    return this.seats.filter(({ attempt }) => attempt !== undefined).length;
  }

  /** Nobody is given a place from now on; `why` is told to whoever asks. */
  close(why: string): void {
    this.#closed = why;
  }

  /** What workers have written. */
  take(entries: readonly StreamEntry[]): void {
    const heard = new Set<Attempt>();
    for (const entry of entries) {
      const seat = this.#seatOf.get(entry.key);
      if (seat === undefined) continue;
      if (entry.kind === 'hello') this.#greet(seat, entry);
      else if (seat.attempt?.id === entry.attempt) {
        // Who confirms confirmations is never done.
        if (entry.kind !== 'ack') heard.add(seat.attempt);
        seat.attempt.receive(entry);
      }
    }
    for (const attempt of heard) attempt.acknowledge();
  }

  /** To be called now and then; `answeredAt` is when Redis last gave an answer. */
  tick(answeredAt: number): void {
    const { timing } = this.#options;
    const now = performance.now();
    const wasHeldUp = now - this.#tickedAt - timing.aliveMs > timing.silenceMs / 4;
    this.#tickedAt = now;
    for (const { attempt } of this.seats) {
      if (attempt === undefined) continue;
      // A process that was held up itself has not listened.
      if (wasHeldUp) attempt.excuse(now);
      attempt.tick();
      if (now - attempt.heardAt > timing.silenceMs) attempt.end(this.#silence(now - answeredAt));
    }
  }

  #greet(seat: Seat, { attempt: id, body }: StreamEntry): void {
    const said = parseHello(id, body);
    if (said === undefined) return;
    const { protocol, tool, worker, host } = said;
    if (protocol !== PROTOCOL_VERSION || tool !== this.#options.toolVersion) {
      if (this.strangers.size < STRANGERS_MAX) {
        this.strangers.add(`${worker} on ${host} is doppelfleet ${tool} (protocol ${protocol})`);
      }
      return;
    }
    const attempt = this.#attempt(seat, id, said);
    const taken = seat.attempt === undefined ? undefined : 'another worker has this shard';
    const why = this.#closed ?? taken;
    if (why === undefined) seat.attempt = attempt;
    else attempt?.dismiss(why);
    attempt?.acknowledge();
    this.#options.changed();
  }

  #attempt(seat: Seat, id: string, said: Hello): Attempt | undefined {
    const { run, keys, secret, timing, write } = this.#options;
    const { shard, devices } = seat;
    const context = { protocol: PROTOCOL_VERSION, run, shard, attempt: id };
    const down = shardKey(run, shard, 'down');
    try {
      return new Attempt(id, said, {
        seal: keys.agree(said.publicKey, 'commander', context, secret),
        write: (entry) => write(down, id, entry),
        now: () => performance.now(),
        resendMs: 2 * timing.aliveMs,
        scope: { shard, devices },
        gone: (attempt) => this.#vacate(seat, attempt),
        refused: (_attempt, why) => {
          this.refusal ??= `worker ${shard} (${said.worker}) refuses: ${why}`;
        },
      });
    } catch {
      // Not a key: whoever that is, it can't be spoken with.
      return undefined;
    }
  }

  #vacate(seat: Seat, attempt: Attempt): void {
    if (seat.attempt !== attempt || this.#closed !== undefined) return;
    seat.attempt = undefined;
    this.#options.changed();
  }

  #silence(withoutRedisMs: number): string {
    const { silenceMs } = this.#options.timing;
    if (withoutRedisMs <= silenceMs / 2) return `was silent for ${silenceMs / 1_000} s`;
    return `was cut off: Redis was lost for ${Math.floor(withoutRedisMs / 1_000)} s`;
  }
}
