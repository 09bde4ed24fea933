/** `doppelfleet validate`: every problem of every file, at once. */
import {
  EXIT,
  type FileKind,
  fileKind,
  formatProblem,
  loadAnyScenario,
  loadConfiguration,
  loadMatrix,
  type Problem,
  planScenario,
  UserError,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { styleFor } from '../environment.ts';
import { jsonOption } from '../options.ts';

interface Validation {
  readonly file: string;
  readonly valid: boolean;
  readonly problems: readonly Problem[];
  /** What the plan leaves to chance. */
  readonly warnings: readonly string[];
}

export const validateCommand = defineCommand({
  command: 'validate <file..>',
  describe:
    'Check scenarios, matrix files and broker configurations; show every problem with its place',
  examples: [
    ['$0 validate scenarios/*.yaml', 'before a commit'],
    ['$0 validate broker/mosquitto/*.conf', 'placeholders and companion files'],
    ['$0 validate mine.yaml --json', 'for editors and CI'],
  ],
  options: (parser) =>
    jsonOption(parser).positional('file', {
      type: 'string',
      array: true,
      demandOption: true,
      describe:
        'Files: fleets, scripts, matrices, configurations in a folder named as their broker; or names of built-in scenarios',
    }),
  async run(args, env) {
    const results = await Promise.all(args.file.map(validate));
    if (args.json) env.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
    else {
      const style = styleFor(env.stdout, env.env);
      for (const { file, valid, problems, warnings } of results) {
        env.stdout.write(`${valid ? style.green('✔ valid') : style.red('✖ invalid')} ${file}\n`);
        for (const problem of problems) env.stdout.write(`  ${formatProblem(problem)}\n`);
        for (const warning of warnings) env.stdout.write(`  ${style.yellow('note')} ${warning}\n`);
      }
    }
    return results.every((result) => result.valid) ? EXIT.met : EXIT.invalidInput;
  },
});

async function validate(file: string): Promise<Validation> {
  try {
    const check = CHECKS_OF[await fileKind(file)];
    const { problems = [], warnings = [] } = await check(file);
    return { file, valid: problems.length === 0, problems, warnings };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { file, valid: false, problems: error.problems, warnings: [] };
  }
}

/** How each kind of file is checked; a `UserError` tells problems as well. */
const CHECKS_OF: Readonly<
  Record<FileKind, (file: string) => Promise<Partial<Pick<Validation, 'problems' | 'warnings'>>>>
> = {
  async scenario(file) {
    const loaded = await loadAnyScenario(file);
    return loaded.kind === 'fleet' ? { warnings: planScenario(loaded.fleet).uncertain } : {};
  },
  async matrix(file) {
    const { configurations } = await loadMatrix(file);
    const problems = [...configurations.values()].flatMap(({ problem }) =>
      problem === undefined ? [] : [{ message: problem }],
    );
    return { problems };
  },
  async configuration(file) {
    await loadConfiguration(file);
    return {};
  },
};
