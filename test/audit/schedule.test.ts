import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countDue,
  latestDue,
  nextDue,
  type ScheduledAudit,
  scheduleProblems,
} from '../../src/audit/schedule.ts';
import { decideRun, type ScheduleState } from '../../src/audit/scheduled-run.ts';
import { dayOf, instantOf, monthDayOf, weekdayOf } from '../../src/audit/zoned-time.ts';
import { UserError } from '../../src/core/errors.ts';

const DAY = 86_400_000;
const at = (text: string): number => Date.parse(text);
const iso = (ms: number): string => new Date(ms).toISOString();

const daily: ScheduledAudit = {
  scheduledAuditName: 'nightly',
  frequency: 'DAILY',
  timeOfDay: '03:00',
  timeZone: 'UTC',
};
const weekly: ScheduledAudit = { ...daily, frequency: 'WEEKLY', dayOfWeek: 'MON' };
const biweekly: ScheduledAudit = { ...weekly, frequency: 'BIWEEKLY' };
const monthly = (dayOfMonth: string): ScheduledAudit => ({
  ...daily,
  frequency: 'MONTHLY',
  dayOfMonth,
});

describe('a schedule is due', () => {
  test('every day at its time, when it is daily', () => {
    expect(iso(nextDue(daily, at('2026-03-01T02:59:59.999Z')))).toBe('2026-03-01T03:00:00.000Z');
    expect(iso(nextDue(daily, at('2026-03-01T03:00:00Z')))).toBe('2026-03-02T03:00:00.000Z');
    expect(iso(latestDue(daily, at('2026-03-01T03:00:00Z')))).toBe('2026-03-01T03:00:00.000Z');
    expect(iso(latestDue(daily, at('2026-03-01T02:59:59Z')))).toBe('2026-02-28T03:00:00.000Z');
  });

  test('on its day of the week, when it is weekly', () => {
    // 2026-11-16 is a Monday.
    expect(iso(nextDue(weekly, at('2026-11-16T03:00:00Z')))).toBe('2026-11-23T03:00:00.000Z');
    expect(iso(latestDue(weekly, at('2026-11-22T23:00:00Z')))).toBe('2026-11-16T03:00:00.000Z');
  });

  test('in every second week from its anchor, when it is biweekly', () => {
    const anchor = dayOf(at('2026-11-16T03:00:00Z'), 'UTC');
    expect(iso(nextDue(biweekly, at('2026-11-16T03:00:00Z'), anchor))).toBe(
      '2026-11-30T03:00:00.000Z',
    );
    expect(iso(latestDue(biweekly, at('2026-11-29T03:00:00Z'), anchor))).toBe(
      '2026-11-16T03:00:00.000Z',
    );
    expect(iso(latestDue(biweekly, at('2026-11-15T03:00:00Z'), anchor))).toBe(
      '2026-11-02T03:00:00.000Z',
    );
  });

  test.each([
    ['31', ['01-31', '02-28', '03-31', '04-30']],
    ['30', ['01-30', '02-28', '03-30', '04-30']],
    ['29', ['01-29', '02-28', '03-29', '04-29']],
    ['LAST', ['01-31', '02-28', '03-31', '04-30']],
    ['1', ['01-01', '02-01', '03-01', '04-01']],
  ])('on day %s of each month, or its last day when it is shorter', (dayOfMonth, days) => {
    let now = at('2026-01-01T00:00:00Z');
    const due = days.map(() => {
      now = nextDue(monthly(dayOfMonth), now);
      return iso(now).slice(5, 10);
    });
    expect(due).toEqual(days);
  });

  test('on 29 February of a leap year', () => {
    expect(iso(nextDue(monthly('30'), at('2028-02-01T00:00:00Z')))).toBe(
      '2028-02-29T03:00:00.000Z',
    );
  });

  test('once on the days when clocks change, later by the gap or at the first of two', () => {
    const berlin = { ...daily, timeOfDay: '02:30', timeZone: 'Europe/Berlin' };
    // 2026-03-29 has no 02:30 (CET +1 to CEST +2); 2026-10-25 has two.
    const spring = [0, 1, 2].map((n) => nextDue(berlin, at('2026-03-28T00:00:00Z') + n * DAY));
    expect(spring.map(iso)).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:30:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    expect(iso(nextDue(berlin, at('2026-10-24T12:00:00Z')))).toBe('2026-10-25T00:30:00.000Z');
    expect(iso(nextDue(berlin, at('2026-10-25T00:30:00Z')))).toBe('2026-10-26T01:30:00.000Z');
  });

  test('at times that hold for every schedule, zone and instant', () => {
    const schedule = fc.record({
      frequency: fc.constantFrom('DAILY', 'WEEKLY', 'BIWEEKLY', 'MONTHLY'),
      dayOfWeek: fc.constantFrom('SUN', 'WED', 'SAT'),
      dayOfMonth: fc.constantFrom('1', '15', '29', '31', 'LAST'),
      hour: fc.integer({ min: 0, max: 23 }),
      timeZone: fc.constantFrom('UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia'),
    });
    fc.assert(
      fc.property(
        schedule,
        fc.integer({ min: at('2011-01-01'), max: at('2040-01-01') }),
        ({ frequency, dayOfWeek, dayOfMonth, hour, timeZone }, now) => {
          const given = {
            ...daily,
            frequency,
            timeZone,
            timeOfDay: `${String(hour).padStart(2, '0')}:30`,
            ...(frequency === 'MONTHLY' ? { dayOfMonth } : {}),
            ...(frequency.endsWith('WEEKLY') ? { dayOfWeek } : {}),
          } as ScheduledAudit;
          const anchor = dayOf(latestDue(given, now), timeZone);
          const [latest, next] = [latestDue(given, now, anchor), nextDue(given, now, anchor)];
          expect(latest).toBeLessThanOrEqual(now);
          expect(next).toBeGreaterThan(now);
          // Nothing is due in between, and the two are neighbours whichever way one asks.
          expect(nextDue(given, latest, anchor)).toBe(next);
          expect(latestDue(given, next - 1, anchor)).toBe(latest);
          expect(countDue(given, { after: latest, until: next, most: 9, anchorDay: anchor })).toBe(
            1,
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a calendar', () => {
  test('agrees with the dates of Node', () => {
    for (let day = -1000; day < 30_000; day += 7) {
      const date = new Date(day * DAY);
      expect(weekdayOf(day)).toBe(date.getUTCDay());
      expect(monthDayOf(day).date).toBe(date.getUTCDate());
    }
    expect(monthDayOf(Date.UTC(2028, 1, 3) / DAY).last).toBe(29);
    expect(monthDayOf(Date.UTC(2026, 11, 31) / DAY).last).toBe(31);
  });

  test('has the day of its zone, not of UTC', () => {
    const day = dayOf(at('2026-01-01T00:00:00Z'), 'America/New_York');
    expect(day).toBe(dayOf(at('2025-12-31T12:00:00Z'), 'UTC'));
    expect(iso(instantOf(day, 19 * 60, 'America/New_York'))).toBe('2026-01-01T00:00:00.000Z');
  });
});

describe('a definition is refused', () => {
  test.each([
    ['a name with a path in it', { scheduledAuditName: '../nightly' }, 'name of a scheduled audit'],
    ['a weekly one without its day', { frequency: 'WEEKLY' }, 'needs a day of the week'],
    ['a daily one with a day', { dayOfWeek: 'MON' }, 'has no day of the week'],
    ['a monthly one without its day', { frequency: 'MONTHLY' }, 'needs a day of the month'],
    ['day 32', { frequency: 'MONTHLY', dayOfMonth: '32' }, 'needs a day of the month'],
    ['a weekly one with a day of the month', { dayOfMonth: '3' }, 'has no day of the month'],
    ['a time that does not exist', { timeOfDay: '24:00' }, 'not a time of day'],
    ['a zone that nobody knows', { timeZone: 'Mars/Olympus' }, 'no time zone'],
    ['another frequency', { frequency: 'HOURLY' }, 'not a frequency'],
    ['a check that does not exist', { targetCheckNames: ['CONFLICTING_CLIENT_ID'] }, 'no check'],
  ])('with %s', (_name, change, message) => {
    const problems = scheduleProblems({ ...daily, ...change } as unknown as ScheduledAudit);
    expect(problems.map((problem) => problem.message).join()).toContain(message);
    expect(problems.every((problem) => problem.path !== undefined)).toBe(true);
  });
});

describe('a run', () => {
  const firstWindowMs = 31 * DAY;
  const run = (state: ScheduleState | undefined, now: string, extra = {}) =>
    decideRun({ schedule: daily, state, now: at(now), firstWindowMs, ...extra });
  const state = (lastRunAt: string): ScheduleState => ({
    lastRunAt: at(lastRunAt),
    lastTaskId: 't',
    anchorDay: 0,
  });

  test('is due at once the first time', () => {
    const decision = run(undefined, '2026-01-05T02:00:00Z');
    expect(decision).toMatchObject({ kind: 'run', missedRuns: 0 });
    expect(decision).toMatchObject({ window: { previousRun: undefined } });
  });

  test('starts where the one before it ended, however late it is', () => {
    expect(run(state('2026-01-05T03:00:07Z'), '2026-01-06T04:30:00Z')).toMatchObject({
      kind: 'run',
      window: { previousRun: at('2026-01-05T03:00:07Z') },
      missedRuns: 0,
    });
  });

  test('makes up for all that were missed, and says how many', () => {
    expect(run(state('2026-01-05T03:00:00Z'), '2026-01-09T03:00:00Z')).toMatchObject({
      kind: 'run',
      window: { previousRun: at('2026-01-05T03:00:00Z') },
      missedRuns: 3,
    });
  });

  test('is not due again before the next time, nor at the same instant, unless it is early', () => {
    const last = state('2026-01-05T03:00:00Z');
    const notDue = { kind: 'not-due', nextRunAt: at('2026-01-06T03:00:00Z'), lastTaskId: 't' };
    expect(run(last, '2026-01-05T23:00:00Z')).toEqual(notDue);
    expect(run(last, '2026-01-05T03:00:00Z')).toEqual(notDue);
    expect(run(last, '2026-01-05T03:00:00Z', { early: true })).toEqual(notDue);
    expect(run(last, '2026-01-05T23:00:00Z', { early: true })).toMatchObject({ kind: 'run' });
  });

  test('is refused when the clock went back', () => {
    expect(() => run(state('2026-01-05T03:00:00Z'), '2026-01-05T02:59:59Z')).toThrow(UserError);
    expect(() =>
      run(state('2026-01-05T03:00:00Z'), '2026-01-05T02:59:59Z', { early: true }),
    ).toThrow('the clock is behind the last run');
  });

  test('of a biweekly one keeps its weeks after a late run', () => {
    const first = decideRun({
      schedule: biweekly,
      state: undefined,
      now: at('2026-11-18T12:00:00Z'),
      firstWindowMs,
    });
    if (first.kind !== 'run') throw new Error('a first run is due');
    const { anchorDay } = first;
    const late = { lastRunAt: at('2026-12-02T12:00:00Z'), lastTaskId: 't', anchorDay };
    const decide = (now: string) =>
      decideRun({ schedule: biweekly, state: late, now: at(now), firstWindowMs }).kind;
    expect(decide('2026-12-13T23:00:00Z')).toBe('not-due');
    expect(decide('2026-12-14T03:00:00Z')).toBe('run');
  });
});
