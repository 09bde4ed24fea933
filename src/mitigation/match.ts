/** Findings to actions: which executions a task has, in AWS's order, and what it leaves out. Pure. */
import { createHash } from 'node:crypto';
import type { AuditFinding } from '../audit/finding.ts';
import type { CheckId } from '../core/ids.ts';
import type { MitigationAction } from './action.ts';
import type { LoadedMitigation, MitigationTarget } from './actions-file.ts';
import {
  type CheckTaskStatistics,
  type ExecutionStatus,
  findingOutcome,
  type MitigationExecution,
} from './task.ts';

/** A finding with the actions that it leads to, in their order. */
export interface MatchedFinding {
  readonly finding: AuditFinding;
  readonly actions: readonly MitigationAction[];
}

/** Stable for an action's name and parameters, in the shape of AWS's: a UUID. */
export function actionId({ actionName, actionParams }: MitigationAction): string {
  return uuidOf(JSON.stringify([actionName, actionParams]));
}

/** A UUID that stands for a text: version 8 of RFC 9562 §5.8. */
export function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = (Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8;
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant.toString(16)}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** Findings that are suppressed or that the target leaves out are not mitigated. */
export function matchFindings(
  findings: readonly AuditFinding[],
  { actions, mappings, target }: LoadedMitigation,
): readonly MatchedFinding[] {
  const byName = new Map(actions.map((action) => [action.actionName, action]));
  return findings.flatMap((finding) => {
    if (finding.isSuppressed || !inTarget(finding, target)) return [];
    const rules = mappings.find(({ check }) => check === finding.checkName)?.rules ?? [];
    const code = finding.reasonForNonComplianceCode;
    const rule = rules.find(({ reasonCodes }) => reasonCodes?.includes(code) ?? true);
    const wanted = (rule?.actions ?? []).flatMap((name) => byName.get(name) ?? []);
    return wanted.length === 0 ? [] : [{ finding, actions: wanted }];
  });
}

function inTarget(finding: AuditFinding, target: MitigationTarget | undefined): boolean {
  if (target === undefined) return true;
  if ('findingIds' in target) return target.findingIds.includes(finding.findingId);
  const codes = target.auditCheckToReasonCodeFilter[finding.checkName];
  return codes?.includes(finding.reasonForNonComplianceCode) ?? false;
}

/** For each check of the mapping, what became of its findings. */
export function statisticsOf(
  findings: readonly AuditFinding[],
  mappings: LoadedMitigation['mappings'],
  executions: readonly MitigationExecution[],
): Readonly<Partial<Record<CheckId, CheckTaskStatistics>>> {
  const statuses = new Map<string, ExecutionStatus[]>();
  for (const { findingId, status } of executions) {
    statuses.set(findingId, [...(statuses.get(findingId) ?? []), status]);
  }
  return Object.fromEntries(
    mappings.map(({ check }) => {
      const own = findings.filter(({ checkName }) => checkName === check);
      const outcomes = own.map(({ findingId }) => {
        const of = statuses.get(findingId);
        return of === undefined ? 'skipped' : findingOutcome(of);
      });
      const count = (wanted: (typeof outcomes)[number]) =>
        outcomes.filter((outcome) => outcome === wanted).length;
      return [
        check,
        {
          totalFindingsCount: own.length,
          failedFindingsCount: count('failed'),
          succeededFindingsCount: count('succeeded'),
          skippedFindingsCount: count('skipped'),
          canceledFindingsCount: count('canceled'),
        },
      ];
    }),
  );
}
