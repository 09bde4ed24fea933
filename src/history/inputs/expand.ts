/**
 * What was named on the command line, as files: a file, a folder (its readable files, in the order
 * of their names), a glob pattern, or `-` for standard input. Of the folder of a run, only the
 * history is evidence.
 */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, fileError, type Problem, systemCode, UserError } from '../../core/errors.ts';

export const STDIN = '-';
/** What a run's history is called. */
export const HISTORY_FILE = 'history.ndjson';
/** A folder with more is none of logs: somebody named the wrong one. */
const FILES_MAX = 100_000;
const DEPTH_MAX = 32;

export interface NamedFile {
  /** `-` for standard input. */
  readonly path: string;
  /** It was found in a folder: what is no evidence there is left out instead of refused. */
  readonly found: boolean;
}

/** Throws a {@link UserError} (65) with everything that can't be found, all at once. */
export async function expandInputs(inputs: readonly string[]): Promise<readonly NamedFile[]> {
  const files: NamedFile[] = [];
  const problems: Problem[] = [];
  for (const input of inputs) {
    try {
      files.push(...(await expand(input)));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (inputs.filter((input) => input === STDIN).length > 1) {
    problems.push({ message: 'standard input (-) was named twice', hint: 'name it once' });
  }
  if (problems.length > 0) throw new UserError(EXIT.invalidInput, problems);
  const seen = new Map<string, NamedFile>();
  for (const file of files) if (!seen.has(file.path)) seen.set(file.path, file);
  return [...seen.values()];
}

/** The paths among {@link expandInputs}, without standard input. */
export async function namedFiles(inputs: readonly string[]): Promise<readonly string[]> {
  const files = await expandInputs(inputs);
  return files.map((file) => file.path).filter((file) => file !== STDIN);
}

async function expand(input: string): Promise<readonly NamedFile[]> {
  if (input === STDIN) return [{ path: STDIN, found: false }];
  try {
    if (!(await stat(input)).isDirectory()) return [{ path: input, found: false }];
  } catch (error) {
    if (systemCode(error) === 'ENOENT' && /[*?[{]/.test(input)) return matching(input);
    throw fileError(error, 'read', input);
  }
  const files = await filesIn(input, 0);
  if (files.length > 0) return files;
  throw new UserError(EXIT.invalidInput, {
    file: input,
    message: 'the folder has no readable files',
    hint: 'name a folder with logs or histories',
  });
}

async function matching(pattern: string): Promise<readonly NamedFile[]> {
  const { glob } = await import('tinyglobby');
  const found = await glob([pattern], { onlyFiles: true, expandDirectories: false });
  if (found.length > 0) return found.sort(byName).map((file) => ({ path: file, found: true }));
  throw new UserError(EXIT.invalidInput, {
    file: pattern,
    message: 'no file matches the pattern',
    hint: 'quote it, so that the shell leaves it alone, or check the path',
  });
}

/** Hidden files and links to folders are left out: the first are not logs, the second may circle. */
async function filesIn(folder: string, depth: number): Promise<NamedFile[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    // What lies in there may be evidence: opening it will say that it can't be read.
    if (depth > 0) return [{ path: folder, found: true }];
    throw fileError(error, 'read', folder);
  }
  if (entries.some((entry) => entry.name === HISTORY_FILE && !entry.isDirectory())) {
    return [{ path: path.join(folder, HISTORY_FILE), found: true }];
  }
  const files: NamedFile[] = [];
  for (const entry of entries.sort((a, b) => byName(a.name, b.name))) {
    if (entry.name.startsWith('.')) continue;
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      if (depth < DEPTH_MAX) files.push(...(await filesIn(file, depth + 1)));
    } else if (await isReadableFile(file)) files.push({ path: file, found: true });
    if (files.length > FILES_MAX) {
      throw new UserError(EXIT.invalidInput, {
        file: folder,
        message: `the folder holds more than ${FILES_MAX} files`,
        hint: 'name a folder that holds only logs, or a pattern',
      });
    }
  }
  return files;
}

async function isReadableFile(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

/** By code units, so that the order does not depend on where it runs. */
export function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
