/**
 * A fleet in several processes as one: what its workers report is put into one order of time, added
 * up, and recorded; what the run asks of the fleet goes to all of them.
 */
import type { EpochMs } from '../core/time.ts';
import type { Fleet, LiveDevice } from '../fleet/fleet.ts';
import { type LedgerEntry, needsLedger, shiftedEntry } from '../fleet/ledger.ts';
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
import { MergedLedger } from './merged-ledger.ts';
import type { FromWorker, ShardReport } from './protocol.ts';
import { lookRegularly } from './regular-look.ts';
import { ShardSet } from './shard-set.ts';
import type { ShardState } from './shard-state.ts';
import { shiftedEvent } from './shifted-event.ts';
import { TimeMerge } from './time-merge.ts';

/** How often the clocks of others are looked at during a run. */
const CLOCK_CHECK_MS = 5_000;
/**
 * Workers report ten times a second: one that is silent for so long is stopped or cut off. With
 * 38,000 devices on two cores a worker was seen to stand still for nine seconds and go on.
 */
const SILENCE_MS = 60_000;
const SILENCE_CHECK_MS = 1_000;
/** Beyond the time that its devices get, so long a worker may take to tell that they have gone. */
const STOP_GRACE_MS = 5_000;

export class ShardedFleet implements Fleet {
  readonly startedAt: EpochMs;
  readonly #request: FleetRequest;
  readonly #shards: ShardSet;
  readonly #tally = new FleetTally();
  readonly #ledger: MergedLedger | undefined;
  readonly #live: LiveBook;
  readonly #wakes: WakeList;
  readonly #events: TimeMerge<() => void>;
  #cancelLooks: readonly (() => void)[] = [];
  #healedAt: EpochMs | undefined;
  #quiet = false;

  constructor(request: FleetRequest, shards: readonly ShardState[], startedAt: EpochMs) {
    this.#request = request;
    this.#shards = new ShardSet(shards);
    this.startedAt = startedAt;
    this.#wakes = new WakeList(request.clock);
    this.#live = new LiveBook(
      new Map(request.plan.devices.map(({ name, group }) => [name, group])),
    );
    this.#ledger = needsLedger(request.plan.groups) ? new MergedLedger() : undefined;
    this.#events = new TimeMerge((tell) => tell());
  }

  start(): void {
    for (const shard of this.#shards.all) {
      if (shard.phase === 'lost') continue;
      shard.phase = 'running';
      shard.knownTo = this.startedAt;
      shard.heardAt = this.startedAt;
      shard.link.send({ type: 'start', at: this.startedAt + shard.offsetMs });
    }
    const { wall } = this.#request;
    this.#cancelLooks = [
      lookRegularly(wall, SILENCE_CHECK_MS, (lateMs) => this.#loseTheSilent(lateMs)),
      lookRegularly(wall, CLOCK_CHECK_MS, () => this.#checkClocks()),
    ];
  }

  async settle(quietMs: number, signal?: AbortSignal): Promise<void> {
    const { clock, plan } = this.#request;
    this.#shards.tell({ type: 'heal' });
    const healedAt = this.#wall();
    this.#healedAt = healedAt;
    const endsAt = clock.now() + plan.settleMs;
    const wait = (at: EpochMs): Promise<void> => this.#wakes.wait(at, signal);
    const activity = (): FleetActivity => this.#activity(healedAt);
    this.#quiet = await untilQuiet({ clock, activity, wait }, { quietMs, endsAt }, signal);
  }

  async finishMessages(signal?: AbortSignal): Promise<void> {
    const { clock } = this.#request;
    this.#shards.tell({ type: 'end-messages' });
    const everyoneEnded = (): boolean =>
      this.#shards.all.every(({ running, endedMessages }) => !running || endedMessages);
    await this.#until(everyoneEnded, STOP_GRACE_MS, signal);
    const wait = (at: EpochMs): Promise<void> => this.#wakes.wait(at, signal);
    const unanswered = (): number => this.#tally.unanswered;
    await untilDelivered({ unanswered, ledger: this.#ledger }, { clock, wait }, signal);
  }

  async stop(timeoutMs: number): Promise<void> {
    for (const cancel of this.#cancelLooks) cancel();
    this.#shards.tell({ type: 'stop', timeoutMs });
    const everyoneStopped = (): boolean => this.#shards.all.every(({ running }) => !running);
    await this.#until(everyoneStopped, timeoutMs + STOP_GRACE_MS);
    for (const shard of this.#shards.all) {
      if (shard.running) this.lose(shard, `did not end within ${timeoutMs + STOP_GRACE_MS} ms`);
    }
    await Promise.all(this.#shards.all.map(({ link }) => link.close()));
  }

  kill(): void {
    for (const cancel of this.#cancelLooks) cancel();
    for (const shard of this.#shards.all) {
      if (shard.phase !== 'lost') shard.phase = 'stopped';
      shard.link.kill();
    }
    this.#release();
  }

  pause(): void {
    this.#shards.tell({ type: 'pause' });
  }

  resume(): void {
    this.#shards.tell({ type: 'resume' });
  }

  counters(): FleetCounters {
    return this.#tally.counters();
  }

  statistics(): FleetStatistics {
    const { plan } = this.#request;
    const healedAt = this.#healedAt ?? 0;
    const { lastChangeAt } = this.#shards;
    const deliveries = this.#ledger?.deliveries(this.#wall());
    return {
      ...this.#tally.statistics(
        plan.devices.map(({ name }) => name),
        { ...this.#shards.sessions, ...(deliveries === undefined ? {} : { deliveries }) },
      ),
      settle: {
        quiet: this.#quiet,
        quietAfterMs: this.#healedAt === undefined ? 0 : Math.max(0, lastChangeAt - healedAt),
      },
      workers: this.health(),
    };
  }

  health(): readonly WorkerHealth[] {
    return this.#shards.health();
  }

  live(): readonly LiveDevice[] {
    return this.#live.devices();
  }

  async change(at: EpochMs, signal?: AbortSignal): Promise<void> {
    if (!signal?.aborted) await this.#wakes.wait(at, signal);
  }

  interleave(event: ObservedEvent): void {
    this.#events.add(event.at, () => this.#request.record(event));
    if (this.#shards.running.length === 0) this.#release();
  }

  async caughtUp(signal?: AbortSignal): Promise<void> {
    const now = this.#wall();
    await this.#until(() => this.#shards.knownTo >= now, STOP_GRACE_MS, signal);
  }

  /** What a worker says from the start on. */
  receive(shard: ShardState, message: FromWorker): void {
    if (shard.phase === 'lost') return;
    shard.heardAt = this.#wall();
    switch (message.type) {
      case 'report':
        this.#take(shard, message);
        break;
      case 'pong':
        shard.clock.watch(offsetOf(message.sentAt, message.at, this.#wall()));
        break;
      case 'ended-messages':
        shard.endedMessages = true;
        this.#wakes.wake();
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
    const upTo = this.#shards.knownTo;
    this.#events.release(upTo);
    this.#ledger?.release(upTo);
  }

  #activity(healedAt: EpochMs): FleetActivity {
    const behindMs = this.#request.clock.behindMs;
    const lastChangeAt = Math.max(healedAt, this.#shards.lastChangeAt);
    const knownTo = Math.min(this.#wall(), this.#shards.knownTo);
    return {
      connecting: this.#tally.connecting,
      lastChangeAt: lastChangeAt - behindMs,
      knownTo: knownTo - behindMs,
    };
  }

  #account(entry: LedgerEntry): void {
    this.#ledger?.add(entry, this.#shards.uncertaintyMs);
  }

  /** Until it is so, for so long at most; by the wall, as the run may be paused. */
  async #until(isSo: () => boolean, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const { wall } = this.#request;
    const endsAt = wall.now() + timeoutMs;
    while (!signal?.aborted && !isSo() && wall.now() < endsAt) {
      await this.#wakes.wait(endsAt, signal, wall);
    }
  }

  #loseTheSilent(lateMs: number): void {
    const now = this.#wall();
    for (const shard of this.#shards.all) {
      // While we were held up ourselves nobody was heard.
      if (lateMs > SILENCE_CHECK_MS) shard.heardAt = now;
      if (!shard.running || now - shard.heardAt < SILENCE_MS) continue;
      this.lose(shard, `said nothing for ${SILENCE_MS / 1000} s`);
    }
  }

  #checkClocks(): void {
    for (const { link } of this.#shards.running) {
      if (!link.sharesClock) link.send({ type: 'ping', sentAt: this.#wall() });
    }
  }

  #wall(): EpochMs {
    return this.#request.wall.now();
  }
}
