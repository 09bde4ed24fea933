/** DEVICE_CERTIFICATE_EXPIRING_CHECK: device certificates that have expired or soon will. */
import type { AuditCheck } from '../check.ts';
import { judgeCertificates } from './certificate-findings.ts';
import { APPROACHING_EXPIRATION, expiryFindings } from './expiry.ts';

export const deviceCertificateExpiring = {
  id: 'DEVICE_CERTIFICATE_EXPIRING_CHECK',
  title: 'Device certificate expiring',
  description: 'A device certificate has expired, or expires within a threshold (30 days).',
  severity: 'MEDIUM',
  resourceType: 'DEVICE_CERTIFICATE',
  ...APPROACHING_EXPIRATION,
  evidence: ['the certificates'],
  falsePositives: ['a certificate that has been replaced and is used no more'],
  references: [
    'https://docs.aws.amazon.com/iot-device-defender/latest/devguide/audit-chk-device-cert-approaching-expiration.html',
  ],
  fixes: [],
  onDemandLagMs: 0,
  needs: 'certificates',
  pointInTime: true,
  run: async (context) =>
    judgeCertificates(context, 'device', (certificate, { now, thresholds }) =>
      expiryFindings(certificate, { now, days: thresholds.expirationDays }),
    ),
} as const satisfies AuditCheck;
