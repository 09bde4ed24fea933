/**
 * Runs a mitigation task with AWS's semantics: the actions of a finding in their order; when one
 * fails the rest of that finding is skipped and other findings go on; a cancelled task leaves the
 * rest alone; nothing is rolled back.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { AuditResult } from '../audit/finding.ts';
import { UserError } from '../core/errors.ts';
import type { Clock } from '../core/time.ts';
import type { MitigationAction } from './action.ts';
import { actionType, shownParams } from './action.ts';
import type { LoadedMitigation } from './actions-file.ts';
import { type ActionFacts, ActionFailed, Journal } from './journal.ts';
import { actionId, type MatchedFinding, matchFindings, statisticsOf } from './match.ts';
import type { ActionRequest, Performers } from './performer.ts';
import {
  type ExecutionStatus,
  type MitigationErrorCode,
  type MitigationExecution,
  type MitigationStep,
  type MitigationTask,
  taskStatus,
} from './task.ts';
import type { Trail } from './trail.ts';

export interface TaskJob {
  readonly taskId: string;
  readonly mitigation: LoadedMitigation;
  readonly audit: Pick<AuditResult, 'findings' | 'taskId'>;
  readonly performers: Performers;
  readonly trail: Trail;
  readonly clock: Clock;
  /** Aborting cancels what has not begun. */
  readonly signal: AbortSignal;
  /** Says what would be done and does nothing. */
  readonly dryRun: boolean;
  readonly notes?: readonly string[];
}

const NO_FACTS: ActionFacts = { hit: [] };

/** Resolves with the record of the task, whatever became of its actions. */
export async function runMitigationTask(job: TaskJob): Promise<MitigationTask> {
  const { mitigation, audit, clock, trail, taskId } = job;
  const startTime = seconds(clock);
  const matched = matchFindings(audit.findings, mitigation);
  const count = matched.reduce((sum, { actions }) => sum + actions.length, 0);
  tell(job, 'task', `began ${count} executions for ${matched.length} findings`);
  const executions: MitigationExecution[] = [];
  for (const one of matched) executions.push(...(await mitigateFinding(job, one)));
  const status = job.dryRun ? 'COMPLETED' : taskStatus(executions);
  tell(job, 'task', 'ended', status);
  return {
    taskId,
    taskStatus: status,
    startTime,
    endTime: seconds(clock),
    taskStatistics: statisticsOf(audit.findings, mitigation.mappings, executions),
    target: mitigation.target ?? { auditTaskId: audit.taskId },
    auditCheckToActionsMapping: Object.fromEntries(
      mitigation.mappings.map(({ check, rules }) => [
        check,
        [...new Set(rules.flatMap(({ actions }) => actions))],
      ]),
    ),
    actionsDefinition: mitigation.actions.map((action) => ({
      name: action.actionName,
      id: actionId(action),
      actionParams: shownParams(action),
    })),
    executions,
    doppelfleet: { dryRun: job.dryRun, trail: trail.file, notes: job.notes ?? [] },
  };
}

async function mitigateFinding(
  job: TaskJob,
  { finding, actions }: MatchedFinding,
): Promise<readonly MitigationExecution[]> {
  const executions: MitigationExecution[] = [];
  let failed = false;
  for (const action of actions) {
    // Ctrl-C has to be heard even where every action fails at once.
    await breathe();
    const request = { taskId: job.taskId, action, finding };
    if (job.signal.aborted) executions.push(notBegun(request, 'CANCELED'));
    else if (failed) executions.push(notBegun(request, 'SKIPPED'));
    else executions.push(await (job.dryRun ? foresee(job, request) : execute(job, request)));
    failed ||= executions.at(-1)?.status === 'FAILED';
  }
  return executions;
}

function base({ taskId, finding, action }: ActionRequest) {
  return {
    taskId,
    findingId: finding.findingId,
    actionName: action.actionName,
    actionId: actionId(action),
  };
}

function notBegun(request: ActionRequest, status: 'CANCELED' | 'SKIPPED'): MitigationExecution {
  const message =
    status === 'SKIPPED' ? 'an earlier action of this finding failed' : 'the task was cancelled';
  return { ...base(request), status, message, doppelfleet: { ...NO_FACTS, steps: [] } };
}

async function foresee(job: TaskJob, request: ActionRequest): Promise<MitigationExecution> {
  const at = Math.round(job.clock.now());
  try {
    const { would, ...facts } = await performerOf(job, request.action).foresee(request);
    const steps: MitigationStep[] = would.map((what) => ({ what, status: 'would', at }));
    return { ...base(request), status: 'PENDING', doppelfleet: { ...facts, steps } };
  } catch (error) {
    if (!(error instanceof ActionFailed)) throw error;
    const { code: errorCode, message } = error;
    const what = `would fail: ${message}`;
    const doppelfleet = { ...NO_FACTS, steps: [{ what, status: 'would', at } as const] };
    return { ...base(request), status: 'PENDING', errorCode, message, doppelfleet };
  }
}

async function execute(job: TaskJob, request: ActionRequest): Promise<MitigationExecution> {
  const { clock, trail, signal } = job;
  const about = base(request);
  const journal = new Journal(trail, clock, about);
  const startTime = seconds(clock);
  tell(job, 'execution', 'began', 'IN_PROGRESS', about);
  let facts = NO_FACTS;
  let status: ExecutionStatus = 'COMPLETED';
  let failure: { errorCode?: MitigationErrorCode; message?: string } = {};
  try {
    facts = await performerOf(job, request.action).perform(request, journal);
  } catch (error) {
    if (error instanceof UserError) throw afterChanges(error, journal.changed());
    if (!(error instanceof ActionFailed)) throw error;
    status = signal.aborted ? 'CANCELED' : 'FAILED';
    const changed = journal.changed();
    const message = changed === undefined ? error.message : `${error.message}; ${changed}`;
    failure = { errorCode: error.code, message };
    facts = error.facts ?? NO_FACTS;
  }
  tell(job, 'execution', failure.message ?? 'ended', status, about);
  const endTime = seconds(clock);
  const doppelfleet = { ...facts, steps: journal.steps };
  return { ...about, status, startTime, endTime, ...failure, doppelfleet };
}

/** A trail that can't be written ends the task: what has been changed must not be lost with it. */
function afterChanges(error: UserError, changed: string | undefined): UserError {
  if (changed === undefined) return error;
  return new UserError(error.exitCode, [...error.problems, { message: changed }], error);
}

function performerOf({ performers }: TaskJob, action: MitigationAction) {
  return performers[actionType(action)];
}

function tell(
  { trail, clock }: TaskJob,
  phase: 'task' | 'execution',
  what: string,
  status?: string,
  about?: { readonly findingId: string; readonly actionName: string },
): void {
  trail.write({
    at: Math.round(clock.now()),
    phase,
    ...(about === undefined ? {} : { findingId: about.findingId, actionName: about.actionName }),
    what,
    ...(status === undefined ? {} : { status }),
  });
}

/** Epoch seconds with a millisecond fraction, as AWS has times. */
function seconds(clock: Clock): number {
  return Math.round(clock.now()) / 1000;
}
