/**
 * Deals identities: which certificates and which client ID device `n` of a group claims. Pure;
 * groups that take those of another group are followed to their origin.
 */
import { behaviourOf } from '../behaviour/registry.ts';
import { assertNever } from '../core/assert.ts';
import { type ClientIdSource, uuidV4, uuidV5 } from './client-id.ts';
import type { Group } from './group-schema.ts';
import type { Scenario } from './schema.ts';
import { compileTemplate } from './template.ts';

type OwnIdentity = Exclude<Group['identity'], { cloneOf: string }>;
type ClientIdSpec = OwnIdentity['clientId'];

/** Name of the simulated thing: group and number. It is the common name of its certificate. */
export function thingName(group: string, n: number): string {
  return `${group}-${n}`;
}

/** The group's own identity; a clone takes both halves from the group it copies. */
export function ownIdentity(group: Group): OwnIdentity {
  const { identity } = group;
  return 'cloneOf' in identity
    ? {
        certificate: { sameAs: identity.cloneOf },
        clientId: { sameAs: identity.cloneOf },
        keyType: 'P-256',
      }
    : identity;
}

/** Who the devices of a group claim to be, in words. */
export function describeIdentity(group: Group): string {
  const { certificate, clientId, keyType } = ownIdentity(group);
  return `${describeCertificate(certificate)} (${keyType}), ${describeClientId(clientId)}`;
}

function describeCertificate(certificate: OwnIdentity['certificate']): string {
  if (certificate === 'unique') return 'a certificate each';
  if (certificate === 'shared') return 'one certificate for all';
  return 'sameAs' in certificate
    ? `the certificates of ${certificate.sameAs}`
    : `one certificate for every ${certificate.shared}`;
}

function describeClientId(clientId: ClientIdSpec): string {
  if (typeof clientId === 'string') return `client ID ${clientId}`;
  if ('uuid' in clientId) return `client ID UUID ${clientId.uuid}`;
  return 'sameAs' in clientId
    ? `the client IDs of ${clientId.sameAs}`
    : `one client ID for every ${clientId.shared}`;
}

export interface AssignedCertificate {
  readonly name: string;
  readonly thingName: string;
  readonly keyType: OwnIdentity['keyType'];
}

/**
 * Certificates of device `n` (from 1), in the order in which it presents them. Only the first may be
 * shared: whoever changes over gets a new one of its own.
 */
export function assignCertificates(
  scenario: Scenario,
  groupName: string,
  n: number,
): readonly AssignedCertificate[] {
  const group = groupOf(scenario, groupName);
  const { keyType } = ownIdentity(group);
  const device = thingName(groupName, n);
  const more = behaviourOf(group.behaviour).certificatesPerDevice - 1;
  return [
    firstCertificate(scenario, groupName, n),
    ...Array.from({ length: more }, (_, index) => ({
      name: `${device}.${index + 2}`,
      thingName: device,
      keyType,
    })),
  ];
}

function firstCertificate(scenario: Scenario, groupName: string, n: number): AssignedCertificate {
  const group = groupOf(scenario, groupName);
  const { certificate, keyType } = ownIdentity(group);
  if (typeof certificate === 'object' && 'sameAs' in certificate) {
    const { sameAs } = certificate;
    return firstCertificate(scenario, sameAs, wrap(scenario, sameAs, n));
  }
  const holder = thingName(groupName, firstOfBlock(certificate, group.devices, n));
  return { name: holder, thingName: holder, keyType };
}

/** Where the client ID of device `n` (from 1) comes from. */
export function assignClientId(scenario: Scenario, groupName: string, n: number): ClientIdSource {
  const spec: ClientIdSpec = ownIdentity(groupOf(scenario, groupName)).clientId;
  const values = (number: number) => ({
    n: number,
    group: groupName,
    thingName: thingName(groupName, number),
  });
  if (typeof spec === 'string') return literal(compileTemplate(spec).render(values(n)));
  if ('sameAs' in spec) {
    return assignClientId(scenario, spec.sameAs, wrap(scenario, spec.sameAs, n));
  }
  if ('shared' in spec) {
    return literal(compileTemplate(spec.template).render(values(Math.ceil(n / spec.shared))));
  }
  return uuidSource(spec.uuid, scenario.seed, thingName(groupName, n));
}

function uuidSource(
  uuid: Extract<ClientIdSpec, { uuid: unknown }>['uuid'],
  seed: number,
  device: string,
): ClientIdSource {
  switch (uuid) {
    case 'v4-per-connect':
      return { kind: 'uuid-v4-per-connect', device };
    case 'v4-kept':
      return literal(uuidV4(`${seed} ${device}`));
    case 'v5-thing-name':
      return literal(uuidV5(device));
    case 'v5-serial':
      return { kind: 'uuid-v5', of: 'serial' };
    case 'v5-certificate':
      return { kind: 'uuid-v5', of: 'certificate' };
    default:
      return assertNever(uuid);
  }
}

/** Groups that take identities from one another in a circle, as `a → b → a`; undefined if none. */
export function identityCircle(scenario: Scenario, groupName: string): string | undefined {
  for (const half of ['certificate', 'clientId'] as const) {
    const path = [groupName];
    for (;;) {
      const group = scenario.fleet[path.at(-1) ?? ''];
      const spec = group && ownIdentity(group)[half];
      if (typeof spec !== 'object' || !('sameAs' in spec)) break;
      if (path.includes(spec.sameAs)) return [...path, spec.sameAs].join(' → ');
      path.push(spec.sameAs);
    }
  }
  return undefined;
}

function firstOfBlock(
  certificate: Exclude<OwnIdentity['certificate'], { sameAs: string }>,
  devices: number,
  n: number,
): number {
  if (certificate === 'unique') return n;
  const block = certificate === 'shared' ? devices : certificate.shared;
  return Math.floor((n - 1) / block) * block + 1;
}

function wrap(scenario: Scenario, groupName: string, n: number): number {
  return ((n - 1) % groupOf(scenario, groupName).devices) + 1;
}

function groupOf(scenario: Scenario, name: string): Group {
  const group = scenario.fleet[name];
  if (group === undefined) throw new Error(`internal error: no group ${name}`);
  return group;
}

function literal(value: string): ClientIdSource {
  return { kind: 'literal', value };
}
