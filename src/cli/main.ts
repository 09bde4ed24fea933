/** The command line: words to commands, errors to sentences. Returns the exit code, never exits. */
import yargs from 'yargs';
import { EXIT, type ExitCode, formatProblem, printable, toolVersion, UserError } from '../index.ts';
import type { Command } from './command.ts';
import { auditCommand } from './commands/audit.ts';
import { auditsCommand } from './commands/audit-folder.ts';
import { certsCommand } from './commands/certs.ts';
import { compareCommand } from './commands/compare.ts';
import { demoCommand } from './commands/demo.ts';
import { engineCommand } from './commands/engine.ts';
import { fixCommand } from './commands/fix.ts';
import { historyCommand } from './commands/history.ts';
import { listCommand } from './commands/list.ts';
import { matrixCommand } from './commands/matrix.ts';
import { mitigateCommand } from './commands/mitigate.ts';
import { planCommand } from './commands/plan.ts';
import { probeCommand } from './commands/probe.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { validateCommand } from './commands/validate.ts';
import { workerCommand } from './commands/worker.ts';
import { completionNames } from './completion-names.ts';
import type { CliEnvironment } from './environment.ts';
import { EXIT_CODES_HELP } from './exit-codes.ts';
import { protectWords, restoreWords } from './words.ts';
import { guardWorkflow } from './workflow-guard.ts';

const COMMANDS: readonly Command[] = [
  runCommand,
  compareCommand,
  fixCommand,
  demoCommand,
  matrixCommand,
  reportCommand,
  planCommand,
  validateCommand,
  probeCommand,
  listCommand,
  auditCommand,
  auditsCommand,
  mitigateCommand,
  historyCommand,
  certsCommand,
  workerCommand,
  engineCommand,
];

export async function main(environment: CliEnvironment): Promise<ExitCode> {
  const env = guardWorkflow(environment);
  let code: ExitCode = EXIT.met;
  const argv = protectWords(env.argv);
  const parser = yargs(argv)
    .scriptName('doppelfleet')
    .usage('$0 <command>\n\nA device-side MQTT fleet simulator and test harness.')
    .parserConfiguration({ 'duplicate-arguments-array': true, 'greedy-arrays': false })
    .strict()
    .recommendCommands()
    .demandCommand(1, 'Say what to do; --help shows the commands.')
    .version(toolVersion())
    .help()
    .alias('help', 'h')
    .completion('completion', 'Print a completion script for bash or zsh')
    .epilogue(
      `${EXIT_CODES_HELP}\n\nTry \`doppelfleet list scenarios\`, then \`doppelfleet run <name>\`.`,
    )
    .wrap(Math.min(env.stderr.columns ?? 100, 110))
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message, error) => {
      throw error ?? new UserError(EXIT.usage, { message: sentence(restoreWords(message)) });
    });
  const names = await completionNames(env.argv);
  for (const command of COMMANDS) {
    const done = (result: ExitCode): void => {
      code = result;
    };
    command.register(parser, env, done, names);
  }
  try {
    await parser.parseAsync(argv, {}, (_error, _args, output) => {
      if (output) env.stdout.write(`${output}\n`);
    });
    return code;
  } catch (error) {
    return report(error, env);
  }
}

function report(error: unknown, env: CliEnvironment): ExitCode {
  if (error instanceof UserError) {
    for (const problem of error.problems) env.stderr.write(`error: ${formatProblem(problem)}\n`);
    return error.exitCode;
  }
  // An interrupt before the first packet, such as while certificates are issued.
  if (error instanceof Error && error.name === 'AbortError') return EXIT.interrupted;
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const lines = detail.split('\n').map((line) => printable(line, 500));
  env.stderr.write(`internal error, please report it with what follows:\n${lines.join('\n')}\n`);
  return EXIT.internal;
}

/** yargs words its own complaints over several lines. */
function sentence(message: string): string {
  return `${message.trim().replace(/\s*\n\s*/g, ' ')} — --help shows the options`;
}
