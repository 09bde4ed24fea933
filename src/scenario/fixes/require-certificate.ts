/** The broker lets nobody in without a certificate of the fleet's authority. */
import { z } from 'zod';
import { withRule } from './broker-change.ts';
import type { Fix } from './fix.ts';

export const requireCertificateParams = z.strictObject({
  strategy: z.literal('require-certificate'),
});

export const requireCertificate = {
  id: 'require-certificate',
  title: 'The broker requires a certificate',
  side: 'broker',
  application: 'suggestion',
  addresses: ['CONFLICTING_CLIENT_IDS_CHECK', 'DEVICE_CERTIFICATE_SHARED_CHECK'],
  costs: [
    'clients without a certificate are locked out',
    'it says nothing of which client ID a certificate may use, nor of how many share it',
  ],
  example: 'require-certificate',
  rule: 'certificate-required',
  params: requireCertificateParams,
  apply: (scenario) => withRule(scenario, { rule: 'certificate-required' }),
} satisfies Fix<z.output<typeof requireCertificateParams>>;
