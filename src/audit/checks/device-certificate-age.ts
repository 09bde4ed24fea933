/**
 * DEVICE_CERTIFICATE_AGE_CHECK: device certificates that have been active for too long. AWS does
 * not say from when it counts; here it is the activation where that is known, else `notBefore`.
 */
import { plural } from '../../core/text.ts';
import { DAY_MS } from '../../core/time.ts';
import type { AuditCheck, CheckContext, FindingDraft } from '../check.ts';
import type { AuditCertificate } from '../evidence.ts';
import {
  certificateDetail,
  certificateResource,
  dayOf,
  judgeCertificates,
} from './certificate-findings.ts';

export const deviceCertificateAge = {
  id: 'DEVICE_CERTIFICATE_AGE_CHECK',
  title: 'Device certificate age',
  description:
    'A device certificate has been active for as long as a threshold (365 days) or longer.',
  severity: 'LOW',
  resourceType: 'DEVICE_CERTIFICATE',
  reasonCode: 'CERTIFICATE_PAST_AGE_THRESHOLD',
  // AWS publishes the code but not the text.
  reason: 'Certificate has been active for longer than the age threshold.',
  evidence: ['the certificates; their activation where it differs from the start of validity'],
  falsePositives: ['a certificate made long before it was activated, when only notBefore is known'],
  references: [
    'https://docs.aws.amazon.com/iot-device-defender/latest/devguide/device-certificate-age-check.html',
  ],
  fixes: [],
  onDemandLagMs: 0,
  needs: 'certificates',
  pointInTime: true,
  run: async (context) => judgeCertificates(context, 'device', ageFindings),
} as const satisfies AuditCheck;

function ageFindings(
  certificate: AuditCertificate,
  { now, thresholds }: CheckContext,
): readonly FindingDraft[] {
  const { activatedAt, notBefore } = certificate;
  const since = activatedAt ?? notBefore;
  const days = Math.floor((now - since) / DAY_MS);
  if (now - since < thresholds.ageDays * DAY_MS) return [];
  const basis = activatedAt === undefined ? 'valid since (notBefore)' : 'activated on';
  const because =
    `${basis} ${dayOf(since)}, ${plural(days, 'day')} ago; ` +
    `the threshold is ${plural(thresholds.ageDays, 'day')}`;
  const said = {
    diagnosis: 'certificate-old',
    confidence: activatedAt === undefined ? 'likely' : 'certain',
    because,
  } as const;
  const resource = certificateResource(certificate);
  return [{ resource, related: [], detail: certificateDetail(said, now) }];
}
