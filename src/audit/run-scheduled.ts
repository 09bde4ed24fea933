/**
 * Runs a scheduled audit when it is due: audits its window, keeps the task, then moves its state.
 * When that is cut off in between, the next run audits the same time again; nothing is left out.
 */
import { plural } from '../core/text.ts';
import type { EpochMs } from '../core/time.ts';
import { auditHistory } from './engine.ts';
import type { AuditResult } from './finding.ts';
import { type AuditOptions, auditPlan, firstWindowMs } from './options.ts';
import { nextDue } from './schedule.ts';
import { type KeptSchedule, loadSchedule, withSchedule, writeSchedule } from './schedule-folder.ts';
import { decideRun, type RunDecision } from './scheduled-run.ts';
import { findTask, keepTask, readAudit } from './task-folder.ts';

export interface ScheduledRunRequest {
  /** The folder of audits. */
  readonly folder: string;
  readonly name: string;
  readonly histories: readonly string[];
  /** When it runs; its window ends then, or lags behind as the check says. */
  readonly now: EpochMs;
  /** The clock's time, for what is kept; differs from `now` when that was given. */
  readonly present: EpochMs;
  /** Runs although it is not due. */
  readonly early?: boolean;
  readonly options?: Omit<AuditOptions, 'window' | 'now' | 'checks'>;
}

export interface ScheduledRun {
  /** False: it was not due, and `audit` is the answer of its last run, which still stands. */
  readonly ran: boolean;
  readonly nextRunAt: EpochMs;
  readonly audit: AuditResult;
}

/** Throws a {@link UserError}: unknown schedule, clock behind the last run, unusable input. */
export async function runScheduledAudit(request: ScheduledRunRequest): Promise<ScheduledRun> {
  const { folder, name, now, early = false, options = {} } = request;
  await loadSchedule(folder, name);
  return withSchedule(folder, name, async () => {
    const kept = await loadSchedule(folder, name);
    const { schedule, state } = kept;
    const { semantics } = auditPlan({ ...options, window: 'run' });
    const decision = decideRun({
      schedule,
      state,
      now,
      early,
      firstWindowMs: firstWindowMs(semantics),
    });
    if (decision.kind === 'run') return runNow(request, kept, decision);
    const audit = await readAudit(folder, await findTask(folder, decision.lastTaskId));
    return { ran: false, nextRunAt: decision.nextRunAt, audit };
  });
}

async function runNow(
  { folder, histories, now, present, options }: ScheduledRunRequest,
  { schedule }: KeptSchedule,
  { window, missedRuns, anchorDay }: Extract<RunDecision, { kind: 'run' }>,
): Promise<ScheduledRun> {
  const { targetCheckNames: checks } = schedule;
  const answer = await auditHistory(histories, {
    ...options,
    window,
    now,
    ...(checks === undefined ? {} : { checks }),
  });
  const audit = {
    ...answer,
    notes: [...runNotes(window.previousRun, missedRuns), ...answer.notes],
  };
  await keepTask(folder, audit, present);
  const state = { lastRunAt: now, lastTaskId: audit.taskId, anchorDay };
  await writeSchedule(folder, { schedule, state });
  return { ran: true, nextRunAt: nextDue(schedule, now, anchorDay), audit };
}

function runNotes(previousRun: EpochMs | undefined, missedRuns: number): readonly string[] {
  if (previousRun === undefined) {
    return ['the first run of this scheduled audit: later ones start where this one ends'];
  }
  if (missedRuns === 0) return [];
  const since = new Date(previousRun).toISOString();
  return [
    `${plural(missedRuns, 'run')} missed since ${since}: this one audits all the time since then`,
  ];
}
