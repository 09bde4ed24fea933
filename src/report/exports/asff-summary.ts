/** A check's summary in the AWS Security Finding Format: what it looked at and how much it found. */
import type { AuditCheckDetails, AuditResult } from '../../audit/finding.ts';
import { printable } from '../../core/text.ts';
import { ASFF_LENGTHS, ASFF_NORMALIZED, type AsffFinding } from './asff-format.ts';
import { asffCommon, asffTaskFields, asffTypes } from './asff-parts.ts';
import { checkMetadata } from './check-metadata.ts';
import type { ExportOptions } from './export.ts';
import { isoTime, type TaskFacts } from './task.ts';

interface SummaryContext {
  readonly audit: AuditResult;
  readonly task: TaskFacts;
  readonly options: ExportOptions;
}

/** Active while there is something to do: non-compliant resources, or a check without an answer. */
export function checkSummary(
  check: string,
  details: AuditCheckDetails,
  { audit, task, options }: SummaryContext,
): AsffFinding {
  const { checkRunStatus, nonCompliantResourcesCount: found, totalResourcesCount: total } = details;
  const { account, region, partition, taskType, scheduledAuditName } = task;
  const types = asffTypes(check);
  const severity = checkMetadata(check)?.severity ?? 'MEDIUM';
  const at = isoTime(task.startedAt);
  const active = checkRunStatus === 'COMPLETED_NON_COMPLIANT' || checkRunStatus === 'FAILED';
  return {
    ...asffCommon(task, options),
    Id: [account, taskType, ...(scheduledAuditName ? [scheduledAuditName] : []), check].join('/'),
    GeneratorId: audit.taskId,
    Types: types,
    CreatedAt: at,
    UpdatedAt: at,
    Severity: { Label: severity, Normalized: ASFF_NORMALIZED[severity] },
    Title: printable(`${check} Summary: ${summaryTitle(details)}`, ASFF_LENGTHS.title),
    Description: printable(
      `${found} non-compliant resources are found for ${check} out of ${total} resources by Audit ` +
        `task ${audit.taskId}. The percentage of non-compliant resources is ` +
        `${percentage(found, total)}%.${details.message ? ` ${details.message}` : ''}`,
      ASFF_LENGTHS.description,
    ),
    ProductFields: {
      TaskId: audit.taskId,
      ...asffTaskFields(task),
      CheckName: check,
      ReportType: 'CheckSummary',
      CheckRunStatus: checkRunStatus,
      // AWS's own spelling.
      NonComopliantResourcesCount: String(found),
      SuppressedNonCompliantResourcesCount: String(details.suppressedNonCompliantResourcesCount),
      TotalResourcesCount: String(total),
    },
    Resources: [
      { Type: 'AwsIotAuditTask', Id: audit.taskId, Partition: partition, Region: region },
    ],
    Workflow: { Status: 'NEW' },
    RecordState: active ? 'ACTIVE' : 'ARCHIVED',
    FindingProviderFields: { Severity: { Label: severity }, Types: types },
  };
}

function summaryTitle(details: AuditCheckDetails): string {
  return details.checkRunStatus === 'FAILED'
    ? 'Failed'
    : `Completed with ${details.nonCompliantResourcesCount} non-compliant resources`;
}

/** To two decimals: 2 of 1000 is 0.2. */
function percentage(part: number, whole: number): number {
  return whole > 0 ? Math.round((part / whole) * 10_000) / 100 : 0;
}
