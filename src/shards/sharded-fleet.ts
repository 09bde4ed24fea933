/**
 * A fleet in several processes as one: what its workers report is put into one order of time, added
 * up, and recorded; what the run asks of the fleet goes to all of them.
 */
import type { EpochMs } from '../core/time.ts';
import type { Fleet, LiveDevice } from '../fleet/fleet.ts';
import {
  type LedgerEntry,
  ledgerTime,
  needsLedger,
  shiftedEntry,
  tellLedger,
} from '../fleet/ledger.ts';
import { MessageLedger } from '../fleet/message-ledger.ts';
import type { FleetCounters, FleetStatistics } from '../fleet/statistics.ts';
import { FleetTally } from '../fleet/tally.ts';
import { untilDelivered } from '../fleet/until-delivered.ts';
import { type FleetActivity, untilQuiet } from '../fleet/until-quiet.ts';
import { WakeList } from '../fleet/wake-list.ts';
import type { WorkerHealth } from '../fleet/worker-health.ts';
import type { ObservedEvent } from '../history/event.ts';
import { offsetOf } from './clock-offset.ts';
import type { FleetRequest } from './fleet-engine.ts';
import { LiveBook } from './live-book.ts';
import type { FromWorker, ShardReport, ToWorker } from './protocol.ts';
import type { ShardState } from './shard-state.ts';
import { shiftedEvent } from './shifted-event.ts';
import { TimeMerge } from './time-merge.ts';

/** How often the clocks of others are looked at during a run. */
const CLOCK_CHECK_MS = 5_000;
/** Beyond the time that its devices get, so long a worker may take to tell that they have gone. */
const STOP_GRACE_MS = 5_000;
/** A message can be sent and received within the same tick of two clocks. */
const LEDGER_TOLERANCE_MS = 1;

export class ShardedFleet implements Fleet {
  readonly startedAt: EpochMs;
  readonly #request: FleetRequest;
  readonly #shards: readonly ShardState[];
  readonly #tally = new FleetTally();
  readonly #ledger: MessageLedger | undefined;
  readonly #live: LiveBook;
  readonly #wakes: WakeList;
  readonly #events: TimeMerge<() => void>;
  readonly #ledgerEntries: TimeMerge<LedgerEntry>;
  #cancelClockCheck: () => void = () => {};
  #healedAt: EpochMs | undefined;
  #quiet = false;

  constructor(request: FleetRequest, shards: readonly ShardState[], startedAt: EpochMs) {
    this.#request = request;
    this.#shards = shards;
    this.startedAt = startedAt;
    this.#wakes = new WakeList(request.clock);
    this.#live = new LiveBook(
      new Map(request.plan.devices.map(({ name, group }) => [name, group])),
    );
    this.#ledger = needsLedger(request.plan.groups) ? new MessageLedger() : undefined;
    this.#events = new TimeMerge((tell) => tell());
    this.#ledgerEntries = new TimeMerge((entry) => {
      if (this.#ledger !== undefined) tellLedger(this.#ledger, entry);
    });
  }

  start(): void {
    for (const shard of this.#shards) {
      if (shard.phase === 'lost') continue;
      shard.phase = 'running';
      shard.knownTo = this.startedAt;
      shard.link.send({ type: 'start', at: this.startedAt + shard.offsetMs });
    }
    if (this.#shards.some(({ link }) => !link.sharesClock)) this.#checkClocksFromNowOn();
  }

  async settle(quietMs: number, signal?: AbortSignal): Promise<void> {
    const { clock, plan } = this.#request;
    this.#tellAll({ type: 'heal' });
    const healedAt = this.#wall();
    this.#healedAt = healedAt;
    const endsAt = clock.now() + plan.settleMs;
    const wait = (at: EpochMs): Promise<void> => this.#wakes.wait(at, signal);
    const activity = (): FleetActivity => this.#activity(healedAt);
    this.#quiet = await untilQuiet({ clock, activity, wait }, { quietMs, endsAt }, signal);
  }

  async finishMessages(signal?: AbortSignal): Promise<void> {
    const { clock } = this.#request;
    this.#tellAll({ type: 'end-messages' });
    await this.caughtUp(signal);
    const wait = (at: EpochMs): Promise<void> => this.#wakes.wait(at, signal);
    const unanswered = (): number => this.#tally.unanswered;
    await untilDelivered({ unanswered, ledger: this.#ledger }, { clock, wait }, signal);
  }

  async stop(timeoutMs: number): Promise<void> {
    this.#cancelClockCheck();
    this.#tellAll({ type: 'stop', timeoutMs });
    const { wall } = this.#request;
    const endsAt = wall.now() + timeoutMs + STOP_GRACE_MS;
    while (this.#shards.some(({ running }) => running) && wall.now() < endsAt) {
      await this.#wakes.wait(endsAt, undefined, wall);
    }
    for (const shard of this.#shards) {
      if (shard.running) this.lose(shard, `did not end within ${timeoutMs + STOP_GRACE_MS} ms`);
    }
    await Promise.all(this.#shards.map(({ link }) => link.close()));
  }

  kill(): void {
    this.#cancelClockCheck();
    for (const shard of this.#shards) {
      if (shard.phase !== 'lost') shard.phase = 'stopped';
      shard.link.kill();
    }
    this.#release();
  }

  pause(): void {
    this.#tellAll({ type: 'pause' });
  }

  resume(): void {
    this.#tellAll({ type: 'resume' });
  }

  counters(): FleetCounters {
    return this.#tally.counters();
  }

  statistics(): FleetStatistics {
    const { plan } = this.#request;
    const healedAt = this.#healedAt ?? 0;
    const lastChangeAt = Math.max(...this.#shards.map((shard) => shard.lastChangeAt));
    const deliveries = this.#ledger?.deliveries(this.#wall());
    const sum = (name: 'resumed' | 'lost'): number =>
      this.#shards.reduce((total, { sessions }) => total + sessions[name], 0);
    return {
      ...this.#tally.statistics(
        plan.devices.map(({ name }) => name),
        {
          resumed: sum('resumed'),
          lost: sum('lost'),
          ...(deliveries === undefined ? {} : { deliveries }),
        },
      ),
      settle: {
        quiet: this.#quiet,
        quietAfterMs: this.#healedAt === undefined ? 0 : Math.max(0, lastChangeAt - healedAt),
      },
      workers: this.health(),
    };
  }

  health(): readonly WorkerHealth[] {
    return this.#shards.flatMap((shard) => shard.health());
  }

  live(): readonly LiveDevice[] {
    return this.#live.devices();
  }

  async change(at: EpochMs, signal?: AbortSignal): Promise<void> {
    if (!signal?.aborted) await this.#wakes.wait(at, signal);
  }

  interleave(event: ObservedEvent): void {
    this.#events.add(event.at, () => this.#request.record(event));
    if (!this.#shards.some(({ running }) => running)) this.#release();
  }

  async caughtUp(signal?: AbortSignal): Promise<void> {
    const now = this.#wall();
    while (!signal?.aborted && this.#knownTo() < now) {
      await this.#wakes.wait(now + STOP_GRACE_MS, signal, this.#request.wall);
      if (this.#wall() >= now + STOP_GRACE_MS) return;
    }
  }

  #checkClocksFromNowOn(): void {
    const { wall } = this.#request;
    this.#cancelClockCheck = wall.schedule(wall.now() + CLOCK_CHECK_MS, () => {
      for (const { link } of this.#shards) {
        if (!link.sharesClock) link.send({ type: 'ping', sentAt: wall.now() });
      }
      this.#checkClocksFromNowOn();
    });
  }

  /** What a worker says from the start on. */
  receive(shard: ShardState, message: FromWorker): void {
    if (shard.phase === 'lost') return;
    switch (message.type) {
      case 'report':
        this.#take(shard, message);
        break;
      case 'pong':
        shard.clock.watch(offsetOf(message.sentAt, message.at, this.#wall()));
        break;
      case 'stopped':
        shard.phase = 'stopped';
        this.#release();
        this.#wakes.wake();
        break;
      case 'failed':
        this.lose(shard, `failed: ${message.message}`);
        break;
      case 'ready':
        break;
    }
  }

  /** A worker has gone; the others go on. */
  lose(shard: ShardState, why: string): void {
    if (shard.phase === 'stopped' || shard.phase === 'lost') return;
    shard.phase = 'lost';
    const sentence = shard.lossSentence(why);
    shard.lostBecause = sentence;
    shard.link.kill();
    const at = this.#wall();
    // After everything that it has told still.
    this.#events.add(at, () => {
      const closes = this.#live.lose(shard.shard, at, `${shard.link.name} ${why}`);
      const devices = this.#live.devicesOf(closes);
      this.#tally.add(shard.lossOf(devices));
      // What they were due they lost with us, not with the broker.
      for (const { name } of devices) this.#account(['ended', name, 'own', undefined, at]);
      for (const event of closes) this.#record(event);
    });
    this.#release();
    this.#request.onLost(sentence);
    this.#wakes.wake();
  }

  #take(shard: ShardState, report: ShardReport): void {
    shard.take(report);
    const backMs = -shard.offsetMs;
    for (const line of report.truth) {
      const truth = { ...line, at: line.at + backMs };
      this.#events.add(truth.at, () => {
        this.#live.truth(truth, shard.shard);
        this.#request.truth(truth);
      });
    }
    for (const raw of report.events) {
      const event = shiftedEvent(raw, backMs);
      this.#events.add(event.at, () => this.#record(event));
    }
    for (const entry of report.ledger) this.#account(shiftedEntry(entry, backMs));
    this.#tally.add(report.tally);
    this.#release();
    this.#wakes.wake();
  }

  #record(event: ObservedEvent): void {
    this.#live.see(event);
    this.#tally.concurrent(this.#live.connected);
    this.#request.record(event);
  }

  #release(): void {
    const upTo = this.#knownTo();
    this.#events.release(upTo);
    this.#ledgerEntries.release(upTo);
  }

  /** Up to when everything is known of all workers that still drive devices; Infinity for none. */
  #knownTo(): EpochMs {
    const running = this.#shards.filter((shard) => shard.running);
    return Math.min(Number.POSITIVE_INFINITY, ...running.map(({ knownTo }) => knownTo));
  }

  #activity(healedAt: EpochMs): FleetActivity {
    const behindMs = this.#request.clock.behindMs;
    const lastChangeAt = Math.max(healedAt, ...this.#shards.map((shard) => shard.lastChangeAt));
    const knownTo = Math.min(this.#wall(), this.#knownTo());
    return {
      connecting: this.#tally.connecting,
      lastChangeAt: lastChangeAt - behindMs,
      knownTo: knownTo - behindMs,
    };
  }

  /** Nobody may get a message before it was sent: whoever receives is told a little later. */
  #account(entry: LedgerEntry): void {
    const worst = Math.max(...this.#shards.map(({ clock }) => clock.current.uncertaintyMs));
    const lateMs = entry[0] === 'published' ? 0 : LEDGER_TOLERANCE_MS + 2 * worst;
    this.#ledgerEntries.add(ledgerTime(entry) + lateMs, entry);
  }

  #tellAll(message: ToWorker): void {
    for (const { running, link } of this.#shards) if (running) link.send(message);
  }

  #wall(): EpochMs {
    return this.#request.wall.now();
  }
}
