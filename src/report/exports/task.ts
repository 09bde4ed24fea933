/** The facts of an audit task that exports name, with defaults for audits that do not state them. Pure. */
import type { AuditResult } from '../../audit/finding.ts';
import type { AuditTaskStatus, AuditTaskType } from '../../audit/task.ts';
import { DEFAULT_ACCOUNT, DEFAULT_REGION, type ExportOptions } from './export.ts';

export interface TaskFacts {
  readonly account: string;
  readonly region: string;
  /** `aws`, `aws-cn` or `aws-us-gov`, as the region says. */
  readonly partition: string;
  readonly taskType: AuditTaskType;
  readonly scheduledAuditName: string | undefined;
  readonly taskStatus: AuditTaskStatus;
  /** Epoch ms. */
  readonly startedAt: number;
}

export function taskFacts(audit: AuditResult, options: ExportOptions): TaskFacts {
  const region = options.region ?? DEFAULT_REGION;
  return {
    account: options.account ?? DEFAULT_ACCOUNT,
    region,
    partition: partitionOf(region),
    taskType: audit.taskType ?? 'ON_DEMAND_AUDIT_TASK',
    scheduledAuditName: audit.scheduledAuditName,
    taskStatus: audit.taskStatus ?? 'COMPLETED',
    startedAt: Math.round(audit.taskStartTime * 1000),
  };
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

const YEAR_9999 = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** ISO 8601 with milliseconds; times outside the years 1970 to 9999 become the nearest inside. */
export function isoTime(epochMs: number): string {
  const ms = Number.isNaN(epochMs) ? 0 : Math.min(Math.max(epochMs, 0), YEAR_9999);
  return new Date(ms).toISOString();
}
