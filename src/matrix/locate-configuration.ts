/**
 * Finds what a matrix file names as a configuration: a file, a folder with all in it, or
 * `<broker>/<name>`; beside the matrix file first, then among those that come with doppelfleet.
 */
import { stat } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrokerConfiguration } from '../broker/configuration.ts';
import {
  CONFIGURATION_EXTENSIONS,
  type ReadConfiguration,
  readConfiguration,
  readConfigurations,
} from '../broker/load-configuration.ts';
import { formatProblem } from '../core/errors.ts';
import type { CellKey } from './cell.ts';
import type { ConfigurationEntry } from './schema.ts';

/** The folder of the configurations that come with doppelfleet, in checkout and package alike. */
export const BUILT_IN_CONFIGURATIONS = fileURLToPath(
  new URL('../../configurations/', import.meta.url),
);

export interface MatrixConfiguration extends Pick<CellKey, 'broker' | 'configuration'> {
  readonly path: string;
  /** Absent where it could not be read as it must be. */
  readonly loaded?: BrokerConfiguration;
  /** Why it can't be tried, as a sentence. */
  readonly problem?: string;
}

/**
 * The configurations that an entry means; undefined if there is no such file or folder. Throws a
 * `UserError` for what can't be read.
 */
export async function locateConfigurations(
  entry: ConfigurationEntry,
  folder: string,
): Promise<readonly MatrixConfiguration[] | undefined> {
  const { file, broker, name } = typeof entry === 'string' ? { file: entry } : entry;
  for (const path of candidates(file, folder)) {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) continue;
    if (found.isDirectory()) {
      const all = await readConfigurations(path, broker);
      return all.map((one) => matrixConfiguration(one));
    }
    const options = broker === undefined ? {} : { broker };
    return [matrixConfiguration(await readConfiguration(path, options), name)];
  }
  return undefined;
}

function candidates(file: string, folder: string): readonly string[] {
  const broker = basename(dirname(file));
  const extension = Object.hasOwn(CONFIGURATION_EXTENSIONS, broker)
    ? CONFIGURATION_EXTENSIONS[broker]
    : undefined;
  const names = extension === undefined ? [file] : [file, `${file}${extension}`];
  const folders = isAbsolute(file) ? [''] : [folder, BUILT_IN_CONFIGURATIONS];
  return folders.flatMap((one) => names.map((name) => (one === '' ? name : join(one, name))));
}

function matrixConfiguration(
  { configuration, problems }: ReadConfiguration,
  name = basename(configuration.path, extname(configuration.path)),
): MatrixConfiguration {
  const { broker, path } = configuration;
  return {
    broker,
    configuration: name,
    path,
    ...(problems.length === 0
      ? { loaded: configuration }
      : { problem: problems.map(formatProblem).join('; ') }),
  };
}
