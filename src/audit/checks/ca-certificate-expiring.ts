/** CA_CERTIFICATE_EXPIRING_CHECK: authorities whose certificates have expired or soon will. */
import type { AuditCheck } from '../check.ts';
import { judgeCertificates } from './certificate-findings.ts';
import { APPROACHING_EXPIRATION, expiryFindings } from './expiry.ts';

/** AWS has no setting for it. */
const EXPIRATION_DAYS = 30;

export const caCertificateExpiring = {
  id: 'CA_CERTIFICATE_EXPIRING_CHECK',
  title: 'CA certificate expiring',
  description: 'The certificate of an authority has expired, or expires within 30 days.',
  severity: 'MEDIUM',
  resourceType: 'CA_CERTIFICATE',
  ...APPROACHING_EXPIRATION,
  evidence: ['the certificates of the authorities'],
  falsePositives: ['an authority that has been replaced and has no devices any more'],
  references: [
    'https://docs.aws.amazon.com/iot-device-defender/latest/devguide/audit-chk-ca-cert-approaching-expiration.html',
  ],
  fixes: [],
  onDemandLagMs: 0,
  needs: 'certificates',
  pointInTime: true,
  run: async (context) =>
    judgeCertificates(context, 'ca', (certificate, { now }) =>
      expiryFindings(certificate, { now, days: EXPIRATION_DAYS }),
    ),
} as const satisfies AuditCheck;
