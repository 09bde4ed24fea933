/** Every device gets a certificate of its own. */
import { z } from 'zod';
import { changedGroups } from './changed-groups.ts';
import { type Fix, onGroups } from './fix.ts';
import { withIdentity } from './identity-change.ts';

export const uniqueCertificatesParams = z.strictObject({
  strategy: z.literal('unique-certificates'),
  on: onGroups,
});

export const uniqueCertificates = {
  id: 'unique-certificates',
  title: 'A certificate for every device',
  side: 'device',
  application: 'automatic',
  addresses: ['DEVICE_CERTIFICATE_SHARED_CHECK'],
  costs: [
    'client IDs that collide still collide',
    'the shared certificate stays valid until it is revoked',
  ],
  example: 'unique-certificates',
  params: uniqueCertificatesParams,
  apply: (scenario, { on }) =>
    changedGroups(scenario, on, (group) => withIdentity(group, { certificate: 'unique' })),
} satisfies Fix<z.output<typeof uniqueCertificatesParams>>;
