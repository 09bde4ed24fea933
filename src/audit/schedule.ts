/**
 * When a scheduled audit is due. AWS's frequencies and day rules; the time of day, which AWS chooses
 * itself, and the zone are ours. Pure.
 */
import type { Problem } from '../core/errors.ts';
import { CHECK_IDS, type CheckId } from '../core/ids.ts';
import { nearest, printable } from '../core/text.ts';
import type { EpochMs } from '../core/time.ts';
import { dayOf, instantOf, isTimeZone, monthDayOf, weekdayOf } from './zoned-time.ts';

export const FREQUENCIES = ['DAILY', 'WEEKLY', 'BIWEEKLY', 'MONTHLY'] as const;
export type Frequency = (typeof FREQUENCIES)[number];

export const DAYS_OF_WEEK = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;
export type DayOfWeek = (typeof DAYS_OF_WEEK)[number];

/** AWS's CreateScheduledAudit, with the time of day. */
export interface ScheduledAudit {
  /** 1 to 128 of `[a-zA-Z0-9_-]`. */
  readonly scheduledAuditName: string;
  readonly frequency: Frequency;
  /** Of WEEKLY and BIWEEKLY. */
  readonly dayOfWeek?: DayOfWeek;
  /** Of MONTHLY: `1` to `31` or `LAST`; 29 to 31 are the last day of a month that is shorter. */
  readonly dayOfMonth?: string;
  /** `HH:MM`. */
  readonly timeOfDay: string;
  /** IANA name. */
  readonly timeZone: string;
  /** Absent: all that the evidence allows. */
  readonly targetCheckNames?: readonly CheckId[];
}

/** Everything that is wrong with a definition; `path` names the member. */
export function scheduleProblems(schedule: ScheduledAudit): readonly Problem[] {
  return [...nameProblems(schedule), ...dayProblems(schedule), ...timeProblems(schedule)];
}

const NAME = /^[a-zA-Z0-9_-]{1,128}$/;
const DAY_OF_MONTH = /^([1-9]|[12][0-9]|3[01])$|^LAST$/;
const TIME_OF_DAY = /^([01]\d|2[0-3]):([0-5]\d)$/;

export function isScheduleName(name: string): boolean {
  return NAME.test(name);
}

function nameProblems({ scheduledAuditName, targetCheckNames = [] }: ScheduledAudit): Problem[] {
  const problems: Problem[] = [];
  if (!isScheduleName(scheduledAuditName)) {
    problems.push({
      path: 'scheduledAuditName',
      message: `"${printable(scheduledAuditName, 80)}" cannot be the name of a scheduled audit`,
      hint: 'use 1 to 128 letters, digits, "_" or "-"',
    });
  }
  for (const name of targetCheckNames) {
    if (CHECK_IDS.includes(name)) continue;
    const near = nearest(name, CHECK_IDS);
    problems.push({
      path: 'targetCheckNames',
      message: `there is no check "${printable(name, 80)}"`,
      hint: near ? `did you mean ${near}?` : `use ${CHECK_IDS.join(' or ')}`,
    });
  }
  return problems;
}

function dayProblems({ frequency, dayOfWeek, dayOfMonth }: ScheduledAudit): Problem[] {
  if (!FREQUENCIES.includes(frequency)) {
    const message = `"${printable(String(frequency), 80)}" is not a frequency`;
    return [{ path: 'frequency', message, hint: `use ${FREQUENCIES.join(', ')}` }];
  }
  const problems: Problem[] = [];
  const weekly = frequency === 'WEEKLY' || frequency === 'BIWEEKLY';
  if (weekly ? !DAYS_OF_WEEK.some((day) => day === dayOfWeek) : dayOfWeek !== undefined) {
    const message = weekly
      ? `a ${frequency} audit needs a day of the week`
      : `a ${frequency} audit has no day of the week`;
    const hint = weekly ? `use ${DAYS_OF_WEEK.join(', ')}` : 'leave it out';
    problems.push({ path: 'dayOfWeek', message, hint });
  }
  const monthly = frequency === 'MONTHLY';
  if (monthly ? !DAY_OF_MONTH.test(dayOfMonth ?? '') : dayOfMonth !== undefined) {
    const message = monthly
      ? 'a MONTHLY audit needs a day of the month'
      : `a ${frequency} audit has no day of the month`;
    const hint = monthly ? 'use 1 to 31 or LAST' : 'leave it out';
    problems.push({ path: 'dayOfMonth', message, hint });
  }
  return problems;
}

function timeProblems({ timeOfDay, timeZone }: ScheduledAudit): Problem[] {
  const problems: Problem[] = [];
  if (!TIME_OF_DAY.test(timeOfDay)) {
    const message = `"${printable(timeOfDay, 80)}" is not a time of day`;
    problems.push({ path: 'timeOfDay', message, hint: 'write it as 03:30' });
  }
  if (!isTimeZone(timeZone)) {
    const message = `there is no time zone "${printable(timeZone, 80)}"`;
    problems.push({ path: 'timeZone', message, hint: 'use a name such as UTC or Europe/Berlin' });
  }
  return problems;
}

/** Days are looked at up to this far: the longest pause of any schedule is shorter. */
const DAYS_MAX = 64;

/**
 * The latest due time up to `at`. `anchorDay` is a day on which a BIWEEKLY audit was due: every
 * second week counts from there, in both directions.
 */
export function latestDue(schedule: ScheduledAudit, at: EpochMs, anchorDay?: number): EpochMs {
  for (let day = dayOf(at, schedule.timeZone) + 1, left = DAYS_MAX; left > 0; day--, left--) {
    if (!isDueDay(schedule, day, anchorDay)) continue;
    const due = dueOn(schedule, day);
    if (due <= at) return due;
  }
  throw new RangeError('a schedule without a due day');
}

/** The first due time after `at`. */
export function nextDue(schedule: ScheduledAudit, at: EpochMs, anchorDay?: number): EpochMs {
  for (let day = dayOf(at, schedule.timeZone) - 1, left = DAYS_MAX; left > 0; day++, left--) {
    if (!isDueDay(schedule, day, anchorDay)) continue;
    const due = dueOn(schedule, day);
    if (due > at) return due;
  }
  throw new RangeError('a schedule without a due day');
}

/** Due times in `(after, until]`, counted up to `most`. */
export function countDue(
  schedule: ScheduledAudit,
  { after, until, most, anchorDay }: DueSpan,
): number {
  let count = 0;
  for (let at = nextDue(schedule, after, anchorDay); at <= until && count < most; count++) {
    at = nextDue(schedule, at, anchorDay);
  }
  return count;
}

export interface DueSpan {
  readonly after: EpochMs;
  readonly until: EpochMs;
  readonly most: number;
  readonly anchorDay?: number | undefined;
}

function dueOn({ timeOfDay, timeZone }: ScheduledAudit, day: number): EpochMs {
  const [hours, minutes] = timeOfDay.split(':').map(Number);
  return instantOf(day, (hours ?? 0) * 60 + (minutes ?? 0), timeZone);
}

function isDueDay(schedule: ScheduledAudit, day: number, anchorDay: number | undefined): boolean {
  const { frequency, dayOfWeek, dayOfMonth } = schedule;
  switch (frequency) {
    case 'DAILY':
      return true;
    case 'WEEKLY':
      return DAYS_OF_WEEK[weekdayOf(day)] === dayOfWeek;
    case 'BIWEEKLY':
      return (
        DAYS_OF_WEEK[weekdayOf(day)] === dayOfWeek &&
        (anchorDay === undefined || Math.round((day - anchorDay) / 7) % 2 === 0)
      );
    case 'MONTHLY': {
      const { date, last } = monthDayOf(day);
      return date === (dayOfMonth === 'LAST' ? last : Math.min(Number(dayOfMonth), last));
    }
  }
}
