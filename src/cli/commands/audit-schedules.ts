/** `doppelfleet audits schedule|schedules|unschedule`: when an audit is due. */
import {
  CHECK_IDS,
  DAYS_OF_WEEK,
  EXIT,
  FREQUENCIES,
  type Frequency,
  type KeptSchedule,
  keptSchedules,
  nextDue,
  parseInstant,
  putSchedule,
  removeSchedule,
  type ScheduledAudit,
  table,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { styleFor } from '../environment.ts';
import { jsonOption } from '../options.ts';
import { auditsOption } from './audit-options.ts';

export const scheduleCommand = defineCommand({
  command: 'schedule <name>',
  describe: 'Create a scheduled audit, or change one and keep its state',
  examples: [
    ['$0 audits schedule nightly --frequency daily --at 03:00', 'every day at 03:00 UTC'],
    ['$0 audits schedule sunday --frequency biweekly --day-of-week sun', 'every second Sunday'],
    ['$0 audits schedule books --frequency monthly --day-of-month LAST', 'on each last day'],
    ['$0 audit history.ndjson --scheduled nightly', 'run it, if it is due; then from cron'],
  ],
  options: (parser) =>
    auditsOption(jsonOption(parser))
      .positional('name', { type: 'string', demandOption: true, describe: 'Its name' })
      .option('frequency', {
        choices: FREQUENCIES.map((frequency) => frequency.toLowerCase()),
        coerce: (text: unknown) => String(text).toLowerCase(),
        demandOption: true,
        describe: 'How often',
      })
      .option('day-of-week', {
        choices: DAYS_OF_WEEK.map((day) => day.toLowerCase()),
        coerce: (text: unknown) => String(text).toLowerCase(),
        describe: 'Of a weekly or biweekly one',
      })
      .option('day-of-month', {
        type: 'string',
        describe: '1 to 31 or LAST, of a monthly one; a shorter month has its last day instead',
      })
      .option('at', { type: 'string', default: '00:00', describe: 'Time of day' })
      .option('zone', { type: 'string', default: 'UTC', describe: 'Time zone of days and times' })
      .option('check', {
        choices: CHECK_IDS,
        array: true,
        nargs: 1,
        describe: 'Only this check; repeatable',
      }),
  async run(args, env) {
    const dayOfWeek = DAYS_OF_WEEK.find((day) => day.toLowerCase() === args.dayOfWeek);
    const schedule: ScheduledAudit = {
      scheduledAuditName: args.name,
      frequency: args.frequency.toUpperCase() as Frequency,
      ...(dayOfWeek === undefined ? {} : { dayOfWeek }),
      ...(args.dayOfMonth === undefined ? {} : { dayOfMonth: args.dayOfMonth.toUpperCase() }),
      timeOfDay: args.at,
      timeZone: args.zone,
      ...(args.check === undefined ? {} : { targetCheckNames: args.check }),
    };
    const kept = await putSchedule(args.audits, schedule);
    if (args.json) env.stdout.write(`${JSON.stringify(kept, null, 2)}\n`);
    else {
      const since =
        kept.state === undefined
          ? 'its first run is due at once'
          : `next due ${isoTime(nextRun(kept, kept.state.lastRunAt))}`;
      env.stdout.write(`${args.name}: ${rule(schedule)}; ${since}\n`);
    }
    return EXIT.met;
  },
});

export const schedulesCommand = defineCommand({
  command: 'schedules',
  describe: 'List scheduled audits, when they ran and when they are due',
  examples: [['$0 audits schedules', 'a table']],
  options: (parser) =>
    auditsOption(jsonOption(parser)).option('now', {
      type: 'string',
      describe: 'ISO 8601 time that stands in for the clock',
    }),
  async run(args, env) {
    const now = args.now === undefined ? Date.now() : parseInstant(args.now);
    const all = (await keptSchedules(args.audits)).map((kept) => ({
      ...kept,
      nextRunAt: nextRun(kept, now),
    }));
    if (args.json) env.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    else {
      const rows = all.map(({ schedule, state, nextRunAt }) =>
        [
          schedule.scheduledAuditName,
          rule(schedule),
          state === undefined ? 'never' : isoTime(state.lastRunAt),
          nextRunAt <= now ? 'now' : isoTime(nextRunAt),
        ].map((text) => [[text, String]] as const),
      );
      const style = styleFor(env.stdout, env.env);
      env.stdout.write(`${table(['Name', 'When', 'Last run', 'Due'], rows, style)}\n`);
    }
    return EXIT.met;
  },
});

export const unscheduleCommand = defineCommand({
  command: 'unschedule <name>',
  describe: 'Remove a scheduled audit with its state; its kept audits stay',
  examples: [['$0 audits unschedule nightly', 'a later one of that name starts anew']],
  options: (parser) =>
    auditsOption(parser).positional('name', {
      type: 'string',
      demandOption: true,
      describe: 'Its name',
    }),
  async run(args) {
    await removeSchedule(args.audits, args.name);
    return EXIT.met;
  },
});

/** When it is due: that may be past, when a run was missed. */
function nextRun({ schedule, state }: KeptSchedule, now: number): number {
  return state === undefined ? now : nextDue(schedule, state.lastRunAt, state.anchorDay);
}

function rule({ frequency, dayOfWeek, dayOfMonth, timeOfDay, timeZone }: ScheduledAudit): string {
  const day = dayOfWeek ?? (dayOfMonth === undefined ? '' : `day ${dayOfMonth}`);
  return `${frequency}${day === '' ? '' : ` ${day}`} ${timeOfDay} ${timeZone}`;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
