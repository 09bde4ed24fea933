/**
 * A mitigation task as AWS records it (DescribeAuditMitigationActionsTask and
 * ListAuditMitigationActionsExecutions): plain data, times in epoch seconds. What AWS lacks, the
 * steps that were taken, stands under one key of our own.
 */
import type { CheckId } from '../core/ids.ts';
import type { EpochMs } from '../core/time.ts';
import type { MitigationAction } from './action.ts';
import type { MitigationTarget } from './actions-file.ts';

export type TaskStatus = 'IN_PROGRESS' | 'COMPLETED' | 'FAILED' | 'CANCELED';
export type ExecutionStatus =
  | 'IN_PROGRESS'
  | 'COMPLETED'
  | 'FAILED'
  | 'CANCELED'
  | 'SKIPPED'
  | 'PENDING';

/** Why an execution failed; AWS names no codes, these are ours. */
export type MitigationErrorCode =
  | 'BROKER_LACKS_ABILITY'
  | 'NEEDS_RUNNING_BROKER'
  | 'NO_CERTIFICATE'
  | 'UNKNOWN_CERTIFICATE'
  | 'CHANGE_FAILED'
  | 'RELOAD_FAILED'
  | 'STILL_ACCEPTED'
  | 'REFUSES_OTHERS'
  | 'NOT_HELD'
  | 'NOT_VERIFIED'
  | 'PUBLISH_REFUSED'
  | 'PUBLISH_FAILED'
  | 'INTERNAL';

/** One thing that was done, tried or seen. */
export interface MitigationStep {
  /** Such as `wrote the revocation list`. */
  readonly what: string;
  /** `observed` changes nothing; `would` is a dry run's. */
  readonly status: 'done' | 'failed' | 'observed' | 'would';
  readonly at: EpochMs;
  /** What was seen. */
  readonly detail?: string;
  /** How to undo what was changed. */
  readonly undo?: string;
}

/** Whom the action hits besides the resource of the finding; truth, or what certificates say. */
export interface HitDevice {
  readonly device: string;
  readonly certificate: string;
  /** `owner`: the thing that the certificate was issued to; `sharer`: it only uses it. */
  readonly role: 'owner' | 'sharer';
  /** Had a live session when the action began. */
  readonly live: boolean;
}

/** What AWS has no place for. */
export interface ExecutionDetail {
  readonly steps: readonly MitigationStep[];
  readonly hit: readonly HitDevice[];
  /** Live sessions at the start, and those among them that the action ended, where it was looked. */
  readonly sessions?: { readonly before: number; readonly cut: number };
}

export interface MitigationExecution {
  readonly taskId: string;
  readonly findingId: string;
  readonly actionName: string;
  readonly actionId: string;
  readonly status: ExecutionStatus;
  readonly startTime?: number;
  readonly endTime?: number;
  readonly errorCode?: MitigationErrorCode;
  readonly message?: string;
  readonly doppelfleet: ExecutionDetail;
}

/** AWS's `TaskStatisticsForAuditCheck`. */
export interface CheckTaskStatistics {
  readonly totalFindingsCount: number;
  readonly failedFindingsCount: number;
  readonly succeededFindingsCount: number;
  /** Filtered out: by the target, a reason code, or because they are suppressed. */
  readonly skippedFindingsCount: number;
  readonly canceledFindingsCount: number;
}

export interface MitigationTask {
  readonly taskId: string;
  readonly taskStatus: TaskStatus;
  readonly startTime: number;
  readonly endTime?: number;
  readonly taskStatistics: Readonly<Partial<Record<CheckId, CheckTaskStatistics>>>;
  readonly target: MitigationTarget | { readonly auditTaskId: string };
  readonly auditCheckToActionsMapping: Readonly<Partial<Record<CheckId, readonly string[]>>>;
  readonly actionsDefinition: readonly (Pick<MitigationAction, 'actionParams'> & {
    readonly name: string;
    readonly id: string;
  })[];
  readonly executions: readonly MitigationExecution[];
  readonly doppelfleet: {
    readonly dryRun: boolean;
    /** Path of the audit trail; empty in a dry run, which leaves none. */
    readonly trail: string;
    /** Sentences on what limits the task. */
    readonly notes: readonly string[];
  };
}

/** As a report carries it. */
export type MitigationReport = MitigationTask;

/** What one finding comes to: AWS counts findings, not executions. */
export function findingOutcome(
  statuses: readonly ExecutionStatus[],
): 'failed' | 'succeeded' | 'canceled' | 'pending' {
  if (statuses.includes('FAILED')) return 'failed';
  if (statuses.includes('CANCELED')) return 'canceled';
  return statuses.every((status) => status === 'COMPLETED') ? 'succeeded' : 'pending';
}

/** FAILED if any action failed, CANCELED if the rest was called off, else COMPLETED. */
export function taskStatus(executions: readonly Pick<MitigationExecution, 'status'>[]): TaskStatus {
  const statuses = executions.map(({ status }) => status);
  if (statuses.includes('CANCELED')) return 'CANCELED';
  return statuses.includes('FAILED') ? 'FAILED' : 'COMPLETED';
}
