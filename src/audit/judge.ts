/**
 * From what a check found to AWS's words: findings with IDs, suppressed where a suppression says
 * so, and the details of the check. Pure.
 */
import { createHash } from 'node:crypto';
import type { EpochMs, TimeWindow } from '../core/time.ts';
import type { AuditCheck, CheckOutcome, FindingDraft } from './check.ts';
import { fixesFor } from './diagnosis-fixes.ts';
import type { AuditCheckDetails, AuditFinding, FindingResource } from './finding.ts';
import type { AuditSemantics } from './semantics.ts';

/** What all findings of one audit have in common. */
export interface JudgeContext {
  readonly taskId: string;
  readonly now: EpochMs;
  readonly semantics: AuditSemantics;
  /** Whether a suppression in force covers the finding; the caller counts its use. */
  readonly isSuppressed: (finding: AuditFinding) => boolean;
}

/** 32 lower-case hex digits, as AWS's audit IDs are; equal for equal parts. */
export function stableId(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** Lost evidence may hide sessions: a check that looks at them lacks it. */
export function withGaps(
  { needs = 'sessions' }: AuditCheck,
  outcome: CheckOutcome,
  gaps: readonly string[],
): CheckOutcome {
  if (gaps.length === 0 || needs === 'certificates') return outcome;
  return { ...outcome, missing: [...outcome.missing, ...gaps] };
}

/** The findings of one check, in its order. */
export function judgeFindings(
  check: AuditCheck,
  { findings }: CheckOutcome,
  context: JudgeContext,
): readonly AuditFinding[] {
  return findings.map((draft) => {
    const finding = toFinding(check, draft, context);
    return context.isSuppressed(finding) ? { ...finding, isSuppressed: true } : finding;
  });
}

function toFinding(
  check: AuditCheck,
  draft: FindingDraft,
  { taskId, now, semantics }: JudgeContext,
): AuditFinding {
  const { resource, detail, reason = check.reason, reasonCode = check.reasonCode } = draft;
  const related = relatedAs(semantics, resource, draft.related);
  return {
    findingId: stableId([check.id, resource.resourceIdentifier, reasonCode]),
    taskId,
    checkName: check.id,
    taskStartTime: now / 1000,
    findingTime: now / 1000,
    severity: check.severity,
    nonCompliantResource: resource,
    ...(related.length > 0 ? { relatedResources: related } : {}),
    reasonForNonCompliance: reason,
    reasonForNonComplianceCode: reasonCode,
    isSuppressed: false,
    doppelfleet: { ...detail, fixes: fixesFor(detail.diagnosis, check.fixes) },
  };
}

/** AWS doesn't publish how an evicted session of a client ID is named: see `conflictRelated`. */
function relatedAs(
  { conflictRelated, relatedMax }: AuditSemantics,
  resource: FindingResource,
  related: readonly FindingResource[],
): readonly FindingResource[] {
  const listed = related.slice(0, relatedMax);
  if (conflictRelated === 'certificate' || resource.resourceType !== 'CLIENT_ID') return listed;
  return listed.map(({ resourceIdentifier, additionalInfo }) => {
    const principal = resourceIdentifier.deviceCertificateId;
    return {
      resourceType: 'CLIENT_ID',
      resourceIdentifier: resource.resourceIdentifier,
      additionalInfo: {
        ...additionalInfo,
        ...(principal === undefined ? {} : { PRINCIPAL_ID: principal }),
      },
    };
  });
}

const RUN_STATUS = {
  compliant: 'COMPLETED_COMPLIANT',
  'non-compliant': 'COMPLETED_NON_COMPLIANT',
  inconclusive: 'FAILED',
} as const;

/**
 * What is proven counts although something is missing; without proof, missing facts decide.
 * Suppressed findings prove nothing.
 */
export function checkDetails(
  { resources, missing }: CheckOutcome,
  findings: readonly AuditFinding[],
  window: TimeWindow,
  { nonCompliantCounted }: AuditSemantics,
): AuditCheckDetails {
  const open = findings.filter((finding) => !finding.isSuppressed);
  const status =
    open.length > 0 ? 'non-compliant' : missing.length > 0 ? 'inconclusive' : 'compliant';
  const all = countResources(findings);
  const unsuppressed = countResources(open);
  return {
    checkRunStatus: RUN_STATUS[status],
    checkCompliant: status === 'compliant',
    totalResourcesCount: resources,
    nonCompliantResourcesCount: nonCompliantCounted === 'all' ? all : unsuppressed,
    suppressedNonCompliantResourcesCount: all - unsuppressed,
    ...(missing.length > 0 ? { message: missing.join('; ').slice(0, MESSAGE_LENGTH_MAX) } : {}),
    doppelfleet: { status, missing, window },
  };
}

/** As AWS's model bounds `message`. */
const MESSAGE_LENGTH_MAX = 2048;

/** A resource with two reasons is one resource. */
function countResources(findings: readonly AuditFinding[]): number {
  const keys = findings.map(({ nonCompliantResource }) =>
    JSON.stringify(nonCompliantResource.resourceIdentifier),
  );
  return new Set(keys).size;
}
