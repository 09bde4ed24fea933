/**
 * Client IDs that are not what their author can have meant: taken from a group that has none to
 * give, or equal by accident. Pure.
 */
import { printable } from '../core/text.ts';
import { assignCertificates, assignClientId, ownIdentity, thingName } from './assign.ts';
import type { MeaningProblem } from './fleet-meaning.ts';
import type { Group } from './group-schema.ts';
import type { Scenario } from './schema.ts';
import { compileTemplate } from './template.ts';

/** Every such group, with its path. All groups that are referred to must exist. */
export function clientIdProblems(scenario: Scenario): readonly MeaningProblem[] {
  const seen = new Map<string, string>();
  return Object.entries(scenario.fleet).flatMap(([name, group]) => {
    const found =
      taken(scenario, name, group) ??
      (group.enabled === false ? undefined : collision(scenario, name, group, seen));
    return found ? [{ path: ['fleet', name, 'identity', 'clientId'], ...found }] : [];
  });
}

type Found = Omit<MeaningProblem, 'path'> | undefined;

/** IDs that change with every connect, or are made from a certificate that the taker has not. */
function taken(scenario: Scenario, name: string, { identity }: Group): Found {
  if ('cloneOf' in identity) return undefined;
  const { clientId } = identity;
  if (typeof clientId !== 'object' || !('sameAs' in clientId)) return undefined;
  const { sameAs } = clientId;
  const source = assignClientId(scenario, name, 1);
  if (source.kind === 'literal') return undefined;
  if (source.kind === 'uuid-v4-per-connect') {
    return {
      message: `the client IDs of ${sameAs} change with every connect, so none can be taken`,
      hint: 'take them from a group that keeps its client IDs',
    };
  }
  const [own] = assignCertificates(scenario, name, 1);
  const [theirs] = assignCertificates(scenario, sameAs, 1);
  if (own?.name === theirs?.name) return undefined;
  return {
    message: `the client IDs of ${sameAs} are made from its certificates, which ${name} does not use`,
    hint: `write identity: { cloneOf: ${sameAs} } to take both`,
  };
}

/**
 * Equal client IDs are meant when they are written as such: a constant, `sameAs`, a clone, and
 * within one block of `shared`. Two templates with placeholders that give the same ID, or two
 * blocks, collide by accident.
 */
function collision(
  scenario: Scenario,
  name: string,
  group: Group,
  seen: Map<string, string>,
): Found {
  const dealt = dealtByTemplate(group);
  if (dealt === undefined) return undefined;
  for (let n = 1; n <= group.devices; n += dealt.block) {
    const source = assignClientId(scenario, name, n);
    if (source.kind !== 'literal') continue;
    const device = thingName(name, n);
    const other = seen.get(source.value);
    if (other !== undefined) {
      return {
        message: `the template gives ${other} and ${device} the same client ID "${printable(source.value, 80)}"`,
        hint: 'add {{n}} or {{group}}; if the collision is meant, write { sameAs: <group> }, { shared: <k> } or a constant',
      };
    }
    seen.set(source.value, device);
  }
  return undefined;
}

/** How many devices each ID of a template is for; undefined where equal IDs are meant. */
function dealtByTemplate(group: Group): { readonly block: number } | undefined {
  const { clientId } = ownIdentity(group);
  if (typeof clientId === 'string') {
    return compileTemplate(clientId).variables.length > 0 ? { block: 1 } : undefined;
  }
  return 'shared' in clientId ? { block: clientId.shared } : undefined;
}
