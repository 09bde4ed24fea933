/**
 * Writes the sessions relation of a store as Parquet files, one or more for each day and length of
 * stay, and says what is in each. Numbers are shifted, so that those of a dataset run on.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { assert } from '../../core/assert.ts';
import { fileError } from '../../core/errors.ts';
import { type HistoryStore, type Query, sqlText } from '../store.ts';
import { BUSY_DAYS, type DatasetFile, PARTITION_COLUMNS, partitionsOf } from './layout.ts';
import { EMPTY_NAME } from './manifest.ts';

export interface SessionsToWrite {
  /** A folder that the store may use. */
  readonly folder: string;
  /** Columns of `sessions` that are not stored. */
  readonly without: readonly string[];
  /** What is added to recordings' numbers, sessions' numbers and event numbers. */
  readonly shift: { readonly run: number; readonly id: number; readonly event: number };
}

export interface WrittenSessions {
  readonly columns: readonly string[];
  readonly files: readonly DatasetFile[];
}

export async function writeSessions(
  store: HistoryStore,
  { folder, without, shift }: SessionsToWrite,
): Promise<WrittenSessions> {
  const { query } = store;
  const columns = await storedColumns(query, without);
  const list = columns.map((column) => shifted(column, shift)).join(', ');
  await mkdir(path.join(folder, 'sessions'), { recursive: true });
  await query(BUSY_DAYS);
  const busy = await query<{ day: number }>('SELECT day FROM busy_days ORDER BY day');
  for (const condition of partitionsOf(busy.map((row) => row.day))) {
    await query(
      `COPY (SELECT ${list}, ${PARTITION_COLUMNS} FROM sessions WHERE ${condition})
       TO ${sqlText(path.join(folder, 'sessions'))} (FORMAT parquet, COMPRESSION zstd,
         PARTITION_BY (day, nights), FILENAME_PATTERN 'run-${whole(shift.run)}-{i}',
         OVERWRITE_OR_IGNORE)`,
    );
  }
  await query(
    `COPY (SELECT ${list} FROM sessions WHERE false)
     TO ${sqlText(path.join(folder, EMPTY_NAME))} (FORMAT parquet)`,
  );
  return { columns, files: await describeFiles(query, folder) };
}

async function storedColumns(query: Query, without: readonly string[]): Promise<readonly string[]> {
  const rows = await query<{ column_name: string }>('DESCRIBE sessions');
  return rows.map((row) => row.column_name).filter((column) => !without.includes(column));
}

function shifted(column: string, { run, id, event }: SessionsToWrite['shift']): string {
  if (column === 'run') return `(run + ${whole(run)})::INTEGER AS run`;
  if (column === 'id' || column === 'next_id') return `${column} + ${whole(id)} AS ${column}`;
  return column.endsWith('_event') ? `${column} + ${whole(event)} AS ${column}` : column;
}

function whole(number: number): string {
  assert(Number.isSafeInteger(number) && number >= 0, 'a shift is no whole number');
  return String(number);
}

interface FileRow {
  readonly file: string;
  readonly rows: number;
  readonly starts_from: number;
  readonly starts_to: number;
  readonly ends_to: number;
}

/** Reads back two columns of what was written: a file that can't be read is found out here. */
async function describeFiles(query: Query, folder: string): Promise<readonly DatasetFile[]> {
  const [written] = await query<{ sessions: number }>('SELECT count(*) AS sessions FROM sessions');
  if (written === undefined || written.sessions === 0) return [];
  const rows = await query<FileRow>(
    `SELECT filename AS file, count(*) AS rows, min(starts_at) AS starts_from,
       max(starts_at) AS starts_to, max(ended_at) AS ends_to
     FROM read_parquet(${sqlText(path.join(folder, 'sessions', '**', '*.parquet'))},
       filename = true, hive_partitioning = false)
     GROUP BY filename ORDER BY filename`,
  );
  const total = rows.reduce((sum, row) => sum + row.rows, 0);
  assert(total === written.sessions, `${written.sessions} sessions became ${total} rows`);
  const files: DatasetFile[] = [];
  for (const row of rows) {
    files.push({
      path: path.relative(folder, row.file).split(path.sep).join('/'),
      rows: row.rows,
      bytes: (await stat(row.file)).size,
      sha256: await sha256Of(row.file),
      startsFrom: row.starts_from,
      startsTo: row.starts_to,
      endsTo: row.ends_to,
    });
  }
  return files;
}

/** The digest of a file's bytes, hex. */
export async function sha256Of(file: string): Promise<string> {
  const digest = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file)) digest.update(chunk as Buffer);
  } catch (error) {
    throw fileError(error, 'read', file);
  }
  return digest.digest('hex');
}
