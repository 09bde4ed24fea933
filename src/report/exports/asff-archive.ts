/**
 * What becomes of the findings of the audit before: found again, a finding keeps the time of its
 * creation; not found, it is archived, but only if its check was run and could answer (no evidence is
 * no proof that something is gone), else it stays as it was. Pure.
 */
import { answered } from '../../audit/compare.ts';
import type { AuditResult } from '../../audit/finding.ts';
import { EXIT, UserError } from '../../core/errors.ts';
import { CHECK_IDS } from '../../core/ids.ts';
import { printable } from '../../core/text.ts';
import type { AsffFinding } from './asff-format.ts';
import { isoTime } from './task.ts';

export function withPrevious(
  current: readonly AsffFinding[],
  previous: readonly AsffFinding[],
  audit: AuditResult,
): readonly AsffFinding[] {
  sameOwner(current[0] ?? previous[0], previous);
  const before = new Map(previous.map((finding) => [finding.Id, finding]));
  const now = new Set(current.map(({ Id }) => Id));
  // The summary of another schedule's check is not ours to end.
  const isGone = ({ ProductFields }: AsffFinding): boolean =>
    ProductFields.ReportType === 'AuditFinding' &&
    CHECK_IDS.some((id) => id === ProductFields.CheckName && answered(audit, id));
  const gone = previous.filter((one) => one.RecordState === 'ACTIVE' && !now.has(one.Id));
  return [
    ...current.map((finding) => continued(finding, before.get(finding.Id))),
    ...gone.map((finding) => (isGone(finding) ? archived(finding, audit) : finding)),
  ];
}

/** IDs of another account or product would look gone. */
function sameOwner(first: AsffFinding | undefined, all: readonly AsffFinding[]): void {
  const other = all.find(
    (one) => one.AwsAccountId !== first?.AwsAccountId || one.ProductArn !== first.ProductArn,
  );
  if (other === undefined || first === undefined) return;
  throw new UserError(EXIT.usage, {
    message:
      `the earlier findings belong to account ${printable(other.AwsAccountId, 40)} and product ` +
      `${printable(other.ProductArn, 200)}, these to ${printable(first.ProductArn, 200)}`,
    hint: 'give the account and the region of the earlier export',
  });
}

function continued(finding: AsffFinding, before: AsffFinding | undefined): AsffFinding {
  if (before === undefined || before.RecordState === 'ARCHIVED') return finding;
  const { FirstObservedAt: first = finding.FirstObservedAt } = before;
  return {
    ...finding,
    ...(first === undefined ? {} : { FirstObservedAt: earlier(first, finding.LastObservedAt) }),
    CreatedAt: earlier(before.CreatedAt, finding.CreatedAt),
  };
}

/** ISO 8601 in UTC with equal precision sorts as text; anything else is compared as time. */
function earlier(a: string, b: string | undefined): string {
  return b === undefined || Date.parse(a) <= Date.parse(b) ? a : b;
}

function archived(finding: AsffFinding, audit: AuditResult): AsffFinding {
  // Security Hub ignores an update that is not later than the last.
  const at = Math.max(audit.taskStartTime * 1000, Date.parse(finding.UpdatedAt) + 1);
  return {
    ...finding,
    UpdatedAt: isoTime(at),
    ProductFields: { ...finding.ProductFields, TaskId: audit.taskId },
    RecordState: 'ARCHIVED',
  };
}
