/** Client IDs become the thing names: what AWS's policies with thing variables require. */
import { z } from 'zod';
import { changedGroups } from './changed-groups.ts';
import { type Fix, onGroups } from './fix.ts';
import { withIdentity } from './identity-change.ts';

export const clientIdFromThingNameParams = z.strictObject({
  strategy: z.literal('client-id-from-thing-name'),
  on: onGroups,
});

export const clientIdFromThingName = {
  id: 'client-id-from-thing-name',
  title: 'Client ID is the thing name',
  side: 'device',
  application: 'automatic',
  addresses: ['CONFLICTING_CLIENT_IDS_CHECK'],
  costs: [
    'a shared certificate stays shared',
    'an attacker who knows a thing name can still claim it unless the broker binds it',
    'sessions and queued messages under the old client ID are left behind',
  ],
  example: 'client-id-from-thing-name',
  params: clientIdFromThingNameParams,
  apply: (scenario, { on }) =>
    changedGroups(scenario, on, (group) => withIdentity(group, { clientId: '{{thingName}}' })),
} satisfies Fix<z.output<typeof clientIdFromThingNameParams>>;
