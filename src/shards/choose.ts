/** Which engine of this machine suits a plan. */
import { availableParallelism } from 'node:os';
import { DEVICES_BESIDE_MAX } from '../core/limits.ts';
import { SECOND_MS } from '../core/time.ts';
import { peakPerSecond } from '../scenario/arrivals.ts';
import type { FleetPlan } from '../scenario/plan.ts';
import type { FleetEngine } from './fleet-engine.ts';
import { inProcess } from './in-process.ts';
import { workerProcesses } from './local/engine.ts';

/** The engine for a plan. */
export type EngineChoice = (plan: FleetPlan) => FleetEngine;

/** One process of ours drives so many devices, and opens so many connections a second, with ease. */
const DEVICES_WITH_EASE = 5_000;
const CONNECTS_PER_SECOND_WITH_EASE = 300;
/** And publishes so many messages a second, which takes half of a core. */
const MESSAGES_PER_SECOND_WITH_EASE = 20_000;

/**
 * So many processes on this machine; 1 is this one. `auto` keeps a small fleet here, and gives a
 * large one processes of its own, one for each so much work: beside the rest of a run, whose heap is
 * another, its devices would be late.
 */
export function localEngine(workers: number | 'auto'): EngineChoice {
  return (plan) => {
    if (workers !== 'auto') return workers === 1 ? inProcess : workerProcesses(workers);
    const count = workersFor(plan, availableParallelism());
    const isSmall = count === 1 && plan.devices.length <= DEVICES_BESIDE_MAX;
    return isSmall ? inProcess : workerProcesses(count);
  };
}

/** How many processes a plan is worth. */
export function workersFor({ devices, groups }: FleetPlan, cores: number): number {
  const connects = peakPerSecond(devices.map(({ arrivesAtMs }) => arrivesAtMs));
  const messages = groups.reduce(
    (sum, { devices: count, publish }) => sum + (publish ? (count * SECOND_MS) / publish.every : 0),
    0,
  );
  const wanted = Math.max(
    Math.ceil(messages / MESSAGES_PER_SECOND_WITH_EASE),
    Math.ceil(devices.length / DEVICES_WITH_EASE),
    Math.ceil(connects / CONNECTS_PER_SECOND_WITH_EASE),
  );
  // A core is left to the rest of the run and to a broker on this machine.
  return Math.max(1, Math.min(wanted, cores - 1));
}
