/** From a loaded scenario to the plan of one variant: overrides first, then the fix, then the plan. */
import { applyFix, overrideScenario, type ScenarioOverrides } from './change.ts';
import { type LoadedScenario, scenarioDigest } from './load.ts';
import { type FleetPlan, makePlan } from './plan.ts';
import type { Scenario } from './schema.ts';

export interface PlanOptions {
  readonly overrides?: ScenarioOverrides;
  /** Name of one of the scenario's fixes. */
  readonly fix?: string;
}

/** The scenario as it will be run, and its plan. Throws a `UserError` for changes it can't bear. */
export function prepareScenario(
  loaded: LoadedScenario,
  { overrides = {}, fix }: PlanOptions = {},
): { readonly scenario: Scenario; readonly plan: FleetPlan } {
  const overridden = overrideScenario(loaded.scenario, overrides);
  const scenario = fix === undefined ? overridden : applyFix(overridden, fix);
  return { scenario, plan: makePlan(scenario, scenarioDigest(scenario), fix) };
}

/** The plan of a scenario: pure, the same for the same scenario and seed, byte for byte. */
export function planScenario(loaded: LoadedScenario, options?: PlanOptions): FleetPlan {
  return prepareScenario(loaded, options).plan;
}
