/** Client IDs become UUIDs (RFC 9562): the remedy AWS names beside thing names. */
import { z } from 'zod';
import { UUID_KINDS } from '../group-schema.ts';
import { type Fix, onGroups } from './fix.ts';
import { withIdentity } from './identity-change.ts';

const params = z.strictObject({
  strategy: z.literal('client-id-uuid'),
  on: onGroups,
  uuid: z.enum(UUID_KINDS).default('v4-kept'),
});

export const clientIdUuid = {
  id: 'client-id-uuid',
  title: 'Client ID is a UUID',
  addresses: ['CONFLICTING_CLIENT_IDS_CHECK'],
  costs: [
    'a shared certificate stays shared',
    'v4-per-connect abandons persistent sessions and hides clones from counters keyed by client ID',
    'v5-serial and v5-certificate collide again where the certificate is shared',
  ],
  params,
  apply: (group, { uuid }) => withIdentity(group, { clientId: { uuid } }),
} satisfies Fix<z.output<typeof params>>;
