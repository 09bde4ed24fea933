/**
 * The fleet on many machines: shards are jobs in Redis, and whoever waits there for work takes one.
 * The run begins when every shard has a worker that is ready; until then a worker that leaves or dies
 * is replaced by another, afterwards its shard is lost, because to repeat it would change the run.
 */
import { hostname } from 'node:os';
import { isLoopback } from '../broker/target.ts';
import { EXIT, type Problem, UserError } from '../core/errors.ts';
import { plural } from '../core/text.ts';
import { formatDuration } from '../core/time.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { EngineChoice } from '../shards/choose.ts';
import type { FleetRequest } from '../shards/fleet-engine.ts';
import { musterShards } from '../shards/muster.ts';
import { errorWords } from './error-words.ts';
import { readOverview } from './presence.ts';
import type { RedisAddress } from './redis-address.ts';
import { checkRedis } from './redis-client.ts';
import { type DeskOptions, RunDesk } from './run-desk.ts';
import { SeatLink } from './seat.ts';
import { ENGINE_TIMING, type EngineTiming } from './timing.ts';

/** How often jobs are looked after while workers are waited for. */
const LOOK_MS = 1_000;

export interface RedisEngineOptions {
  readonly address: RedisAddress;
  /** How many workers a run takes, from 1. */
  readonly workers: number;
  /** How long to wait for them. */
  readonly workerTimeoutMs: number;
  readonly toolVersion: string;
  /** Known to commander and workers, and not to Redis; see `docs/scale.md`. */
  readonly secret?: string;
  readonly timing?: EngineTiming;
}

/** An engine that hands its shards to workers which wait at a Redis. */
export function redisEngine(options: RedisEngineOptions): EngineChoice {
  const { address, workers } = options;
  return () => ({
    title: `${plural(workers, 'worker')} at ${address.title}`,
    workers,
    here: 0,
    muster: (request) => muster(request, options),
  });
}

async function muster(request: FleetRequest, options: RedisEngineOptions): Promise<Fleet> {
  const { address, workers, toolVersion, secret, timing = ENGINE_TIMING } = options;
  await checkRedis(address);
  const desk = await openDesk({
    address,
    request,
    shards: workers,
    toolVersion,
    secret,
    timing,
  });
  try {
    const endsAt = Date.now() + options.workerTimeoutMs;
    for (;;) {
      await everyoneIsHere(desk, request, options, endsAt);
      warnOfLoopback(desk, request);
      const fleet = await tryStart(desk, request);
      if (fleet !== undefined) return fleet;
    }
  } catch (error) {
    await desk.close();
    throw error;
  }
}

async function openDesk(options: DeskOptions): Promise<RunDesk> {
  try {
    return await RunDesk.open(options);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const message = `the engine at ${options.address.title} does not work: ${errorWords(error)}`;
    throw new UserError(EXIT.unavailable, { message }, error);
  }
}

/** Throws a `UserError` (69) when the time is over. */
async function everyoneIsHere(
  desk: RunDesk,
  request: FleetRequest,
  options: RedisEngineOptions,
  endsAt: number,
): Promise<void> {
  const { signal } = request;
  let told = -1;
  let lookAt = Date.now() + LOOK_MS;
  while (desk.seating.here < options.workers) {
    signal.throwIfAborted();
    if (desk.seating.here !== told) {
      told = desk.seating.here;
      request.tell?.(`${desk.seating.here} of ${plural(options.workers, 'worker')} are here`);
    }
    const now = Date.now();
    if (now >= endsAt) throw await tooFew(desk, request, options);
    if (now >= lookAt) {
      lookAt = now + LOOK_MS;
      await desk.renewJobs();
    }
    await desk.changed(Math.min(LOOK_MS, endsAt - now), signal);
  }
  request.tell?.(`${desk.seating.here} of ${plural(options.workers, 'worker')} are here`);
}

/** On another machine a loopback address means that machine. */
function warnOfLoopback({ seating }: RunDesk, { routes, tell }: FleetRequest): void {
  const local = routes.endpoints.find(({ host }) => isLoopback(host));
  if (local === undefined) return;
  for (const { attempt } of seating.seats) {
    if (attempt === undefined || attempt.hello.host === hostname()) continue;
    const { worker, host } = attempt.hello;
    tell?.(
      `${worker} is on ${host}, and the broker is at ${local.host}: only this machine reaches it`,
    );
  }
}

/** Undefined when a worker was lost on the way: its place is free again. */
async function tryStart(desk: RunDesk, request: FleetRequest): Promise<Fleet | undefined> {
  let open = desk.seating.seats.length;
  const released = async (): Promise<void> => {
    open--;
    if (open === 0) await desk.close();
  };
  const links = desk.seating.seats.flatMap((seat) =>
    seat.attempt === undefined ? [] : [new SeatLink(seat, seat.attempt, released)],
  );
  if (links.length < desk.seating.seats.length) return undefined;
  try {
    const fleet = await musterShards(request, links);
    for (const link of links) link.commit();
    desk.start();
    return fleet;
  } catch (error) {
    request.signal.throwIfAborted();
    if (desk.seating.refusal !== undefined) {
      throw new UserError(EXIT.usage, {
        message: desk.seating.refusal,
        hint: 'nothing was sent to the broker; what a worker may do is decided where it runs',
      });
    }
    if (links.some(({ hasGone }) => hasGone)) return undefined;
    throw error;
  }
}

async function tooFew(
  desk: RunDesk,
  { runId }: FleetRequest,
  { workers, workerTimeoutMs, address, toolVersion }: RedisEngineOptions,
): Promise<UserError> {
  const missing = workers - desk.seating.here;
  const problems: Problem[] = [
    {
      message: `${desk.seating.here} of ${plural(workers, 'worker')} came within ${formatDuration(workerTimeoutMs)}`,
      hint:
        `start ${missing} more with: npx doppelfleet worker --engine ${address.title}, ` +
        'or wait longer with --worker-timeout',
    },
  ];
  for (const stranger of desk.seating.strangers) {
    problems.push({
      message: `${stranger}, and this is ${toolVersion}`,
      hint: 'run the same version everywhere',
    });
  }
  const others = await readOverview(desk.redis).catch(() => undefined);
  for (const run of others?.runs ?? []) {
    if (run.run === runId || run.workers.length === 0) continue;
    problems.push({
      message: `run ${run.run} of ${run.host} (process ${run.pid}) holds ${plural(run.workers.length, 'worker')}: ${run.workers.slice(0, 10).join(', ')}`,
    });
  }
  return new UserError(EXIT.unavailable, problems);
}
