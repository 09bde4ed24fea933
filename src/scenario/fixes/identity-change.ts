/** Changes the identity of a group; a clone keeps what the change does not name. */
import { ownIdentity } from '../assign.ts';
import type { Group } from '../group-schema.ts';

/** The group with the changed identity; a clone only has one of its own if it differs. */
export function withIdentity(group: Group, change: Partial<ReturnType<typeof ownIdentity>>): Group {
  return { ...group, identity: { ...ownIdentity(group), ...change } };
}
