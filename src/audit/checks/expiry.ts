/** Certificates whose validity has ended or soon ends: what both expiring checks say. Pure. */
import { plural } from '../../core/text.ts';
import { DAY_MS, type EpochMs } from '../../core/time.ts';
import type { FindingDraft } from '../check.ts';
import type { AuditCertificate } from '../evidence.ts';
import { certificateDetail, certificateResource, dayOf } from './certificate-findings.ts';

/** AWS's codes; the text of the first is AWS's, that of the second is not published. */
const PAST_EXPIRATION = {
  reasonCode: 'CERTIFICATE_PAST_EXPIRATION',
  reason: 'Certificate is past its expiration.',
} as const;
export const APPROACHING_EXPIRATION = {
  reasonCode: 'CERTIFICATE_APPROACHING_EXPIRATION',
  reason: 'Certificate is approaching its expiration.',
} as const;

/** A finding if `certificate` has expired or will within `days`. Validity includes its last second. */
export function expiryFindings(
  certificate: AuditCertificate,
  { now, days }: { readonly now: EpochMs; readonly days: number },
): readonly FindingDraft[] {
  const { notAfter } = certificate;
  const leftMs = notAfter - now;
  if (leftMs > days * DAY_MS) return [];
  const EXPIRATION_TIME = String(notAfter);
  const resource = certificateResource(certificate, { EXPIRATION_TIME });
  const date = dayOf(notAfter);
  if (leftMs < 0) {
    const because = `it expired on ${date}, ${plural(Math.floor(-leftMs / DAY_MS), 'day')} ago`;
    const said = { diagnosis: 'certificate-expired', confidence: 'certain', because } as const;
    return [{ resource, related: [], ...PAST_EXPIRATION, detail: certificateDetail(said, now) }];
  }
  const left = plural(Math.floor(leftMs / DAY_MS), 'day');
  const because = `it expires on ${date}, in ${left}; the threshold is ${plural(days, 'day')}`;
  const said = { diagnosis: 'certificate-expiring', confidence: 'certain', because } as const;
  const detail = certificateDetail(said, now);
  return [{ resource, related: [], ...APPROACHING_EXPIRATION, detail }];
}
