/** One program of a device connects and the others speak through it: second clients stay away. */
import { z } from 'zod';
import { ownIdentity } from '../assign.ts';
import type { Group } from '../group-schema.ts';
import { changedGroups } from './changed-groups.ts';
import { type Fix, onNamedGroups } from './fix.ts';

export const oneClientPerProcessParams = z.strictObject({
  strategy: z.literal('one-client-per-process'),
  on: onNamedGroups.describe('the second clients: groups that copy the identity of another group'),
});

export const oneClientPerProcess = {
  id: 'one-client-per-process',
  title: 'One connection for each device',
  side: 'device',
  // Whether a copy is a second program of the device or another device, only its owner can say.
  application: 'suggestion',
  addresses: ['CONFLICTING_CLIENT_IDS_CHECK'],
  costs: [
    'what the second client sent and received has to go through the first',
    'it is of no use against a copy that is another device',
  ],
  example: 'one-client-per-process:on=applications',
  params: oneClientPerProcessParams,
  apply: (scenario, { on }) =>
    changedGroups(scenario, on, (group) =>
      isCopy(group) ? { ...group, enabled: false } : undefined,
    ),
} satisfies Fix<z.output<typeof oneClientPerProcessParams>>;

/** It takes certificates and client IDs from one other group. */
function isCopy(group: Group): boolean {
  const { certificate, clientId } = ownIdentity(group);
  return (
    typeof certificate === 'object' &&
    'sameAs' in certificate &&
    typeof clientId === 'object' &&
    'sameAs' in clientId &&
    certificate.sameAs === clientId.sameAs
  );
}
