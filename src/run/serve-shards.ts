/**
 * A worker with its machine's rails: what a queue orders is checked as what a person types would be,
 * before the first packet. Only this machine's own user decides what it may do.
 */
import { checkTarget } from '../broker/target.ts';
import { EXIT, UserError } from '../core/errors.ts';
import { type EngineWorkerOptions, serveEngine } from '../engine/worker.ts';
import { collectAsFleet } from '../fleet/collector.ts';
import { budgetProblems } from '../shards/budget.ts';
import { machineLimits } from '../shards/machine-limits.ts';
import type { ShardOrder } from '../shards/protocol.ts';
import { blastRadius } from './blast-radius.ts';
import { type Caps, checkCaps, DEFAULT_CAPS } from './caps.ts';
import { addressProblems } from './check-machine.ts';
import { toolVersion } from './tool-version.ts';

export interface WorkerRails {
  /** Hosts, or `host:port`, other than loopback that may be connected to. */
  readonly allowedTargets: readonly string[];
  /** The user's own list, for the message of a refusal. */
  readonly allowListFile: string;
  /** For the share of the plan that this worker gets. */
  readonly caps?: Partial<Caps>;
}

export type ServeShardsOptions = Omit<EngineWorkerOptions, 'checkOrder' | 'toolVersion'> &
  WorkerRails;

/**
 * Resolves when the worker has left. Throws a `UserError`: 69 when there is no Redis, 64 when an
 * address to connect from is not of this machine.
 */
export async function serveShards({
  allowedTargets,
  allowListFile,
  caps = {},
  ...options
}: ServeShardsOptions): Promise<void> {
  collectAsFleet();
  const { sourceAddresses = [] } = options;
  const problems = await addressProblems(sourceAddresses);
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  await serveEngine({
    ...options,
    toolVersion: toolVersion(),
    checkOrder: (order) => {
      checkOrder(order, { allowedTargets, allowListFile, caps });
      checkBudget(order, sourceAddresses);
    },
  });
}

/** Throws a `UserError` (64) unless this machine may do what the order says. */
export function checkOrder(
  { plan, routes }: ShardOrder,
  { allowedTargets, allowListFile, caps = {} }: WorkerRails,
): void {
  for (const { host, port } of routes.endpoints) {
    checkTarget(host, port, {
      named: allowedTargets,
      confirmed: [],
      userFile: allowListFile,
      worker: true,
    });
  }
  checkCaps(blastRadius({ ...plan, planted: [], uncertain: [] }, '', false), {
    ...DEFAULT_CAPS,
    ...caps,
  });
}

/** Throws a `UserError` (64) with everything that the order needs and this machine does not have. */
function checkBudget({ plan, routes }: ShardOrder, sourceAddresses: readonly string[]): void {
  const [first, ...further] = routes.endpoints.map(({ host, port }) => `${host}:${port}`);
  const problems = budgetProblems({
    shards: [plan],
    routes: { endpoints: [first ?? '', ...further], sourceAddresses },
    machine: machineLimits(),
  });
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
}
