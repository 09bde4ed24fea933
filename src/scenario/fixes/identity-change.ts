/** Changes the identity of a group; a clone keeps what the change does not name. */
import type { Group } from '../group-schema.ts';

type OwnIdentity = Exclude<Group['identity'], { cloneOf: string }>;

/** The group with the changed identity, or undefined when nothing would change. */
export function withIdentity(group: Group, change: Partial<OwnIdentity>): Group | undefined {
  const own: OwnIdentity =
    'cloneOf' in group.identity
      ? {
          certificate: { sameAs: group.identity.cloneOf },
          clientId: { sameAs: group.identity.cloneOf },
          keyType: 'P-256',
        }
      : group.identity;
  const identity = { ...own, ...change };
  return JSON.stringify(identity) === JSON.stringify(own) ? undefined : { ...group, identity };
}
