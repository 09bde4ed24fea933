/** Options of every command that drives fleets: configuration, folder, caps; and how to repeat it. */
import type { Argv } from 'yargs';
import {
  type Caps,
  EXIT,
  loadConfiguration,
  type Problem,
  type RunOptions,
  shellWord,
  UserError,
  withoutPassword,
} from '../index.ts';
import { durationFrom, wholeNumber } from './options.ts';

/** All of them; a command that offers only some takes those one by one. */
export function runOptions<T>(parser: Argv<T>) {
  return capOptions(runFolderOptions(configurationOption(parser)));
}

export function configurationOption<T>(parser: Argv<T>) {
  return parser.option('configuration', {
    type: 'string',
    describe: 'Configuration file of the broker, with placeholders; docs/matrix.md',
  });
}

function runFolderOptions<T>(parser: Argv<T>) {
  return parser
    .option('out', { type: 'string', default: 'runs', describe: 'Where run folders are made' })
    .option('quiet', { type: 'boolean', default: false, describe: 'No progress, only errors' });
}

export function capOptions<T>(parser: Argv<T>) {
  return parser
    .option('max-devices', { type: 'string', describe: 'Raise the cap on devices' })
    .option('max-rate', { type: 'string', describe: 'Raise the cap on arrivals per second' })
    .option('max-duration', { type: 'string', describe: 'Raise the cap on the duration' });
}

/** The configuration that a broker started here runs with. */
export async function configurationFrom(
  file: string | undefined,
  broker: NonNullable<RunOptions['broker']>,
): Promise<Pick<RunOptions, 'configuration'>> {
  if (file === undefined) return {};
  if (broker.kind === 'external') {
    throw new UserError(EXIT.usage, {
      message: '--configuration belongs to a broker that is started here',
      hint: 'leave it out, or choose a broker such as --broker mosquitto',
    });
  }
  return { configuration: await loadConfiguration(file, { broker: broker.adapter.id }) };
}

/** Throws a `UserError` with everything that is wrong. */
export function capsFrom(args: {
  readonly maxDevices?: string | undefined;
  readonly maxRate?: string | undefined;
  readonly maxDuration?: string | undefined;
}): Partial<Caps> {
  const problems: Problem[] = [];
  const devicesMax = wholeNumber('--max-devices', args.maxDevices, 1, 10_000_000, problems);
  const rateMax = wholeNumber('--max-rate', args.maxRate, 1, 1_000_000, problems);
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  const duration = args.maxDuration;
  return {
    ...(devicesMax === undefined ? {} : { devicesMax }),
    ...(rateMax === undefined ? {} : { arrivalsPerSecondMax: rateMax }),
    ...(duration === undefined ? {} : { durationMsMax: durationFrom('--max-duration', duration) }),
  };
}

/**
 * The command line again, quoted for a POSIX shell, without the words to leave out, and without the
 * password of a Redis.
 */
export function commandLine(argv: readonly string[], without: readonly string[] = []): string {
  const words = argv.filter((word) => !without.includes(word));
  return ['npx doppelfleet', ...words.map(withoutPassword).map(shellWord)].join(' ');
}
