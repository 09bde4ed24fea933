/** `doppelfleet history`: datasets of sessions for long histories, and what a history holds. */
import {
  convertHistories,
  EXIT,
  type HistoryInfo,
  historyInfo,
  type Problem,
  plural,
  printable,
  type Style,
  table,
  toolVersion,
  UserError,
} from '../../index.ts';
import { type Command, defineCommand } from '../command.ts';
import { styleFor } from '../environment.ts';
import { jsonOption, wholeNumber } from '../options.ts';
import { joinCommand } from './history-join.ts';
import { sourceFrom, sourceOptions } from './source-options.ts';

const convert = defineCommand({
  command: 'convert <history..>',
  describe: 'Convert histories to a dataset of Parquet files by day, for audits of long histories',
  examples: [
    ['$0 history convert runs/*/history.ndjson --to month', 'then audit the folder: audit month'],
    ['$0 history convert mosquitto.log --to month', 'other formats, as with audit'],
    ['$0 history convert today.ndjson --to month', 'again: adds what is not in it yet'],
  ],
  options: (parser) =>
    sourceOptions(jsonOption(parser))
      .positional('history', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Histories: files, folders, patterns, or - for standard input',
      })
      .option('to', {
        type: 'string',
        demandOption: true,
        normalize: true,
        describe: 'Folder of the dataset; to one that exists is added',
      })
      .option('memory', {
        type: 'string',
        describe: 'Megabytes it may use before it goes on on disk; 4096 or half of all by default',
      }),
  async run(args, env) {
    const problems: Problem[] = [];
    const memoryMb = wholeNumber('--memory', args.memory, 128, 1_000_000, problems);
    if (problems.length > 0) throw new UserError(EXIT.usage, problems);
    const { source } = await sourceFrom(args);
    const { dataset, histories, added, known } = await convertHistories(args.history, {
      ...source,
      to: args.to,
      toolVersion: toolVersion(),
      ...(memoryMb === undefined ? {} : { memoryMb }),
    });
    const events = histories.reduce((sum, history) => sum + history.events, 0);
    const unreadableLines = histories.reduce((sum, history) => sum + history.unreadableLines, 0);
    const { facts, files } = dataset.manifest;
    if (args.json) {
      const result = { folder: dataset.folder, added, known, events, unreadableLines };
      env.stdout.write(`${JSON.stringify({ ...result, ...facts, files }, null, 2)}\n`);
      return EXIT.met;
    }
    for (const history of histories) {
      for (const { line, message } of history.examples) {
        env.stderr.write(`note: ${printable(history.file)}:${line}: ${printable(message)}\n`);
      }
    }
    const left = unreadableLines === 0 ? '' : `, ${plural(unreadableLines, 'line')} not readable`;
    env.stdout.write(
      `${plural(added, 'recording')} added, ${known} known before; ` +
        `${plural(events, 'event')} read${left}\n` +
        `${printable(args.to)}: ${plural(facts.sessions, 'session')} in ${plural(files.length, 'file')}\n`,
    );
    return EXIT.met;
  },
});

const info = defineCommand({
  command: 'info <history>',
  describe: 'Show what a dataset or a history holds: days, sources, time span, completeness',
  examples: [
    ['$0 history info month', 'sessions by day'],
    ['$0 history info month --verify', 'and every file as it was written'],
    ['$0 history info runs/last/history.ndjson --json', 'events by day'],
  ],
  options: (parser) =>
    sourceOptions(jsonOption(parser))
      .positional('history', {
        type: 'string',
        demandOption: true,
        describe: 'Folder of a dataset, or a history in any format',
      })
      .option('verify', {
        type: 'boolean',
        default: false,
        describe: 'Compare every file of a dataset with its digest',
      }),
  async run(args, env) {
    const { source } = await sourceFrom(args);
    const found = await historyInfo(args.history, { ...source, verify: args.verify });
    if (args.json) env.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    else env.stdout.write(renderInfo(args.history, found, styleFor(env.stdout, env.env)));
    const whole = found.sources.every((one) => one.complete && one.unreadableLines === 0);
    return whole ? EXIT.met : EXIT.inconclusive;
  },
});

function renderInfo(name: string, found: HistoryInfo, style: Style): string {
  const { from, to, dataset, days, sources } = found;
  const span =
    from === undefined || to === undefined ? 'nothing recorded' : `${at(from)} to ${at(to)}`;
  const lines = [`${style.bold(printable(name))}  ${span}`];
  if (dataset !== undefined) {
    const { facts, files, bytes, recordings, verified } = dataset;
    lines.push(
      `dataset of ${plural(recordings, 'recording')}: ${plural(facts.sessions, 'session')}, ` +
        `${plural(facts.clientIds, 'client ID')}, ${plural(facts.certificates, 'certificate')}; ` +
        `${plural(files, 'file')}, ${(bytes / 1e6).toFixed(1)} MB${verified ? ', verified' : ''}`,
    );
  }
  const unit = dataset === undefined ? 'events' : 'sessions';
  const numbers = days.map(({ day, rows }) => [day, rows.toLocaleString('en-US')]);
  const rows = sources.map((source) => [
    printable(source.file, 60),
    printable(source.broker, 30),
    source.events.toLocaleString('en-US'),
    source.unreadableLines.toLocaleString('en-US'),
    source.complete ? 'yes' : 'no',
  ]);
  return [
    ...lines,
    table(['day (UTC)', unit], numbers, style),
    table(['source', 'broker', 'events', 'unreadable lines', 'complete'], rows, style),
    '',
  ].join('\n');
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}

/** `history` with its subcommands. */
export const historyCommand: Command = {
  register: (parser, env, done) =>
    parser.command('history', 'Datasets for long histories, and what a history holds', (inner) => {
      for (const command of [convert, info, joinCommand]) command.register(inner, env, done);
      return inner.demandCommand(1, 'Say what to do; history --help shows the commands.');
    }),
};
