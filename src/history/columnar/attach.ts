/**
 * Makes a dataset's sessions queryable: a view over the Parquet files that a window needs, and no
 * others. Files are named one by one as the manifest has them, checked to be what it says and to lie
 * inside the folder; the store can read nothing else.
 */
import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, type Problem, systemCode, UserError } from '../../core/errors.ts';
import type { TimeWindow } from '../../core/time.ts';
import { type HistoryStore, sqlText } from '../store.ts';
import { type DatasetFile, filesFor } from './layout.ts';
import { type Dataset, EMPTY_NAME } from './manifest.ts';

/** The view over what is stored; columns that depend on options are for the caller to add. */
export const STORED_SESSIONS = 'stored_sessions';

/**
 * Creates the table `runs` and the view {@link STORED_SESSIONS} with every session that touches
 * `window` (and others); gives the files that it reads. The store must have been opened for the
 * dataset's folder. Throws a {@link UserError} (65) for files that are missing or changed.
 */
export async function attachDataset(
  store: HistoryStore,
  dataset: Dataset,
  window: TimeWindow | undefined,
): Promise<readonly DatasetFile[]> {
  const { folder, manifest } = dataset;
  const files = filesFor(manifest.files, window);
  await checkFiles(folder, files);
  const { query } = store;
  await query(
    `CREATE TABLE runs (run INTEGER, has_broker BOOLEAN, from_ms BIGINT, to_ms BIGINT,
       event_offset BIGINT)`,
  );
  for (const { run, hasBroker, from, to, eventOffset } of manifest.recordings) {
    await query(
      `INSERT INTO runs SELECT $run::INTEGER, $hasBroker::BOOLEAN, $from::BIGINT, $to::BIGINT,
         $eventOffset::BIGINT`,
      { run, hasBroker, from, to, eventOffset },
    );
  }
  await query(`CREATE VIEW ${STORED_SESSIONS} AS SELECT * FROM ${parquetFiles(folder, files)}`);
  return files;
}

/** SQL of the relation that the files hold; without files it has their columns and no rows. */
export function parquetFiles(folder: string, files: readonly DatasetFile[]): string {
  const names = files.length > 0 ? files.map((file) => file.path) : [EMPTY_NAME];
  const list = names.map((name) => sqlText(path.resolve(folder, ...name.split('/'))));
  return `read_parquet([${list.join(', ')}], hive_partitioning = false)`;
}

/** Throws a {@link UserError} (65) with the files that are missing or not as the manifest says. */
export async function checkFiles(folder: string, files: readonly DatasetFile[]): Promise<void> {
  const problems: Problem[] = [];
  for (const { path: name, bytes } of files) {
    const problem = await fileProblem(folder, name, bytes);
    if (problem !== undefined) problems.push(problem);
  }
  if (problems.length > 0) throw new UserError(EXIT.invalidInput, problems.slice(0, PROBLEMS_MAX));
}

const PROBLEMS_MAX = 10;

async function fileProblem(
  folder: string,
  name: string,
  bytes: number,
): Promise<Problem | undefined> {
  const file = path.join(folder, ...name.split('/'));
  const hint = 'restore the file, or convert the histories again into a new folder';
  try {
    const found = await lstat(file);
    const inside = path.relative(await realpath(folder), await realpath(file));
    if (!found.isFile() || inside !== path.join(...name.split('/'))) {
      return { file, message: 'it is no plain file inside the dataset', hint };
    }
    if (found.size === bytes) return undefined;
    return { file, message: `it has ${found.size} bytes, the manifest says ${bytes}`, hint };
  } catch (error) {
    const why = systemCode(error) === 'ENOENT' ? 'it is missing' : 'it cannot be read';
    return { file, message: `${why}, though the manifest names it`, hint };
  }
}
