/** Every device gets a certificate of its own. */
import { z } from 'zod';
import { type Fix, onGroups } from './fix.ts';
import { withIdentity } from './identity-change.ts';

const params = z.strictObject({ strategy: z.literal('unique-certificates'), on: onGroups });

export const uniqueCertificates = {
  id: 'unique-certificates',
  title: 'A certificate for every device',
  addresses: ['DEVICE_CERTIFICATE_SHARED_CHECK'],
  costs: [
    'client IDs that collide still collide',
    'the shared certificate stays valid until it is revoked',
  ],
  params,
  apply: (group) => withIdentity(group, { certificate: 'unique' }),
} satisfies Fix<z.output<typeof params>>;
