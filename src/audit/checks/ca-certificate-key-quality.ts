/** CA_CERTIFICATE_KEY_QUALITY_CHECK: authorities whose keys can be broken. */
import type { AuditCheck } from '../check.ts';
import { judgeCertificates } from './certificate-findings.ts';
import { keyFindings, ROCA } from './key-weakness.ts';

export const caCertificateKeyQuality = {
  id: 'CA_CERTIFICATE_KEY_QUALITY_CHECK',
  title: 'CA certificate key quality',
  description:
    'An authority has a key that can be broken: CVE-2017-15361 as AWS tests it; short RSA keys, ' +
    'unsafe exponents and weak curves besides. Keys of CVE-2008-0166 are not recognised.',
  severity: 'CRITICAL',
  resourceType: 'CA_CERTIFICATE',
  ...ROCA,
  evidence: ['the certificates of the authorities'],
  falsePositives: ['a curve that is sound but not known here'],
  references: [
    'https://docs.aws.amazon.com/iot-device-defender/latest/devguide/audit-chk-ca-cert-key-quality.html',
    'https://crocs.fi.muni.cz/public/papers/rsa_ccs17',
  ],
  fixes: [],
  onDemandLagMs: 0,
  needs: 'certificates',
  pointInTime: true,
  run: async (context) =>
    judgeCertificates(context, 'ca', (certificate, { now }) => keyFindings(certificate, now)),
} as const satisfies AuditCheck;
