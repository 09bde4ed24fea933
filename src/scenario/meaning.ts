/**
 * What the types of a scenario can't say: references that lead nowhere, client IDs that collide by
 * accident, expectations that nothing can meet. Every problem, each with its path.
 */
import { behaviourOf } from '../behaviour/registry.ts';
import { nearest, printable } from '../core/text.ts';
import { identityCircle, ownIdentity } from './assign.ts';
import { clientIdProblems } from './client-id-meaning.ts';
import { fixOf } from './fixes/registry.ts';
import type { Scenario } from './schema.ts';

export interface MeaningProblem {
  readonly path: readonly string[];
  readonly message: string;
  readonly hint: string;
}

export function meaningProblems(scenario: Scenario): readonly MeaningProblem[] {
  const references = groupReferences(scenario);
  return [
    ...references,
    ...fixReferences(scenario),
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

function fixReferences(scenario: Scenario): MeaningProblem[] {
  const groups = Object.keys(scenario.fleet);
  const problems: MeaningProblem[] = [];
  for (const [name, params] of Object.entries(scenario.fixes)) {
    for (const on of params.on ?? []) {
      if (!groups.includes(on))
        problems.push({ path: ['fixes', name, 'on'], ...noSuch('group', on, groups) });
    }
    const named = (params.on ?? groups).flatMap((on) =>
      groups.includes(on) ? (scenario.fleet[on] ?? []) : [],
    );
    if (
      named.length > 0 &&
      named.every((group) => fixOf(params).apply(group, params) === undefined)
    ) {
      problems.push({
        path: ['fixes', name],
        message: `${params.strategy} changes nothing in ${params.on?.join(', ') ?? 'any group'}`,
        hint: 'name a group that has what it changes, or another strategy',
      });
    }
  }
  const fixes = Object.keys(scenario.fixes);
  for (const name of Object.keys(scenario.expect.after)) {
    if (!fixes.includes(name))
      problems.push({ path: ['expect', 'after', name], ...noSuch('fix', name, fixes) });
  }
  return problems;
}

function behaviourProblems(scenario: Scenario): MeaningProblem[] {
  return Object.entries(scenario.fleet).flatMap(([name, group]) => {
    const problems: MeaningProblem[] = [];
    const { certificate } = ownIdentity(group);
    if (behaviourOf(group.behaviour).certificatesPerDevice > 1 && certificate !== 'unique') {
      problems.push({
        path: ['fleet', name, 'behaviour'],
        message: `${group.behaviour.kind} needs certificates of its own, the group shares them`,
        hint: 'write identity: { certificate: unique }',
      });
    }
    const at = 'at' in group.behaviour ? group.behaviour.at : undefined;
    if (at !== undefined && at >= scenario.duration) {
      problems.push({
        path: ['fleet', name, 'behaviour'],
        message: 'at lies after the end of the duration, so nothing would happen',
        hint: 'choose a time within the duration',
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

function noSuch(what: string, name: string, names: readonly string[]) {
  const near = nearest(name, names);
  return {
    message: `there is no ${what} "${printable(name, 60)}"`,
    hint: near ? `did you mean ${near}?` : `known are: ${names.join(', ') || 'none'}`,
  };
}
