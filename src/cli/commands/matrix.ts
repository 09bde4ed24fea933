/** `doppelfleet matrix`: scenarios on broker configurations, in one table, compared with a baseline. */
import {
  BROKERS,
  type CellSelection,
  cellFilter,
  cellName,
  comparisonOutcome,
  EXIT,
  type ExitCode,
  type LoadedMatrix,
  leftOutNotes,
  loadMatrix,
  type MatrixResult,
  type MqttVersion,
  matrixBadges,
  matrixOfFolder,
  type Problem,
  planMatrix,
  plural,
  prepareFolder,
  printable,
  readBaseline,
  readBaselineIfAny,
  recordBaseline,
  renderMatrix,
  renderMatrixHtml,
  renderMatrixJson,
  renderMatrixJunit,
  renderMatrixMarkdown,
  runMatrix,
  shellWord,
  UserError,
  writeBaseline,
  writeFolder,
} from '../../index.ts';
import { defineCommand } from '../command.ts';
import { styleFor } from '../environment.ts';
import { outcomeExitCode } from '../exit-codes.ts';
import { checkGithub, githubOption, tellGithubMatrix } from '../github-option.ts';
import { interruptible } from '../interrupt.ts';
import { matrixObserver } from '../matrix-progress.ts';
import { jsonOption, storeOptions, wholeNumber } from '../options.ts';
import { checkWritable, writeOutput } from '../output-file.ts';

/** Cells at once beyond this are a slip of the hand. */
const JOBS_MAX = 256;

const RENDERERS = {
  markdown: renderMatrixMarkdown,
  html: renderMatrixHtml,
  junit: renderMatrixJunit,
} as const satisfies Record<string, (result: MatrixResult) => string>;

export const matrixCommand = defineCommand({
  command: 'matrix [file]',
  describe: 'Try scenarios on broker configurations and show what changed since a baseline',
  examples: [
    ['$0 matrix', 'the shipped matrix, on every broker that is installed'],
    ['$0 matrix my-matrix.yaml --html matrix.html', 'your own, as a page'],
    ['$0 matrix --configurations deploy/mosquitto --broker mosquitto', 'a folder of yours'],
    ["$0 matrix --only 'mosquitto/*/session-*'", 'some of its cells'],
    ['$0 matrix my-matrix.yaml --record baseline.json', 'record what is so today'],
    ['$0 matrix my-matrix.yaml --baseline baseline.json', 'fail only on change, as in CI'],
  ],
  options: (parser) =>
    githubOption(storeOptions(jsonOption(parser)))
      .positional('file', { type: 'string', describe: 'Matrix file; the shipped one by default' })
      .option('configurations', {
        type: 'string',
        describe: 'Instead of a file: a folder of broker configurations, with default scenarios',
      })
      .option('broker', {
        choices: Object.keys(BROKERS),
        describe: 'Only this broker; with --configurations, which broker they are for',
      })
      .option('only', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'Only cells that fit <broker>/<configuration>/<scenario>, with *; repeatable',
      })
      .option('mqtt-version', {
        type: 'string',
        choices: ['3.1.1', '5'] as const,
        describe: 'Only this version',
      })
      .option('jobs', { type: 'string', describe: 'Cells at once; 16 by default' })
      .option('out', { type: 'string', default: 'runs', describe: 'Where its folder is made' })
      .option('markdown', { type: 'string', describe: 'Write the table as Markdown here' })
      .option('html', { type: 'string', describe: 'Write it as one HTML page here' })
      .option('junit', { type: 'string', describe: 'Write it as JUnit XML here' })
      .option('badges', {
        type: 'string',
        describe: 'Write badges of it into this folder, with a Markdown table that shows them',
      })
      .option('baseline', { type: 'string', describe: 'Compare with this file; fail on change' })
      .option('record', { type: 'string', describe: 'Record the outcomes as a baseline here' })
      .option('list', { type: 'boolean', default: false, describe: 'List the cells, run nothing' })
      .option('quiet', { type: 'boolean', default: false, describe: 'No progress, only errors' }),
  async run(args, env): Promise<ExitCode> {
    const style = styleFor(env.stderr, env.env);
    const matrix = await matrixFrom(args);
    const selection = selectionFrom(args);
    if (args.list) {
      env.stdout.write(args.json ? listJson(matrix, selection) : listText(matrix, selection));
      return EXIT.met;
    }
    const jobs = jobsFrom(args.jobs);
    const outputs = Object.entries(RENDERERS).flatMap(([name, render]) => {
      const file = args[name as keyof typeof RENDERERS];
      return file === undefined ? [] : [{ option: `--${name}`, file, render }];
    });
    for (const { option, file } of outputs) await checkWritable(option, file);
    if (args.record !== undefined) await checkWritable('--record', args.record);
    if (args.badges !== undefined) await prepareFolder(args.badges);
    await checkGithub(args, env);
    const { baseline: file } = args;
    const baseline = file === undefined ? undefined : { file, baseline: await readBaseline(file) };
    const previous = args.record === undefined ? undefined : await readBaselineIfAny(args.record);
    const interrupt = interruptible(env);
    try {
      const result = await runMatrix(matrix, {
        selection,
        ...(jobs === undefined ? {} : { jobs }),
        ...(baseline === undefined ? {} : { baseline }),
        out: args.out,
        certs: args.certs,
        authority: args.authority,
        command: commandOf(args),
        observer: args.quiet ? {} : matrixObserver(env.stderr, style),
        signal: interrupt.signal,
        killSignal: interrupt.killSignal,
      });
      if (!args.quiet) env.stderr.write(`\n${renderMatrix(result, style)}`);
      for (const { file: output, render } of outputs) await writeOutput(output, render(result));
      if (args.badges !== undefined) await writeFolder(args.badges, matrixBadges(result));
      await tellGithubMatrix(result, matrix, args, env);
      if (args.record !== undefined && !result.interrupted) {
        const recorded = recordBaseline(result, previous, cellFilter(selection));
        await writeBaseline(args.record, recorded);
        if (!args.quiet) env.stderr.write(recordedLine(recorded.cells.length, args.record));
      }
      if (args.json) env.stdout.write(renderMatrixJson(result));
      return exitCode(result);
    } finally {
      interrupt.end();
    }
  },
});

function recordedLine(cells: number, file: string): string {
  return `  baseline  ${plural(cells, 'outcome')} recorded in ${printable(file, 300)}\n`;
}

/** With a baseline only what changed counts. */
function exitCode(result: MatrixResult): ExitCode {
  if (result.interrupted) return EXIT.interrupted;
  const { comparison, outcome } = result;
  return outcomeExitCode(comparison === undefined ? outcome : comparisonOutcome(comparison));
}

interface Arguments {
  readonly file?: string | undefined;
  readonly configurations?: string | undefined;
  readonly broker?: string | undefined;
  readonly only: readonly string[];
  readonly mqttVersion?: MqttVersion | undefined;
  readonly certs: string;
  readonly authority: string;
}

function matrixFrom({ file, configurations, broker }: Arguments): Promise<LoadedMatrix> {
  if (configurations === undefined) return loadMatrix(file);
  if (file === undefined) return matrixOfFolder(configurations, broker);
  throw new UserError(EXIT.usage, {
    message: 'a matrix file and --configurations are two ways to say the same',
    hint: 'leave one of them out',
  });
}

function selectionFrom({ only, broker, mqttVersion }: Arguments): CellSelection {
  return {
    only,
    brokers: broker === undefined ? [] : [broker],
    mqttVersions: mqttVersion === undefined ? [] : [mqttVersion],
  };
}

function jobsFrom(text: string | undefined): number | undefined {
  const problems: Problem[] = [];
  const jobs = wholeNumber('--jobs', text, 1, JOBS_MAX, problems);
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  return jobs;
}

/** The command line that means the same matrix and store, without a selection of cells. */
function commandOf({ file, configurations, broker, certs, authority }: Arguments): string {
  const words = [
    ...(file === undefined ? [] : [file]),
    ...(configurations === undefined ? [] : ['--configurations', configurations]),
    ...(configurations === undefined || broker === undefined ? [] : ['--broker', broker]),
    ...(certs === 'certs' ? [] : ['--certs', certs]),
    ...(authority === 'default' ? [] : ['--authority', authority]),
  ];
  return ['npx doppelfleet matrix', ...words.map(shellWord)].join(' ');
}

function listText(matrix: LoadedMatrix, selection: CellSelection): string {
  const planned = planMatrix(matrix, selection);
  const { cells, pairs } = planned;
  return [
    ...cells.map((cell) => `${printable(cellName(cell))}  MQTT ${cell.mqttVersion}`),
    ...pairs.map(
      ({ requirement, title, secure, insecure }) =>
        `pair ${printable(requirement)} ${printable(title)}: ${printable(cellName(secure))} against ${printable(cellName(insecure))}`,
    ),
    ...leftOutNotes(planned).map((note) => `note: ${printable(note)}`),
    '',
  ].join('\n');
}

function listJson(matrix: LoadedMatrix, selection: CellSelection): string {
  return `${JSON.stringify(planMatrix(matrix, selection), null, 2)}\n`;
}
