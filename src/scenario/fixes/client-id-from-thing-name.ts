/** Client IDs become the thing names: what AWS's policies with thing variables require. */
import { z } from 'zod';
import { type Fix, onGroups } from './fix.ts';
import { withIdentity } from './identity-change.ts';

const params = z.strictObject({
  strategy: z.literal('client-id-from-thing-name'),
  on: onGroups,
});

export const clientIdFromThingName = {
  id: 'client-id-from-thing-name',
  title: 'Client ID is the thing name',
  addresses: ['CONFLICTING_CLIENT_IDS_CHECK'],
  costs: [
    'a shared certificate stays shared',
    'an attacker who knows a thing name can still claim it unless the broker binds it',
  ],
  params,
  apply: (group) => withIdentity(group, { clientId: '{{thingName}}' }),
} satisfies Fix<z.output<typeof params>>;
