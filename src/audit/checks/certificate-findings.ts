/**
 * What the checks of certificates have in common: which certificates they look at, how a
 * certificate is named as a resource, and what is said when there are none. Pure.
 */
import type { EpochMs } from '../../core/time.ts';
import {
  type CheckContext,
  type CheckOutcome,
  type FindingDraft,
  NO_CERTIFICATES,
} from '../check.ts';
import { type AuditCertificate, isActive } from '../evidence.ts';
import type { FindingDetail, FindingResource } from '../finding.ts';

/** What a check says of one certificate; several for one certificate differ in their reason code. */
export type CertificateJudge = (
  certificate: AuditCertificate,
  context: CheckContext,
) => readonly FindingDraft[];

/** Judges the active certificates of a role, in the order of their IDs. */
export function judgeCertificates(
  context: CheckContext,
  role: AuditCertificate['role'],
  judge: CertificateJudge,
): CheckOutcome {
  const { certificates } = context;
  if (certificates === undefined) return { findings: [], resources: 0, missing: [NO_CERTIFICATES] };
  const judged = activeCertificates(context, role);
  return {
    findings: judged.flatMap((certificate) => judge(certificate, context)),
    resources: judged.length,
    // A folder without an authority is nothing that an authority's check could object to.
    missing: certificates.certificates.length === 0 ? [NO_CERTIFICATES] : [],
  };
}

/** Certificates that AWS's checks look at, in the order of their IDs. */
export function activeCertificates(
  { certificates }: Pick<CheckContext, 'certificates'>,
  role: AuditCertificate['role'],
): readonly AuditCertificate[] {
  return (certificates?.certificates ?? [])
    .filter((certificate) => certificate.role === role && isActive(certificate))
    .sort((a, b) => (a.certificateId < b.certificateId ? -1 : 1));
}

export function certificateResource(
  { role, certificateId }: AuditCertificate,
  additionalInfo?: Readonly<Record<string, string>>,
): FindingResource {
  const [resourceType, resourceIdentifier] =
    role === 'ca'
      ? (['CA_CERTIFICATE', { caCertificateId: certificateId }] as const)
      : (['DEVICE_CERTIFICATE', { deviceCertificateId: certificateId }] as const);
  return {
    resourceType,
    resourceIdentifier,
    ...(additionalInfo === undefined ? {} : { additionalInfo }),
  };
}

/** A finding that rests on a certificate alone, true at `at`. */
export function certificateDetail(
  said: Pick<FindingDetail, 'diagnosis' | 'confidence' | 'because'>,
  at: EpochMs,
): FindingDraft['detail'] {
  return {
    ...said,
    evidence: [],
    evidenceTotal: 0,
    relatedTotal: 0,
    occurrences: 1,
    lastOccurrence: at,
    inferred: [],
  };
}

/** `2026-01-31`, or what the number is when it is no date that ISO 8601 has. */
export function dayOf(at: EpochMs): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString().replace(/T.*/, '');
}
