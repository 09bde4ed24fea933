/** Client IDs become UUIDs (RFC 9562): the remedy AWS names beside thing names. */
import { z } from 'zod';
import { UUID_KINDS } from '../group-schema.ts';
import { changedGroups } from './changed-groups.ts';
import { type Fix, onGroups } from './fix.ts';
import { withIdentity } from './identity-change.ts';

export const clientIdUuidParams = z.strictObject({
  strategy: z.literal('client-id-uuid'),
  on: onGroups,
  uuid: z.enum(UUID_KINDS).default('v4-kept'),
});

export const clientIdUuid = {
  id: 'client-id-uuid',
  title: 'Client ID is a UUID',
  side: 'device',
  application: 'automatic',
  addresses: ['CONFLICTING_CLIENT_IDS_CHECK'],
  costs: [
    'a shared certificate stays shared',
    'v4-per-connect abandons persistent sessions and hides clones from counters keyed by client ID',
    'v5-serial and v5-certificate collide again where the certificate is shared',
    'sessions and queued messages under the old client ID are left behind',
  ],
  example: 'client-id-uuid:uuid=v4-kept',
  params: clientIdUuidParams,
  apply: (scenario, { on, uuid }) =>
    changedGroups(scenario, on, (group) => withIdentity(group, { clientId: { uuid } })),
} satisfies Fix<z.output<typeof clientIdUuidParams>>;
