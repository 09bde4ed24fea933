/**
 * The columnar store: events of one or more histories in DuckDB, queried by the audit. It lives in
 * memory up to a limit and spills to a temporary folder of its own, which is removed on closing.
 * Text from histories reaches SQL only as appended values and parameters, never as SQL.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DuckDBAppender, DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { assert } from '../core/assert.ts';
import { STORE_MEMORY_MB } from '../core/limits.ts';
import type { ConnectionEvent } from './event.ts';

/** A value of a row: SQL NULL is null, integers are numbers, lists are arrays. */
export type SqlValue = string | number | boolean | null | readonly SqlValue[];

export type SqlParameters = Readonly<Record<string, string | number | boolean>>;

/** Rows of a query; the caller names their shape, which its SQL must produce. */
export type Query = <Row>(sql: string, parameters?: SqlParameters) => Promise<readonly Row[]>;

export interface HistoryStore {
  /** Adds events under a number that tells recordings apart. */
  append(run: number, events: readonly ConnectionEvent[]): void;
  readonly query: Query;
  /** Frees memory and removes temporary files; safe to call twice. */
  close(): Promise<void>;
}

export interface HistoryStoreOptions {
  /** Above it the store spills to disk; {@link STORE_MEMORY_MB} by default. */
  readonly memoryMb?: number;
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
  const { DuckDBInstance } = await import('@duckdb/node-api');
  // DuckDB makes the folder when it first spills, so that a killed process rarely leaves one.
  const folder = path.join(tmpdir(), `doppelfleet-${randomBytes(8).toString('hex')}`);
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${options.memoryMb ?? STORE_MEMORY_MB}MB`,
    temp_directory: folder,
    enable_external_access: 'false',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    preserve_insertion_order: 'false',
  });
  const connection = await instance.connect();
  await connection.run(EVENTS_TABLE);
  await connection.run('SET lock_configuration = true');
  return new DuckDBStore(instance, connection, await connection.createAppender('events'), folder);
}

class DuckDBStore implements HistoryStore {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #appender: DuckDBAppender;
  readonly #folder: string;
  #unflushed = false;
  #open = true;

  constructor(
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    appender: DuckDBAppender,
    folder: string,
  ) {
    this.#instance = instance;
    this.#connection = connection;
    this.#appender = appender;
    this.#folder = folder;
  }

  append(run: number, events: readonly ConnectionEvent[]): void {
    for (const event of events) appendEvent(this.#appender, run, event);
    this.#unflushed ||= events.length > 0;
  }

  readonly query: Query = async <Row>(sql: string, parameters: SqlParameters = {}) => {
    if (this.#unflushed) this.#appender.flushSync();
    this.#unflushed = false;
    const result = await this.#connection.run(sql, { ...parameters });
    const names = result.columnNames();
    const rows: Row[] = [];
    for (const values of await result.getRowsJS()) {
      rows.push(Object.fromEntries(names.map((name, i) => [name, plain(values[i])])) as Row);
    }
    return rows;
  };

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#appender.closeSync();
    this.#connection.closeSync();
    this.#instance.closeSync();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function appendEvent(row: DuckDBAppender, run: number, event: ConnectionEvent): void {
  const { principal } = event;
  const named = principal?.kind === 'certificate-id' ? principal.value : undefined;
  row.appendInteger(run);
  row.appendBigInt(BigInt(event.event));
  row.appendVarchar(event.kind);
  row.appendVarchar(event.vantage);
  row.appendBigInt(BigInt(event.at));
  row.appendVarchar(event.sessionId);
  row.appendVarchar(event.clientId);
  text(row, principal?.value);
  text(row, principal?.kind);
  text(row, event.certificateId ?? named);
  text(row, event.ip === undefined ? undefined : plainAddress(event.ip));
  integer(row, event.port);
  integer(row, event.keepAliveSeconds);
  text(row, event.reason);
  if (event.abandonedAt === undefined) row.appendNull();
  else row.appendBigInt(BigInt(event.abandonedAt));
  text(row, event.inferred?.join(','));
  row.endRow();
}

function text(row: DuckDBAppender, value: string | undefined): void {
  if (value === undefined) row.appendNull();
  else row.appendVarchar(value);
}

function integer(row: DuckDBAppender, value: number | undefined): void {
  if (value === undefined) row.appendNull();
  else row.appendInteger(value);
}

/** A dual-stack socket shows `::ffff:127.0.0.1` where another shows `127.0.0.1`. */
function plainAddress(ip: string): string {
  return ip.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
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
