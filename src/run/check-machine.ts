/** Whether this machine can bear a run, asked before the first packet. */
import { EXIT, type Problem, UserError } from '../core/errors.ts';
import type { FleetPlan } from '../scenario/plan.ts';
import { budgetProblems } from '../shards/budget.ts';
import type { FleetEngine } from '../shards/fleet-engine.ts';
import { addressProblem, machineLimits } from '../shards/machine-limits.ts';
import { splitPlan } from '../shards/split.ts';
import type { BrokerChoice, RunOptions } from './ports.ts';

/** Throws a `UserError` (64) with everything that a plan needs and this machine does not have. */
export async function checkMachine(
  plan: FleetPlan,
  broker: BrokerChoice,
  engine: FleetEngine,
  { sourceAddresses = [], furtherEndpoints = [] }: RunOptions,
): Promise<void> {
  const problems: Problem[] = [];
  if (sourceAddresses.length > 0 && engine.here === 0) {
    problems.push({
      message: 'source addresses belong to the machines that connect, and those are elsewhere',
      hint: 'give --source-address to the workers instead',
    });
  } else {
    problems.push(...(await addressProblems(sourceAddresses)));
  }
  const first = broker.kind === 'external' ? `${broker.host}:${broker.port}` : 'the broker';
  const further = furtherEndpoints.map(({ host, port }) => `${host}:${port}`);
  problems.push(
    ...budgetProblems({
      shards: engine.here === 0 ? [] : splitPlan(plan, engine.workers),
      routes: { endpoints: [first, ...further], sourceAddresses },
      ...(broker.kind === 'local' ? { brokerDevices: plan.devices.length } : {}),
      machine: machineLimits(),
    }),
  );
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
}

/** A sentence for each source address that connections can't start from. */
export async function addressProblems(addresses: readonly string[]): Promise<readonly Problem[]> {
  const problems = await Promise.all(addresses.map(addressProblem));
  return problems.flatMap((why, index) =>
    why === undefined
      ? []
      : [
          {
            message: `--source-address ${addresses[index]} ${why}`,
            hint: 'name addresses that `ip address` shows; all of 127.0.0.0/8 works on loopback',
          },
        ],
  );
}
