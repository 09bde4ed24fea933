/** Gets workers ready for a run: each has its shard, and its clock is known, before any starts. */
import { EXIT, UserError } from '../core/errors.ts';
import type { Credential } from '../identity/types.ts';
import type { FleetPlan } from '../scenario/plan.ts';
import { offsetOf } from './clock-offset.ts';
import type { FleetRequest } from './fleet-engine.ts';
import type { FromWorker, ShardOrder } from './protocol.ts';
import { ShardState } from './shard-state.ts';
import { ShardedFleet } from './sharded-fleet.ts';
import { splitPlan } from './split.ts';
import type { WorkerLink } from './worker-link.ts';

/** Exchanges before the run; the best counts. */
const PINGS = 8;
/** How long a worker may take to be ready. */
const READY_TIMEOUT_MS = 30_000;
/** Between the last word of the last worker and the common start. */
const LEAD_MS = 100;

/** The shards of a plan, with what each worker needs and no key besides. */
function shardOrders(request: FleetRequest, shards: number): readonly ShardOrder[] {
  return splitPlan(request.plan, shards).map((plan, index) => ({
    shard: index + 1,
    plan,
    credentials: credentialsOf(plan, request.credentials),
    routes: request.routes,
  }));
}

/**
 * One shard for every link. Throws a `UserError` (69) with every worker that did not get ready, or
 * the reason of the abort; all links are closed then.
 */
export async function musterShards(
  request: FleetRequest,
  links: readonly WorkerLink[],
): Promise<ShardedFleet> {
  const orders = shardOrders(request, links.length);
  const mustering = links.map((link, index) => {
    const order = orders[index];
    if (order === undefined) throw new Error('a worker without a shard');
    return new Mustering(request, link, order);
  });
  try {
    await Promise.all(mustering.map((one) => one.ready()));
    await Promise.all(mustering.map((one) => one.measureClock()));
    request.signal.throwIfAborted();
    const problems = mustering.flatMap(({ problem }) => problem ?? []);
    if (problems.length > 0) {
      throw new UserError(
        EXIT.unavailable,
        problems.map((message) => ({ message, hint: 'nothing was sent to the broker; try again' })),
      );
    }
    const leadMs = LEAD_MS + Math.max(...mustering.map(({ state }) => roundTrip(state)));
    const startedAt = Math.round(request.wall.now() + leadMs);
    const fleet = new ShardedFleet(
      request,
      mustering.map(({ state }) => state),
      startedAt,
    );
    for (const one of mustering) one.handOver(fleet);
    return fleet;
  } catch (error) {
    await Promise.all(links.map((link) => link.close()));
    throw error;
  }
}

function roundTrip({ clock }: ShardState): number {
  return 4 * clock.current.uncertaintyMs;
}

function credentialsOf(
  plan: FleetPlan,
  all: ReadonlyMap<string, Credential>,
): readonly Credential[] {
  return plan.certificates.flatMap(({ name }) => all.get(name) ?? []);
}

/** One worker until its fleet takes over. */
class Mustering {
  readonly state: ShardState;
  readonly #request: FleetRequest;
  readonly #order: ShardOrder;
  problem: string | undefined;
  #onMessage: (message: FromWorker) => void = () => {};
  #fleet: ShardedFleet | undefined;

  constructor(request: FleetRequest, link: WorkerLink, order: ShardOrder) {
    this.#request = request;
    this.#order = order;
    this.state = new ShardState(link, order.shard, order.plan.devices.length);
    link.listen({
      message: (message) => {
        if (this.#fleet !== undefined) this.#fleet.receive(this.state, message);
        else if (message.type === 'failed') this.#fail(message.message);
        else this.#onMessage(message);
      },
      gone: (why) => {
        if (this.#fleet !== undefined) this.#fleet.lose(this.state, why);
        else this.#fail(`${why} before the start`);
      },
    });
  }

  async ready(): Promise<void> {
    const isReady = this.#answer('ready');
    this.state.link.send({ type: 'prepare', order: this.#order });
    await isReady;
  }

  async measureClock(): Promise<void> {
    const { link, clock } = this.state;
    const { wall } = this.#request;
    if (link.sharesClock) return;
    for (let n = 0; n < PINGS && this.problem === undefined; n++) {
      const pong = this.#answer('pong');
      link.send({ type: 'ping', sentAt: wall.now() });
      const answer = await pong;
      if (answer?.type === 'pong') clock.add(offsetOf(answer.sentAt, answer.at, wall.now()));
    }
  }

  handOver(fleet: ShardedFleet): void {
    this.#fleet = fleet;
  }

  /** The next message of that type; undefined when the worker fails, or takes too long. */
  #answer(type: FromWorker['type']): Promise<FromWorker | undefined> {
    if (this.problem !== undefined) return Promise.resolve(undefined);
    const { signal } = this.#request;
    return new Promise((resolve) => {
      const done = (answer?: FromWorker): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#onMessage = () => {};
        this.#onProblem = () => {};
        resolve(answer);
      };
      const onAbort = (): void => this.#fail('was not waited for: the run was interrupted');
      const timer = setTimeout(() => {
        this.#fail(`did not answer within ${READY_TIMEOUT_MS / 1000} s`);
      }, READY_TIMEOUT_MS);
      signal.addEventListener('abort', onAbort);
      this.#onProblem = () => done();
      this.#onMessage = (message) => {
        if (message.type === type) done(message);
      };
      if (signal.aborted) onAbort();
    });
  }

  #onProblem = (): void => {};

  #fail(why: string): void {
    this.problem ??= `${this.state.link.name} ${why}`;
    this.#onProblem();
  }
}
