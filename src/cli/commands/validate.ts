/** `doppelfleet validate`: every problem of every file, at once. */
import {
  EXIT,
  formatProblem,
  loadAnyScenario,
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
  describe: 'Check scenario files and show every problem with its place',
  examples: [
    ['$0 validate scenarios/*.yaml', 'before a commit'],
    ['$0 validate mine.yaml --json', 'for editors and CI'],
  ],
  options: (parser) =>
    jsonOption(parser).positional('file', {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'Scenario files, fleets and scripts alike, or names of built-in ones',
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
    const loaded = await loadAnyScenario(file);
    const warnings = loaded.kind === 'fleet' ? planScenario(loaded.fleet).uncertain : [];
    return { file, valid: true, problems: [], warnings };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { file, valid: false, problems: error.problems, warnings: [] };
  }
}
