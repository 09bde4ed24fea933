/** A command: its words, its options, and what it does. It returns an exit code and never exits. */
import type { ArgumentsCamelCase, Argv } from 'yargs';
import type { ExitCode } from '../index.ts';
import type { CompletionNames } from './completion-names.ts';
import type { CliEnvironment } from './environment.ts';
import { restoreWords } from './words.ts';

export interface Command {
  register(
    parser: Argv,
    env: CliEnvironment,
    done: (code: ExitCode) => void,
    names?: CompletionNames,
  ): Argv;
}

interface CommandDefinition<Options> {
  /** As yargs writes it: `run <scenario..>`. */
  readonly command: string;
  readonly describe: string;
  readonly examples: readonly (readonly [command: string, does: string])[];
  options(parser: Argv): Argv<Options>;
  run(args: ArgumentsCamelCase<Options>, env: CliEnvironment): Promise<ExitCode>;
}

export function defineCommand<Options>(definition: CommandDefinition<Options>): Command {
  return {
    register: (parser, env, done, names = {}) =>
      parser.command(
        definition.command,
        definition.describe,
        (inner) => {
          const made = definition.options(
            inner.example(definition.examples.map((one) => [...one])),
          );
          for (const [key, choices] of Object.entries(names)) made.choices(key, choices);
          return made;
        },
        async (args) => done(await definition.run(restoreWords(args), env)),
      ),
  };
}
