/**
 * The columnar store: events of one or more histories in DuckDB, queried by the audit. It lives in
 * memory up to a limit and spills to a temporary folder of its own, which is removed on closing.
 * Text from histories reaches SQL only as appended values and parameters, never as SQL.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { assert } from '../core/assert.ts';
import { STORE_MEMORY_MB } from '../core/limits.ts';
import type { ConnectionEvent, ObservedEvent } from './event.ts';
import { EventAppender } from './event-appender.ts';

/** A value of a row: SQL NULL is null, integers are numbers, lists are arrays. */
export type SqlValue = string | number | boolean | null | readonly SqlValue[];

export type SqlParameters = Readonly<Record<string, string | number | boolean>>;

/** Rows of a query; the caller names their shape, which its SQL must produce. */
export type Query = <Row>(sql: string, parameters?: SqlParameters) => Promise<readonly Row[]>;

/** Whatever histories can be read into. */
export interface EventTaker {
  /** Adds events under a number that tells recordings apart. */
  append(run: number, events: readonly ConnectionEvent[]): void;
  /** As {@link append}, for events that are numbered on from `first`. */
  appendFrom(run: number, first: number, events: readonly ObservedEvent[]): void;
}

export interface HistoryStore extends EventTaker {
  readonly query: Query;
  /** Whether statements may read a file, because the store was opened for it. */
  mayRead(file: string): boolean;
  /** Frees memory and removes temporary files; safe to call twice. */
  close(): Promise<void>;
}

export interface HistoryStoreOptions {
  /** Above it the store spills to disk; {@link STORE_MEMORY_MB} by default. */
  readonly memoryMb?: number;
  /** How many threads DuckDB works with; all cores by default. */
  readonly threads?: number;
  /** Folders with Parquet files that its statements may read and write; none by default. */
  readonly folders?: readonly string[];
  /** Files that its statements may read besides; none by default. */
  readonly files?: readonly string[];
}

const EVENTS_TABLE = `
CREATE TABLE events (
  run INTEGER, event BIGINT, kind VARCHAR, vantage VARCHAR, at_ms BIGINT,
  session_id VARCHAR, client_id VARCHAR, principal VARCHAR, principal_kind VARCHAR,
  certificate_id VARCHAR, ip VARCHAR, port INTEGER, keep_alive_seconds INTEGER,
  reason VARCHAR, abandoned_at BIGINT, inferred VARCHAR
)`;

/** Opens an empty store with the `events` table; `raw` text stays in the files. */
export async function openHistoryStore(options: HistoryStoreOptions = {}): Promise<HistoryStore> {
  const duckdb = await import('@duckdb/node-api');
  // DuckDB makes the folder when it first spills, so that a killed process rarely leaves one.
  const folder = path.join(tmpdir(), `doppelfleet-${randomBytes(8).toString('hex')}`);
  const instance = await duckdb.DuckDBInstance.create(':memory:', {
    memory_limit: `${options.memoryMb ?? STORE_MEMORY_MB}MB`,
    temp_directory: folder,
    ...(options.threads === undefined ? {} : { threads: String(options.threads) }),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    preserve_insertion_order: 'false',
  });
  const connection = await instance.connect();
  await connection.run(EVENTS_TABLE);
  // Written as SQL, because DuckDB takes no parameters here; folders first, as access then closes.
  const list = (names: readonly string[] = []): string =>
    `[${names.map((name) => sqlText(path.resolve(name))).join(', ')}]`;
  await connection.run(`SET allowed_directories = ${list(options.folders)}`);
  await connection.run(`SET allowed_paths = ${list(options.files)}`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
  const appender = new EventAppender(duckdb, await connection.createAppender('events'));
  const files = new Set((options.files ?? []).map((file) => path.resolve(file)));
  return new DuckDBStore(instance, connection, appender, { folder, files });
}

class DuckDBStore implements HistoryStore {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #appender: EventAppender;
  readonly #folder: string;
  readonly #files: ReadonlySet<string>;
  #open = true;

  constructor(
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    appender: EventAppender,
    { folder, files }: { readonly folder: string; readonly files: ReadonlySet<string> },
  ) {
    this.#instance = instance;
    this.#connection = connection;
    this.#appender = appender;
    this.#folder = folder;
    this.#files = files;
  }

  append(run: number, events: readonly ConnectionEvent[]): void {
    this.#appender.append(run, events);
  }

  appendFrom(run: number, first: number, events: readonly ObservedEvent[]): void {
    this.#appender.appendFrom(run, first, events);
  }

  readonly query: Query = async <Row>(sql: string, parameters: SqlParameters = {}) => {
    this.#appender.flush();
    const result = await this.#connection.run(sql, { ...parameters });
    const names = result.columnNames();
    const rows: Row[] = [];
    for (const values of await result.getRowsJS()) {
      rows.push(Object.fromEntries(names.map((name, i) => [name, plain(values[i])])) as Row);
    }
    return rows;
  };

  mayRead(file: string): boolean {
    return this.#files.has(path.resolve(file));
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#appender.close();
    this.#connection.closeSync();
    this.#instance.closeSync();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Text as an SQL literal, for the few statements of DuckDB that take no parameters. */
export function sqlText(text: string): string {
  assert(!text.includes('\0'), 'SQL text with a NUL');
  return `'${text.replaceAll("'", "''")}'`;
}

/** DuckDB gives 64-bit integers as bigint; all of ours are exact as numbers. */
function plain(value: unknown): SqlValue {
  if (typeof value === 'bigint') {
    const number = Number(value);
    assert(Number.isSafeInteger(number), 'a query returned an integer beyond 2^53');
    return number;
  }
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || value === undefined) return null;
  const type = typeof value;
  assert(type === 'string' || type === 'number' || type === 'boolean', `unexpected SQL ${type}`);
  return value as SqlValue;
}
