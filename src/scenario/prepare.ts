/** From a loaded scenario to the plan of one variant: overrides first, then the fix, then the plan. */
import type { ClientIdBinding } from '../core/broker-rule.ts';
import { applyChoice, overrideScenario, type ScenarioOverrides } from './change.ts';
import { type FixChoice, parseFixSpecs } from './fixes/fix-spec.ts';
import { type LoadedScenario, scenarioDigest } from './load.ts';
import { type FleetPlan, makePlan } from './plan.ts';
import type { Scenario } from './schema.ts';

export interface PlanOptions {
  readonly overrides?: ScenarioOverrides;
  /** A fix of the scenario, a strategy with its parameters, or several joined by `+`. */
  readonly fix?: string;
  /** What the broker does with foreign client IDs where a rule binds them; `refused` by default. */
  readonly clientIdBinding?: ClientIdBinding;
}

/** A scenario as it will be run, and its plan. */
interface PreparedScenario {
  readonly scenario: Scenario;
  readonly plan: FleetPlan;
}

/** The scenario as it will be run, and its plan. Throws a `UserError` for changes it can't bear. */
function prepareScenario(
  loaded: LoadedScenario,
  { overrides = {}, fix, clientIdBinding }: PlanOptions = {},
): PreparedScenario {
  const [choice] = fix === undefined ? [] : prepareFixes(loaded, [fix], overrides);
  return planPrepared(fixedScenario(loaded, choice, overrides), choice, clientIdBinding);
}

/** The fixes that `specs` name, for the scenario with its overrides; see `parseFixSpecs`. */
export function prepareFixes(
  loaded: LoadedScenario,
  specs: readonly string[],
  overrides: ScenarioOverrides = {},
): readonly FixChoice[] {
  return parseFixSpecs(specs, overrideScenario(loaded.scenario, overrides), overrides.timeScale);
}

/** The scenario with its overrides and a fix, before it is planned. */
export function fixedScenario(
  loaded: LoadedScenario,
  choice: FixChoice | undefined,
  overrides: ScenarioOverrides = {},
): Scenario {
  const overridden = overrideScenario(loaded.scenario, overrides);
  return choice === undefined ? overridden : applyChoice(overridden, choice);
}

/** The plan of a scenario to which everything has been applied. */
export function planPrepared(
  scenario: Scenario,
  fix: FixChoice | undefined,
  clientIdBinding: ClientIdBinding | undefined,
): PreparedScenario {
  const options = {
    ...(fix === undefined ? {} : { fix }),
    ...(clientIdBinding === undefined ? {} : { clientIdBinding }),
  };
  return { scenario, plan: makePlan(scenario, scenarioDigest(scenario), options) };
}

/** The plan of a scenario: pure, the same for the same scenario and seed, byte for byte. */
export function planScenario(loaded: LoadedScenario, options?: PlanOptions): FleetPlan {
  return prepareScenario(loaded, options).plan;
}
