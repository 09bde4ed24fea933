/**
 * `--github`: annotations for the files of a pull request, and the Markdown in the summary of the job.
 * GitHub documents commands on stdout; where that belongs to `--json` they go to stderr, which the
 * runner reads as well.
 */
import { appendFile } from 'node:fs/promises';
import type { Argv } from 'yargs';
import {
  type Annotation,
  expectationPlaces,
  fileError,
  type LoadedMatrix,
  type MatrixResult,
  matrixAnnotations,
  type Report,
  renderAnnotations,
  renderMarkdown,
  renderMatrixMarkdown,
  repositoryPath,
  runAnnotations,
  type ScriptReport,
} from '../index.ts';
import type { CliEnvironment } from './environment.ts';
import { checkWritable } from './output-file.ts';

export function githubOption<T>(parser: Argv<T>) {
  return parser.option('github', {
    type: 'boolean',
    default: false,
    describe: 'In GitHub Actions: annotate the pull request, add to the summary of the job',
  });
}

interface GithubArguments {
  readonly github: boolean;
  readonly json: boolean;
}

/** Throws a `UserError` (64) before the work begins if the summary can't be written at its end. */
export async function checkGithub({ github }: GithubArguments, env: CliEnvironment): Promise<void> {
  const file = summaryFile(env);
  if (github && file !== undefined) await checkWritable('GITHUB_STEP_SUMMARY', file);
}

/** Tells of runs; nothing without `--github`. */
export async function tellGithub(
  reports: readonly (Report | ScriptReport)[],
  args: GithubArguments,
  env: CliEnvironment,
): Promise<void> {
  if (!args.github || reports.length === 0) return;
  const places = await expectationPlaces(reports, repositoryRoot(env));
  await tell(runAnnotations(reports, places), renderMarkdown(reports), args, env);
}

/** Tells of a matrix; nothing without `--github`. */
export async function tellGithubMatrix(
  result: MatrixResult,
  matrix: LoadedMatrix,
  args: GithubArguments,
  env: CliEnvironment,
): Promise<void> {
  if (!args.github) return;
  const files = new Map<string, string>();
  for (const { broker, configuration, path } of matrix.configurations.values()) {
    const file = await repositoryPath(path, repositoryRoot(env));
    if (file !== undefined) files.set(JSON.stringify([broker, configuration]), file);
  }
  const annotations = matrixAnnotations(result, ({ broker, configuration }) => {
    const file = files.get(JSON.stringify([broker, configuration]));
    return file === undefined ? {} : { file, line: 1 };
  });
  await tell(annotations, renderMatrixMarkdown(result), args, env);
}

async function tell(
  annotations: readonly Annotation[],
  markdown: string,
  { json }: GithubArguments,
  env: CliEnvironment,
): Promise<void> {
  const { stdout, stderr } = env.unguarded ?? env;
  (json ? stderr : stdout).write(renderAnnotations(annotations));
  const file = summaryFile(env);
  if (file === undefined) return;
  try {
    await appendFile(file, `${markdown}\n`);
  } catch (error) {
    throw fileError(error, 'write', file);
  }
}

function summaryFile({ env }: CliEnvironment): string | undefined {
  return env.GITHUB_STEP_SUMMARY || undefined;
}

/** Where the runner has checked the repository out. */
function repositoryRoot({ env }: CliEnvironment): string {
  return env.GITHUB_WORKSPACE || process.cwd();
}
