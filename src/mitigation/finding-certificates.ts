/** Which certificates a finding is about: its resource, or the principals of its sessions. Pure. */
import type { AuditFinding, FindingResource } from '../audit/finding.ts';

const CERTIFICATE_ID = /^[0-9a-f]{64}$/;

/** Certificate IDs without repetition; none where the finding knows no device certificate. */
export function findingCertificates(
  finding: Pick<AuditFinding, 'nonCompliantResource' | 'relatedResources'>,
): readonly string[] {
  const own = certificateOf(finding.nonCompliantResource);
  if (own !== undefined) return [own];
  const related = (finding.relatedResources ?? []).map(certificateOf);
  return [...new Set(related.filter((id) => id !== undefined))];
}

function certificateOf({ resourceIdentifier }: FindingResource): string | undefined {
  const id = resourceIdentifier?.deviceCertificateId?.toLowerCase();
  return id !== undefined && CERTIFICATE_ID.test(id) ? id : undefined;
}
