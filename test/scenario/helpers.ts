/** Scenario files written in tests: a head that is right, so that a test shows only what matters. */
import { formatProblem, UserError } from '../../src/core/errors.ts';
import { parseScenario } from '../../src/scenario/load.ts';
import { type FleetPlan, makePlan } from '../../src/scenario/plan.ts';
import type { Scenario } from '../../src/scenario/schema.ts';

/** Four lines; what a test adds begins at line 5, with groups of the fleet. */
export const HEAD = 'name: test\npurpose: to test\nduration: 10s\nfleet:\n';

export function scenario(body: string): Scenario {
  return parseScenario(HEAD + body, 'test.yaml');
}

export function planOf(body: string): FleetPlan {
  return makePlan(scenario(body), 'digest');
}

/** Every problem of a file as people see it. */
export function problemsOf(text: string): readonly string[] {
  try {
    parseScenario(text, 'f.yaml');
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}
