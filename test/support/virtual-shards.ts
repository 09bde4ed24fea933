/**
 * A fleet in several workers on virtual time: real commander, real runners, a network of their own
 * between them, and one virtual broker for all. Workers may have clocks that are off, and may die.
 */
import { PausableClock } from '../../src/core/pausable-clock.ts';
import type { Clock, EpochMs } from '../../src/core/time.ts';
import type { ConnectionListener, Connector } from '../../src/fleet/connector.ts';
import type { TruthRecord } from '../../src/fleet/session.ts';
import type { FleetStatistics } from '../../src/fleet/statistics.ts';
import type { ObservedEvent } from '../../src/history/event.ts';
import type { FleetPlan } from '../../src/scenario/plan.ts';
import { musterShards } from '../../src/shards/muster.ts';
import type { FromWorker, ToWorker } from '../../src/shards/protocol.ts';
import { ShardRunner } from '../../src/shards/shard-runner.ts';
import type { ShardedFleet } from '../../src/shards/sharded-fleet.ts';
import type { WorkerLink, WorkerListener } from '../../src/shards/worker-link.ts';
import type { VirtualBroker } from './virtual-broker.ts';
import type { VirtualClock } from './virtual-clock.ts';
import { type VirtualOptions, virtualFleet } from './virtual-run.ts';

export interface VirtualShardsOptions extends VirtualOptions {
  /** How far each worker's clock is ahead, in ms; as many as there are workers. */
  readonly aheadMs: readonly number[];
  /** What a message takes from one to the other. */
  readonly linkMs?: number;
}

export interface VirtualShards {
  readonly wall: VirtualClock;
  readonly clock: PausableClock;
  readonly broker: VirtualBroker;
  readonly fleet: ShardedFleet;
  readonly links: readonly VirtualLink[];
  readonly events: readonly ObservedEvent[];
  readonly truth: readonly TruthRecord[];
  readonly lost: readonly string[];
}

export class VirtualLink implements WorkerLink {
  readonly name: string;
  readonly sharesClock = false;
  readonly #wall: VirtualClock;
  readonly #linkMs: number;
  readonly #runner: ShardRunner;
  #listener: WorkerListener | undefined;
  #gone = false;
  #silent = false;

  constructor(
    name: string,
    wall: VirtualClock,
    clock: Clock,
    connector: Connector,
    linkMs: number,
  ) {
    this.name = name;
    this.#wall = wall;
    this.#linkMs = linkMs;
    this.#runner = new ShardRunner({
      clock,
      connector: async () => connector,
      send: (message) => this.#after(() => this.#listener?.message(message)),
    });
  }

  listen(listener: WorkerListener): void {
    this.#listener = listener;
  }

  send(message: ToWorker): void {
    this.#after(() => void this.#runner.receive(message));
  }

  /** As by SIGKILL: its sockets go with it, and what it had not told. */
  die(why: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#runner.kill();
    this.#listener?.gone(why);
  }

  /** Says something that no runner of ours would say. */
  say(message: FromWorker): void {
    this.#after(() => this.#listener?.message(message));
  }

  /** As by SIGSTOP: it is there, and nothing comes of it. */
  fallSilent(): void {
    this.#silent = true;
  }

  kill(): void {
    this.die('was killed');
  }

  async close(): Promise<void> {}

  #after(run: () => void): void {
    if (this.#gone) return;
    this.#wall.schedule(this.#wall.now() + this.#linkMs, () => {
      if (!this.#gone && !this.#silent) run();
    });
  }
}

/** Mustered and not yet started. */
export async function virtualShards(
  plan: FleetPlan,
  { aheadMs, linkMs = 2, ...options }: VirtualShardsOptions,
): Promise<VirtualShards> {
  const { clock: wall, broker, credentials } = virtualFleet(plan, options);
  const clock = new PausableClock(wall);
  const links = aheadMs.map((ahead, index) => {
    const theirs = aheadOf(wall, ahead);
    return new VirtualLink(`worker ${index + 1}`, wall, theirs, stamping(broker, ahead), linkMs);
  });
  const events: ObservedEvent[] = [];
  const truth: TruthRecord[] = [];
  const lost: string[] = [];
  const mustering = musterShards(
    {
      plan,
      runId: 'virtual',
      routes: { endpoints: [{ host: 'virtual', port: 8883, caPem: '' }], sourceAddresses: [] },
      credentials,
      wall,
      clock,
      control: { pause: () => {}, resume: () => {}, cancel: () => {} },
      record: (event) => void events.push(event),
      truth: (line) => void truth.push(line),
      onLost: (message) => void lost.push(message),
      signal: new AbortController().signal,
    },
    links,
  );
  const fleet = await wall.passUntil(mustering);
  return { wall, clock, broker, fleet, links, events, truth, lost };
}

/** The rest of the run, from wherever it stands. */
export async function finishVirtually(
  { wall, fleet }: VirtualShards,
  plan: FleetPlan,
): Promise<FleetStatistics> {
  wall.runUntil(fleet.startedAt + plan.durationMs);
  await wall.passUntil(fleet.settle(Math.min(500, plan.settleMs / 2)));
  await wall.passUntil(fleet.finishMessages());
  const statistics = fleet.statistics();
  await wall.passUntil(fleet.stop(10_000));
  return statistics;
}

function aheadOf(wall: VirtualClock, aheadMs: number): Clock {
  return {
    now: () => wall.now() + aheadMs,
    schedule: (at: EpochMs, run) => wall.schedule(at - aheadMs, run),
  };
}

/** The broker as devices of that clock see it. */
function stamping(broker: VirtualBroker, aheadMs: number): Connector {
  return {
    open: (request, listener) => {
      const shifted = <Told extends { readonly at: EpochMs }>(told: Told): Told => ({
        ...told,
        at: told.at + aheadMs,
      });
      const theirs: ConnectionListener = {
        connected: (told) => listener.connected(shifted(told)),
        failed: (told) => listener.failed(shifted(told)),
        closed: (told) => listener.closed(shifted(told)),
        received: (topic, payload) => listener.received(topic, payload),
      };
      return broker.open(request, theirs);
    },
  };
}
