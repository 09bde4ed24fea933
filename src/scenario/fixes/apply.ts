/**
 * Applies the strategies of a fix to a scenario, one after the other, and says what stands against
 * it: a strategy that changes nothing, two that contradict one another, a fleet that makes no sense
 * afterwards. Pure.
 */
import type { Problem } from '../../core/errors.ts';
import type { FixId } from '../../core/ids.ts';
import { nearest, printable } from '../../core/text.ts';
import { fleetProblems } from '../fleet-meaning.ts';
import type { Scenario } from '../schema.ts';
import { isSame } from './changed-groups.ts';
import type { FixParams } from './params.ts';
import { fixOf } from './registry.ts';

/** A message with what to do. */
export type FixProblem = Required<Pick<Problem, 'message' | 'hint'>>;

/** The fixed scenario, or everything that is wrong with the fix. */
export type Applied =
  | { readonly scenario: Scenario }
  | { readonly problems: readonly FixProblem[] };

export function applyParts(scenario: Scenario, parts: readonly FixParams[]): Applied {
  const problems = [
    ...parts.flatMap((params) => unknownGroups(scenario, params)),
    ...repeated(parts.map(({ strategy }) => strategy)),
  ];
  if (problems.length > 0) return { problems };
  const idle = parts.filter((params) => fixOf(params).apply(scenario, params) === undefined);
  if (idle.length > 0) return { problems: idle.map(changesNothing) };
  const rivals = contradictions(scenario, parts);
  if (rivals.length > 0) return { problems: rivals };
  const fixed = parts.reduce((so, params) => fixOf(params).apply(so, params) ?? so, scenario);
  const known = new Set(fleetProblems(scenario).map(({ message }) => message));
  const broken = fleetProblems(fixed).filter(({ message }) => !known.has(message));
  return broken.length === 0
    ? { scenario: fixed }
    : {
        problems: broken.map(({ path, message, hint }) => ({
          message: `afterwards ${path.join('.')} would be wrong: ${message}`,
          hint,
        })),
      };
}

function unknownGroups(scenario: Scenario, params: FixParams): readonly FixProblem[] {
  const groups = Object.keys(scenario.fleet);
  const on = 'on' in params ? (params.on ?? []) : [];
  return on
    .filter((name) => !groups.includes(name))
    .map((name) => {
      const near = nearest(name, groups);
      return {
        message: `there is no group "${printable(name, 60)}" for ${params.strategy}`,
        hint: near ? `did you mean ${near}?` : `known are: ${groups.join(', ')}`,
      };
    });
}

function repeated(strategies: readonly FixId[]): readonly FixProblem[] {
  return [...new Set(strategies.filter((one, index) => strategies.indexOf(one) !== index))].map(
    (strategy) => ({
      message: `${strategy} is there twice, and the last would win`,
      hint: 'name it once, with all its groups: on=<group>,on=<group>',
    }),
  );
}

function changesNothing(params: FixParams): FixProblem {
  const on = 'on' in params ? params.on : undefined;
  return {
    message: `${params.strategy} changes nothing in ${on?.join(', ') ?? 'any group'}`,
    hint: 'name a group that has what it changes, or another strategy',
  };
}

/** Pairs of which the one undoes or hinders the other, so that their order would decide. */
function contradictions(scenario: Scenario, parts: readonly FixParams[]): readonly FixProblem[] {
  const after = (first: FixParams, second: FixParams): Scenario => {
    const once = fixOf(first).apply(scenario, first) ?? scenario;
    return fixOf(second).apply(once, second) ?? once;
  };
  return parts.flatMap((a, index) =>
    parts.slice(index + 1).flatMap((b) =>
      isSame(after(a, b), after(b, a))
        ? []
        : [
            {
              message: `${a.strategy} and ${b.strategy} contradict one another: the order would decide`,
              hint: 'apply them to different groups, or try them one by one',
            },
          ],
    ),
  );
}
