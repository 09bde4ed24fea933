/**
 * Reads configurations of brokers: the main file and every file beside it that belongs to it. The
 * only part of configurations that touches the author's files; nothing outside their folder is read.
 */
import { constants } from 'node:fs';
import { open, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { EXIT, fileError, type Problem, systemCode, UserError } from '../core/errors.ts';
import { CONFIGURATION_BYTES_MAX, CONFIGURATION_FILES_MAX } from '../core/limits.ts';
import { printable } from '../core/text.ts';
import type { BrokerConfiguration } from './configuration.ts';
import { findPlaceholders } from './placeholders.ts';
import { authorPath, placeholderProblems, placeOf } from './render-configuration.ts';

/** Brokers that take a configuration, with the extension of its main file. */
export const CONFIGURATION_EXTENSIONS: Readonly<Record<string, string>> = {
  embedded: '.yaml',
  mosquitto: '.conf',
  rabbitmq: '.conf',
  nats: '.conf',
};

/** A name that means the same on every system and leads nowhere else. */
const SAFE_NAME = /^[A-Za-z0-9][\w.-]*$/;

export interface LoadConfigurationOptions {
  /** ID of the broker; the name of the file's folder by default. */
  readonly broker?: string;
  /** Default: `<folder>/<file without extension>`. */
  readonly name?: string;
}

/**
 * Loads the configuration whose main file is `path`. Throws a `UserError` (65) with every problem
 * of all its files.
 */
export async function loadConfiguration(
  path: string,
  options: LoadConfigurationOptions = {},
): Promise<BrokerConfiguration> {
  const { configuration, problems } = await read(path, options);
  if (problems.length > 0) throw new UserError(EXIT.invalidInput, problems);
  return configuration;
}

/**
 * Loads all configurations of a folder that is named as a broker (or is for `broker`), or else of
 * its subfolders that are. Files that others name by `{{file:…}}` are companions, no configurations.
 * Throws a `UserError` (65) with the problems of all of them.
 */
export async function loadConfigurations(
  folder: string,
  broker?: string,
): Promise<readonly BrokerConfiguration[]> {
  const all = await allOf(folder, broker);
  const problems = all.flatMap((one) => one.problems);
  if (problems.length > 0) throw new UserError(EXIT.invalidInput, problems);
  if (all.length > 0) return all.map(({ configuration }) => configuration);
  const kinds = Object.entries(CONFIGURATION_EXTENSIONS).map(([id, end]) => `${id}/*${end}`);
  throw new UserError(EXIT.invalidInput, {
    message: `there are no configurations in ${printable(folder)}`,
    hint: `it has folders named as brokers (${kinds.join(', ')}), or is one`,
  });
}

/** A configuration as far as it could be read, with what is wrong with it. */
export interface ReadConfiguration {
  readonly configuration: BrokerConfiguration;
  readonly problems: readonly Problem[];
}

/** Like {@link loadConfiguration}, but its problems are part of the result. */
export async function readConfiguration(
  path: string,
  options: LoadConfigurationOptions = {},
): Promise<ReadConfiguration> {
  return read(path, options);
}

/** Like {@link loadConfigurations}, but the problems of each are part of the result. */
export async function readConfigurations(
  folder: string,
  broker?: string,
): Promise<readonly ReadConfiguration[]> {
  return allOf(folder, broker);
}

type Read = ReadConfiguration;

async function allOf(folder: string, broker?: string): Promise<readonly Read[]> {
  const own = basename(resolve(folder));
  const names = await list(folder);
  const id = broker ?? (extensionOf(own) === undefined ? undefined : own);
  const direct = id === undefined ? [] : await configurationsIn(folder, names, id);
  if (direct.length > 0 || id === own) return direct;
  const all: Read[] = [];
  for (const name of names) {
    if (extensionOf(name) === undefined || (broker !== undefined && name !== broker)) continue;
    const sub = join(folder, name);
    all.push(...(await configurationsIn(sub, await list(sub), name)));
  }
  return all;
}

async function configurationsIn(
  folder: string,
  names: readonly string[],
  broker: string,
): Promise<readonly Read[]> {
  const extension = extensionOf(broker);
  const mains = names.filter((name) => extension !== undefined && extname(name) === extension);
  const all: Read[] = [];
  for (const name of mains) all.push(await read(join(folder, name), { broker }));
  const companions = new Set(
    all.flatMap(({ configuration: { files, main } }) =>
      [...files.keys()].filter((name) => name !== main),
    ),
  );
  return all.filter(({ configuration }) => !companions.has(configuration.main));
}

async function read(path: string, options: LoadConfigurationOptions): Promise<Read> {
  const main = basename(path);
  const folder = basename(dirname(resolve(path)));
  const base = basename(main, extname(main));
  const broker = options.broker ?? folder;
  const files = new Map<string, string>();
  const name = options.name ?? `${folder}/${base}`;
  const configuration: BrokerConfiguration = { name, broker, path, main, files };
  const problems: Problem[] = [];
  if (extensionOf(broker) === undefined) problems.push(unknownBroker(path, broker));
  if (!SAFE_NAME.test(main)) problems.push({ file: path, ...UNSAFE_NAME });
  const text = await readText(path);
  if (typeof text !== 'string') return { configuration, problems: [...problems, text] };
  files.set(main, text);
  if (broker === 'rabbitmq') {
    // RabbitMQ looks for it itself; Erlang terms, for what its other syntax can't say.
    const advanced = join(dirname(path), `${base}.advanced.config`);
    const more = await readText(advanced).catch(absent);
    if (typeof more === 'string') files.set(basename(advanced), more);
    else if (more !== undefined) problems.push(more);
  }
  await readCompanions(configuration, files, problems);
  return { configuration, problems: inOrder([...problems, ...placeholderProblems(configuration)]) };
}

/** As one reads the files, whatever found them. */
function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return [...problems].sort(
    (a, b) =>
      (a.file === b.file ? 0 : (a.file ?? '') < (b.file ?? '') ? -1 : 1) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  );
}

/** Adds every file that is named in `files`, and in what is added, to it. */
async function readCompanions(
  configuration: BrokerConfiguration,
  files: Map<string, string>,
  problems: Problem[],
): Promise<void> {
  const tried = new Set(files.keys());
  // Goes on through what is added on the way.
  for (const [name, text] of files) {
    for (const use of findPlaceholders(text)) {
      if (use.file === undefined || tried.has(use.file)) continue;
      tried.add(use.file);
      const found = await readCompanion(configuration, use.file, tried.size);
      if (typeof found === 'string') files.set(use.file, found);
      else problems.push({ ...placeOf(configuration, name, use), ...found });
    }
  }
}

async function readCompanion(
  configuration: BrokerConfiguration,
  name: string,
  count: number,
): Promise<string | Problem> {
  if (!SAFE_NAME.test(name)) return UNSAFE_NAME;
  if (count > CONFIGURATION_FILES_MAX) {
    return { message: `a configuration has at most ${CONFIGURATION_FILES_MAX} files` };
  }
  const path = authorPath(configuration, name);
  try {
    const inside = `${await realpath(dirname(path))}${sep}`;
    if (!(await realpath(path)).startsWith(inside)) {
      return {
        message: `${printable(name)} leads out of the configuration's folder`,
        hint: 'put the file itself beside the configuration',
      };
    }
    const text = await readText(path);
    return typeof text === 'string' ? text : { message: `${printable(name)}: ${text.message}` };
  } catch (error) {
    if (absent(error) === undefined) {
      return {
        message: `there is no file ${printable(name)} beside the configuration`,
        hint: 'check the name, or add the file',
      };
    }
    throw error;
  }
}

/** The file's text, or why it can't be one. Reads no more than it may have. */
async function readText(file: string): Promise<string | Problem> {
  try {
    // Without waiting for a writer, should it be a pipe.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await handle.stat()).isFile()) return { file, message: 'it is no file' };
      const stream = handle.createReadStream({ end: CONFIGURATION_BYTES_MAX, autoClose: false });
      const bytes = Buffer.concat(await stream.toArray());
      if (bytes.length > CONFIGURATION_BYTES_MAX) {
        const message = `the file is larger than ${CONFIGURATION_BYTES_MAX} bytes`;
        return { file, message, hint: 'a configuration is written by hand; is it another file?' };
      }
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      return text.includes('\0') ? { file, ...NO_TEXT } : text;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemCode(error) === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { file, ...NO_TEXT };
    throw fileError(error, 'read', file);
  }
}

async function list(folder: string): Promise<readonly string[]> {
  return readdir(folder).then(
    (names) => names.sort(),
    (error: unknown) => {
      throw fileError(error, 'read', folder);
    },
  );
}

function extensionOf(broker: string): string | undefined {
  return Object.hasOwn(CONFIGURATION_EXTENSIONS, broker)
    ? CONFIGURATION_EXTENSIONS[broker]
    : undefined;
}

/** Nothing for a file that is not there; throws on. */
function absent(error: unknown): undefined {
  const cause = error instanceof UserError ? error.cause : error;
  if (systemCode(cause) !== 'ENOENT') throw error;
}

const UNSAFE_NAME = {
  message: 'the name of a file that belongs to a configuration is no plain name',
  hint: 'use letters, digits, full stops, hyphens and underscores, with a letter or digit first',
} as const;

const NO_TEXT = {
  message: 'the file is no text',
  hint: 'a configuration is text in UTF-8',
} as const;

function unknownBroker(file: string, broker: string): Problem {
  return {
    file,
    message: `it is not said which broker this is for: "${printable(broker, 60)}" is none`,
    hint: `put it into a folder named ${Object.keys(CONFIGURATION_EXTENSIONS).join(', ')}`,
  };
}
