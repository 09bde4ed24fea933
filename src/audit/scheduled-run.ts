/**
 * Whether a scheduled audit runs now, and over which window. Windows of one schedule tile: each
 * starts where the one before it ended, whatever was missed or late in between. Pure.
 */
import { EXIT, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import type { EpochMs } from '../core/time.ts';
import { countDue, latestDue, nextDue, type ScheduledAudit } from './schedule.ts';
import type { ScheduledWindow } from './windows.ts';
import { dayOf } from './zoned-time.ts';

/** What is kept between the runs of a scheduled audit. */
export interface ScheduleState {
  /** When it last ran: where its next window starts. */
  readonly lastRunAt: EpochMs;
  readonly lastTaskId: string;
  /** A day on which it was due, from which a BIWEEKLY one counts its weeks; see `zoned-time.ts`. */
  readonly anchorDay: number;
}

export type RunDecision =
  | {
      readonly kind: 'run';
      readonly window: ScheduledWindow;
      /** Due times since the last run at which it did not run; counted up to 1000. */
      readonly missedRuns: number;
      readonly anchorDay: number;
    }
  | { readonly kind: 'not-due'; readonly lastTaskId: string; readonly nextRunAt: EpochMs };

export interface RunRequest {
  readonly schedule: ScheduledAudit;
  /** Undefined before its first run. */
  readonly state: ScheduleState | undefined;
  readonly now: EpochMs;
  /** Runs although it is not due. */
  readonly early?: boolean;
  readonly firstWindowMs: number;
}

const MISSED_MAX = 1000;

/**
 * A first run is always due. At the instant of the last run nothing is due, early or not: its
 * window would be empty. Throws a {@link UserError} (64) when the clock is behind the last run.
 */
export function decideRun(request: RunRequest): RunDecision {
  const { schedule, state, now, early = false, firstWindowMs } = request;
  const { scheduledAuditName, timeZone } = schedule;
  const window = { kind: 'scheduled', scheduledAuditName, firstWindowMs } as const;
  if (state === undefined) {
    const anchorDay = dayOf(latestDue(schedule, now), timeZone);
    const first = { ...window, previousRun: undefined };
    return { kind: 'run', window: first, missedRuns: 0, anchorDay };
  }
  const { lastRunAt, lastTaskId, anchorDay } = state;
  if (now < lastRunAt) throw clockWentBack(scheduledAuditName, lastRunAt);
  const due = latestDue(schedule, now, anchorDay) > lastRunAt;
  if (now === lastRunAt || !(due || early)) {
    return { kind: 'not-due', lastTaskId, nextRunAt: nextDue(schedule, now, anchorDay) };
  }
  const span = { after: lastRunAt, until: now, most: MISSED_MAX, anchorDay };
  return {
    kind: 'run',
    window: { ...window, previousRun: lastRunAt },
    missedRuns: Math.max(0, countDue(schedule, span) - 1),
    anchorDay,
  };
}

/** Running would audit a time again, or leave one out later: nothing is done instead. */
function clockWentBack(name: string, lastRunAt: EpochMs): UserError {
  const last = new Date(lastRunAt).toISOString();
  return new UserError(EXIT.usage, {
    message: `the clock is behind the last run of ${printable(name)}, which was at ${last}`,
    hint: 'nothing was audited; the first run after that time continues where it ended',
  });
}
