/**
 * The notification that AWS IoT Device Defender sends to SNS when an audit ends (schema
 * `auditnotification/1.0`): an array of checks and flat counts where DescribeAuditTask has a map,
 * and epoch milliseconds. It names no findings. The suppressed count came after the schema was
 * published and AWS does not print its spelling: the API model's is the default. Our own checks are
 * left out, as AWS has none of them.
 */
import type { AuditCheckDetails, AuditResult } from '../../audit/finding.ts';
import { printable } from '../../core/text.ts';
import { isOwnCheck } from './check-metadata.ts';
import { type AuditExport, type ExportOptions, jsonText } from './export.ts';
import { taskFacts } from './task.ts';

/** AWS's limit on `message`. */
const MESSAGE_LENGTH_MAX = 2048;

export const sns: AuditExport = {
  id: 'sns',
  title: 'The audit-completion notification that AWS IoT Device Defender sends to SNS',
  extension: 'json',
  variants: {
    'schema-1.0': 'without the suppressed counts, which the published schema lacks',
    singular: 'with the suppressed count spelled suppressedNonCompliantResourceCount',
  },
  render: (audit, options) => jsonText(notification(audit, options)),
};

function notification(audit: AuditResult, options: ExportOptions): object {
  const { account, taskStatus, taskType, scheduledAuditName, startedAt } = taskFacts(
    audit,
    options,
  );
  const details = Object.entries(audit.auditDetails).filter(([check]) => !isOwnCheck(check));
  const count = (status: string) =>
    details.filter(([, { checkRunStatus }]) => checkRunStatus === status).length;
  return {
    accountId: account,
    taskId: audit.taskId,
    taskStatus,
    taskType,
    ...(scheduledAuditName === undefined ? {} : { scheduledAuditName }),
    failedChecksCount: count('FAILED'),
    canceledChecksCount: count('CANCELED'),
    nonCompliantChecksCount: count('COMPLETED_NON_COMPLIANT'),
    compliantChecksCount: count('COMPLETED_COMPLIANT'),
    totalChecksCount: details.length,
    taskStartTime: startedAt,
    auditDetails: details.map(([name, check]) => detail(name, check, options.variant)),
  };
}

function detail(
  checkName: string,
  details: AuditCheckDetails,
  variant: ExportOptions['variant'],
): object {
  const { checkRunStatus, nonCompliantResourcesCount, totalResourcesCount, message } = details;
  const suppressed = details.suppressedNonCompliantResourcesCount;
  return {
    checkName,
    checkRunStatus,
    nonCompliantResourcesCount,
    totalResourcesCount,
    ...(variant === 'schema-1.0'
      ? {}
      : variant === 'singular'
        ? { suppressedNonCompliantResourceCount: suppressed }
        : { suppressedNonCompliantResourcesCount: suppressed }),
    ...(message === undefined ? {} : { message: printable(message, MESSAGE_LENGTH_MAX) }),
  };
}
