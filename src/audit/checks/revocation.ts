/**
 * What the checks of revoked certificates have in common: which lists can be relied on, whose
 * certificates they leave open, and how a finding is worded. Pure.
 */
import { plural } from '../../core/text.ts';
import type { EpochMs } from '../../core/time.ts';
import { type CheckContext, NO_CERTIFICATES } from '../check.ts';
import type { AuditCertificate, AuditRevocationList, Revocation } from '../evidence.ts';
import { activeCertificates, dayOf } from './certificate-findings.ts';

export type RevokedCertificate = AuditCertificate & { readonly revoked: Revocation };

/** Named in `missing` when no list was given. */
const NO_REVOCATION_LISTS = 'revocation lists: none were given';

/** AWS's code for both checks of certificates that their issuer has revoked. */
export const REVOKED_BY_ISSUER = {
  reasonCode: 'CERTIFICATE_REVOKED_BY_ISSUER',
  reason: 'Certificate is revoked by its issuer and still active.',
} as const;

/** Active certificates of a role that stand in a list. */
export function revokedCertificates(
  context: Pick<CheckContext, 'certificates'>,
  role: AuditCertificate['role'],
): readonly RevokedCertificate[] {
  return activeCertificates(context, role).filter(
    (certificate): certificate is RevokedCertificate => certificate.revoked !== undefined,
  );
}

/** What keeps the silence of the lists from proving that `certificates` are not revoked. */
export function missingLists(
  { certificates: evidence }: Pick<CheckContext, 'certificates'>,
  certificates: readonly AuditCertificate[],
): readonly string[] {
  if (evidence === undefined || evidence.certificates.length === 0) return [NO_CERTIFICATES];
  const { revocationLists } = evidence;
  if (revocationLists.length === 0) return [NO_REVOCATION_LISTS];
  const covering = new Set(revocationLists.filter(isComplete).flatMap(issuersOf));
  const open = certificates.filter(
    ({ issuer, issuerCertificateId, subject, revoked }) =>
      // A root revokes itself in no list.
      revoked === undefined &&
      subject !== issuer &&
      !covering.has(issuerCertificateId ?? `name ${issuer}`),
  );
  if (open.length === 0) return [];
  const count = plural(open.length, 'certificate');
  return [`revocation lists: no verified and complete one from the issuers of ${count}`];
}

function isComplete({ verified, complete }: AuditRevocationList): boolean {
  return verified && complete !== false;
}

/** A list with a known issuer speaks for that issuer's certificates, and by name for the rest. */
function issuersOf({ issuer, issuerCertificateId }: AuditRevocationList): string[] {
  const byName = `name ${issuer}`;
  return issuerCertificateId === undefined ? [byName] : [issuerCertificateId, byName];
}

/** When the certificate stood in the list that was given, at the latest: when the list was made. */
export function listedSince(
  { certificates }: Pick<CheckContext, 'certificates'>,
  { revoked, issuer }: RevokedCertificate,
): EpochMs {
  const lists = certificates?.revocationLists ?? [];
  const times = lists
    .filter((list) => list.file === revoked.source && list.issuer === issuer)
    .map((list) => list.thisUpdate);
  return times.length === 0 ? revoked.at : Math.max(revoked.at, Math.min(...times));
}

/** `revoked on 2026-01-31 (keyCompromise)` */
export function revokedText({ revoked }: RevokedCertificate): string {
  return `revoked on ${dayOf(revoked.at)}${revoked.reason === undefined ? '' : ` (${revoked.reason})`}`;
}
