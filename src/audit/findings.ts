/**
 * Findings as people ask for them: filtered as AWS's ListAuditFindings and by what we know besides,
 * described with at most ten related resources, and all related resources in pages. Pure.
 */
import type { CheckId, Diagnosis } from '../core/ids.ts';
import type { AuditFinding, FindingDetail, FindingResource } from './finding.ts';
import { resourceName } from './resource-name.ts';

/** AWS's DescribeAuditFinding shows this many related resources. */
export const DESCRIBED_RELATED_MAX = 10;

/** All that is set has to hold. */
export interface FindingFilter {
  readonly checkName?: CheckId;
  /** Client ID, certificate ID or the beginning of one (8 digits or more), issuer's ID. */
  readonly resource?: string;
  /** Absent: suppressed or not. */
  readonly suppressed?: boolean;
  readonly diagnosis?: Diagnosis;
  readonly confidence?: FindingDetail['confidence'];
}

export function filterFindings(
  findings: readonly AuditFinding[],
  filter: FindingFilter,
): readonly AuditFinding[] {
  const { checkName, resource, suppressed, diagnosis, confidence } = filter;
  return findings.filter(
    (finding) =>
      (checkName === undefined || finding.checkName === checkName) &&
      (resource === undefined || names(finding, resource)) &&
      (suppressed === undefined || finding.isSuppressed === suppressed) &&
      (diagnosis === undefined || finding.doppelfleet.diagnosis === diagnosis) &&
      (confidence === undefined || finding.doppelfleet.confidence === confidence),
  );
}

function names({ nonCompliantResource }: AuditFinding, wanted: string): boolean {
  const name = resourceName(nonCompliantResource.resourceIdentifier);
  if (name === wanted) return true;
  const digits = wanted.toLowerCase();
  const isDigits = /^[0-9a-f]{8,64}$/.test(digits) && /^[0-9a-f]{64}$/i.test(name);
  return isDigits && name.toLowerCase().startsWith(digits);
}

/** As AWS describes it: the newest ten related resources; `doppelfleet.relatedTotal` has them all. */
export function describeFinding(finding: AuditFinding): AuditFinding {
  const { relatedResources } = finding;
  if (relatedResources === undefined) return finding;
  return { ...finding, relatedResources: relatedResources.slice(0, DESCRIBED_RELATED_MAX) };
}

export interface RelatedPage {
  readonly relatedResources: readonly FindingResource[];
  /** Absent at the end. */
  readonly nextToken?: string;
}

/** AWS's ListRelatedResourcesForAuditFinding; without `maxResults` everything at once. */
export function listRelatedResources(
  { relatedResources = [] }: AuditFinding,
  page: { readonly maxResults?: number; readonly nextToken?: string } = {},
): RelatedPage {
  const from = Number(page.nextToken ?? 0);
  const to = from + (page.maxResults ?? relatedResources.length);
  return {
    relatedResources: relatedResources.slice(from, to),
    ...(to < relatedResources.length ? { nextToken: String(to) } : {}),
  };
}
