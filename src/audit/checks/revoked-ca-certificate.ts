/** REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK: authorities in a revocation list of their issuer. */
import type { AuditCheck, CheckContext, CheckOutcome, FindingDraft } from '../check.ts';
import {
  activeCertificates,
  certificateDetail,
  certificateResource,
} from './certificate-findings.ts';
import {
  missingLists,
  REVOKED_BY_ISSUER,
  type RevokedCertificate,
  revokedCertificates,
  revokedText,
} from './revocation.ts';

export const revokedCaCertificate = {
  id: 'REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK',
  title: 'Revoked CA certificate still active',
  description:
    'The certificate of an authority stands in its issuer’s revocation list and is still active.',
  severity: 'CRITICAL',
  resourceType: 'CA_CERTIFICATE',
  ...REVOKED_BY_ISSUER,
  evidence: ['the certificates of the authorities and the revocation lists of their issuers'],
  falsePositives: ['an authority that is registered no more, when its status is not known'],
  references: [
    'https://docs.aws.amazon.com/iot-device-defender/latest/devguide/audit-chk-revoked-ca-cert.html',
    'https://www.rfc-editor.org/rfc/rfc5280#section-5',
  ],
  fixes: [],
  onDemandLagMs: 0,
  needs: 'certificates',
  pointInTime: true,
  run,
} as const satisfies AuditCheck;

async function run(context: CheckContext): Promise<CheckOutcome> {
  const active = activeCertificates(context, 'ca');
  return {
    findings: revokedCertificates(context, 'ca').map((one) => revokedFinding(one, context)),
    resources: active.length,
    missing: missingLists(context, active),
    applies: (context.certificates?.revocationLists.length ?? 0) > 0,
  };
}

function revokedFinding(certificate: RevokedCertificate, { now }: CheckContext): FindingDraft {
  const { status } = certificate;
  const known = status === undefined ? 'whether it is still registered is not known' : status;
  const said = {
    diagnosis: 'revoked-certificate',
    confidence: status === undefined ? 'likely' : 'certain',
    because: `${revokedText(certificate)}; ${status === undefined ? known : `its status is ${known}`}`,
  } as const;
  const resource = certificateResource(certificate);
  return { resource, related: [], detail: certificateDetail(said, now) };
}
