/**
 * What the types of a scenario can't say: of its fleet, of fixes that can't apply to it, and of
 * expectations that nothing can meet. Every problem, each with its path.
 */

import { applyParts } from './fixes/apply.ts';
import { fleetProblems, type MeaningProblem, noSuch } from './fleet-meaning.ts';
import type { Scenario } from './schema.ts';

export function meaningProblems(scenario: Scenario): readonly MeaningProblem[] {
  return [...fleetProblems(scenario), ...fixProblems(scenario)];
}

function fixProblems(scenario: Scenario): MeaningProblem[] {
  const groups = Object.keys(scenario.fleet);
  const problems: MeaningProblem[] = [];
  for (const [name, parts] of Object.entries(scenario.fixes)) {
    const unknown = parts
      .flatMap((params) => ('on' in params ? (params.on ?? []) : []))
      .filter((on) => !groups.includes(on));
    for (const on of unknown) {
      problems.push({ path: ['fixes', name, 'on'], ...noSuch('group', on, groups) });
    }
    if (unknown.length > 0) continue;
    const applied = applyParts(scenario, parts);
    if (!('problems' in applied)) continue;
    problems.push(...applied.problems.map((one) => ({ path: ['fixes', name], ...one })));
  }
  const fixes = Object.keys(scenario.fixes);
  for (const name of Object.keys(scenario.expect.after)) {
    if (!fixes.includes(name))
      problems.push({ path: ['expect', 'after', name], ...noSuch('fix', name, fixes) });
  }
  return problems;
}
