/**
 * What the types of a fleet can't say: references that lead nowhere, client IDs that collide by
 * accident, behaviours that can't be. Every problem, each with its path; fixes are not looked at.
 */
import { behaviourOf } from '../behaviour/registry.ts';
import { nearest, printable } from '../core/text.ts';
import { identityCircle, ownIdentity } from './assign.ts';
import { clientIdProblems } from './client-id-meaning.ts';
import type { Scenario } from './schema.ts';

export interface MeaningProblem {
  readonly path: readonly string[];
  readonly message: string;
  readonly hint: string;
}

export function fleetProblems(scenario: Scenario): readonly MeaningProblem[] {
  const references = groupReferences(scenario);
  return [
    ...references,
    ...ruleReferences(scenario),
    ...behaviourProblems(scenario),
    // Identities can only be dealt when every group they refer to exists.
    ...(references.length === 0 ? clientIdProblems(scenario) : []),
  ];
}

function groupReferences(scenario: Scenario): MeaningProblem[] {
  const names = Object.keys(scenario.fleet);
  const problems: MeaningProblem[] = [];
  for (const [name, group] of Object.entries(scenario.fleet)) {
    const base = ['fleet', name, 'identity'];
    const { certificate, clientId } = ownIdentity(group);
    const halves =
      'cloneOf' in group.identity
        ? [['cloneOf', certificate] as const]
        : [['certificate', certificate] as const, ['clientId', clientId] as const];
    for (const [key, spec] of halves) {
      if (typeof spec !== 'object' || !('sameAs' in spec) || names.includes(spec.sameAs)) continue;
      problems.push({ path: [...base, key], ...noSuch('group', spec.sameAs, names) });
    }
  }
  if (problems.length > 0) return problems;
  for (const name of names) {
    const circle = identityCircle(scenario, name);
    if (circle !== undefined) {
      return [
        {
          path: ['fleet', name, 'identity'],
          message: `groups take their identity from one another in a circle: ${circle}`,
          hint: 'give one of them an identity of its own',
        },
      ];
    }
  }
  return [];
}

function ruleReferences({ broker, fleet }: Scenario): MeaningProblem[] {
  const names = Object.keys(fleet);
  const problems = (broker?.rules ?? []).flatMap((rule, index) =>
    (rule.rule === 'revocation-list' ? rule.groups : [])
      .filter((name) => !names.includes(name))
      .map((name) => ({
        path: ['broker', 'rules', String(index), 'groups'],
        ...noSuch('group', name, names),
      })),
  );
  if (names.some((name) => fleet[name]?.enabled !== false)) return problems;
  return [
    ...problems,
    {
      path: ['fleet'],
      message: 'no group is enabled, so that there is no device',
      hint: 'remove enabled: false from one of them',
    },
  ];
}

function behaviourProblems(scenario: Scenario): MeaningProblem[] {
  return Object.entries(scenario.fleet).flatMap(([name, group]) => {
    const problems: MeaningProblem[] = [];
    const { certificate } = ownIdentity(group);
    const change = behaviourOf(group.behaviour).certificateChange(group.behaviour);
    const at = 'at' in group.behaviour ? group.behaviour.at : undefined;
    if (at !== undefined && at >= scenario.duration) {
      problems.push({
        path: ['fleet', name, 'behaviour'],
        message: 'at lies after the end of the duration, so nothing would happen',
        hint: 'choose a time within the duration',
      });
    } else if (
      change !== undefined &&
      (change.atMsMax > change.atMs || change.revokesOld) &&
      change.atMsMax + change.awayMs >= scenario.duration
    ) {
      problems.push({
        path: ['fleet', name, 'behaviour'],
        message: 'not every device has rotated when the duration ends',
        hint: 'lower at, spread or gap, or raise the duration',
      });
    }
    if (
      typeof certificate === 'object' &&
      'shared' in certificate &&
      certificate.shared > group.devices
    ) {
      problems.push({
        path: ['fleet', name, 'identity', 'certificate'],
        message: `one certificate over ${certificate.shared} devices, but the group has ${group.devices}`,
        hint: 'raise devices, or write certificate: shared for one over all',
      });
    }
    return problems;
  });
}

export function noSuch(
  what: string,
  name: string,
  names: readonly string[],
): Omit<MeaningProblem, 'path'> {
  const near = nearest(name, names);
  return {
    message: `there is no ${what} "${printable(name, 60)}"`,
    hint: near ? `did you mean ${near}?` : `known are: ${names.join(', ') || 'none'}`,
  };
}
