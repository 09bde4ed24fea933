/** `doppelfleet audits`: the folder of kept audits, schedules and suppressions. */
import type { Command } from '../command.ts';
import { findingCommand, findingsCommand } from './audit-findings.ts';
import { scheduleCommand, schedulesCommand, unscheduleCommand } from './audit-schedules.ts';
import { suppressCommand, suppressionsCommand, unsuppressCommand } from './audit-suppressions.ts';
import { compareCommand, listCommand, showCommand } from './audit-tasks.ts';

const COMMANDS: readonly Command[] = [
  listCommand,
  showCommand,
  findingsCommand,
  findingCommand,
  compareCommand,
  scheduleCommand,
  schedulesCommand,
  unscheduleCommand,
  suppressCommand,
  suppressionsCommand,
  unsuppressCommand,
];

/** `audits` with its subcommands. */
export const auditsCommand: Command = {
  register: (parser, env, done) =>
    parser.command('audits', 'Kept audits, scheduled audits and suppressions', (inner) => {
      for (const command of COMMANDS) command.register(inner, env, done);
      return inner.demandCommand(1, 'Say what to do; audits --help shows the commands.');
    }),
};
