/** An audit as a task, with the fields of AWS's DescribeAuditTask and ListAuditTasks. Pure. */
import type { CheckId } from '../core/ids.ts';
import type { AuditCheckDetails, AuditResult } from './finding.ts';
import type { AuditWindow } from './windows.ts';

export type AuditTaskType = 'ON_DEMAND_AUDIT_TASK' | 'SCHEDULED_AUDIT_TASK';
/** Ours are over when they are recorded, so that IN_PROGRESS and CANCELED don't occur. */
export type AuditTaskStatus = 'COMPLETED' | 'FAILED';

/** AWS's `TaskStatistics`: how many checks are in which state. */
export interface AuditTaskStatistics {
  readonly totalChecks: number;
  readonly inProgressChecks: number;
  readonly waitingForDataCollectionChecks: number;
  readonly compliantChecks: number;
  readonly nonCompliantChecks: number;
  readonly failedChecks: number;
  readonly canceledChecks: number;
}

/** What the result of an audit says of its task. */
export interface AuditTaskFields {
  readonly taskStatus: AuditTaskStatus;
  readonly taskType: AuditTaskType;
  readonly taskStatistics: AuditTaskStatistics;
  readonly scheduledAuditName?: string;
}

type Details = Readonly<Partial<Record<CheckId, AuditCheckDetails>>>;

/** A task fails when not one of its checks could answer. */
export function taskFields(window: AuditWindow, auditDetails: Details): AuditTaskFields {
  const runs = Object.values(auditDetails).map((details) => details.checkRunStatus);
  const count = (status: AuditCheckDetails['checkRunStatus']) =>
    runs.filter((run) => run === status).length;
  const failedChecks = count('FAILED');
  return {
    taskStatus: runs.length > 0 && failedChecks === runs.length ? 'FAILED' : 'COMPLETED',
    taskType: window.kind === 'scheduled' ? 'SCHEDULED_AUDIT_TASK' : 'ON_DEMAND_AUDIT_TASK',
    taskStatistics: {
      totalChecks: runs.length,
      inProgressChecks: 0,
      waitingForDataCollectionChecks: 0,
      compliantChecks: count('COMPLETED_COMPLIANT'),
      nonCompliantChecks: count('COMPLETED_NON_COMPLIANT'),
      failedChecks,
      canceledChecks: 0,
    },
    ...(window.kind === 'scheduled' ? { scheduledAuditName: window.scheduledAuditName } : {}),
  };
}

/** AWS's DescribeAuditTask: exactly its members. */
export interface DescribedAuditTask extends AuditTaskFields {
  readonly taskStartTime: number;
  readonly auditDetails: Readonly<Partial<Record<CheckId, Omit<AuditCheckDetails, 'doppelfleet'>>>>;
}

export function describeTask(audit: Omit<AuditResult, 'findings'>): DescribedAuditTask {
  const { taskStartTime, auditDetails, scheduledAuditName } = audit;
  const fields = taskFields(windowKindOf(audit), auditDetails);
  return {
    taskStatus: audit.taskStatus ?? fields.taskStatus,
    taskType: audit.taskType ?? fields.taskType,
    taskStartTime,
    taskStatistics: audit.taskStatistics ?? fields.taskStatistics,
    ...(scheduledAuditName === undefined ? {} : { scheduledAuditName }),
    auditDetails: Object.fromEntries(
      Object.entries(auditDetails).map(([check, { doppelfleet: _, ...details }]) => [
        check,
        details,
      ]),
    ),
  };
}

function windowKindOf({ scheduledAuditName }: Omit<AuditResult, 'findings'>): AuditWindow {
  return scheduledAuditName === undefined
    ? { kind: 'run' }
    : { kind: 'scheduled', scheduledAuditName, previousRun: undefined, firstWindowMs: 0 };
}
