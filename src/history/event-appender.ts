/**
 * Appends events to DuckDB in chunks of columns, which costs about half of appending row by row.
 * Words that repeat (kind, reason, …) go as numbers of an enumeration and whole numbers as doubles
 * (exact up to 2^53); DuckDB casts both to the table's types.
 */
import type { DuckDBAppender, DuckDBDataChunk, DuckDBType, ENUM } from '@duckdb/node-api';
import { CLOSE_REASONS, type ConnectionEvent, type ObservedEvent } from './event.ts';
import { plainAddress } from './plain-address.ts';

/** Rows of a chunk: DuckDB's own vector size. */
const CHUNK_ROWS = 2_048;

type Cell = string | number | null;

interface Column {
  readonly type: (duckdb: DuckDBModule) => DuckDBType;
  readonly value: (event: ObservedEvent, run: number, number: number) => Cell;
}

/** The parts of the DuckDB module that are needed, given so that it is loaded in one place. */
export interface DuckDBModule {
  readonly DuckDBDataChunk: typeof DuckDBDataChunk;
  readonly ENUM: typeof ENUM;
  readonly VARCHAR: DuckDBType;
  readonly INTEGER: DuckDBType;
  readonly DOUBLE: DuckDBType;
  readonly SQLNULL: DuckDBType;
}

const text = ({ VARCHAR }: DuckDBModule) => VARCHAR;
const integer = ({ INTEGER }: DuckDBModule) => INTEGER;
const whole = ({ DOUBLE }: DuckDBModule) => DOUBLE;
const oneOf =
  (words: readonly string[]) =>
  ({ ENUM: enumeration }: DuckDBModule) =>
    enumeration(words);

/** In the order of the table's columns. */
const COLUMNS: readonly Column[] = [
  { type: integer, value: (_event, run) => run },
  { type: whole, value: (_event, _run, number) => number },
  { type: oneOf(['connected', 'connect-failed', 'closed']), value: ({ kind }) => kind },
  { type: oneOf(['broker', 'device']), value: ({ vantage }) => vantage },
  { type: whole, value: ({ at }) => at },
  { type: text, value: ({ sessionId }) => sessionId },
  { type: text, value: ({ clientId }) => clientId },
  { type: text, value: ({ principal }) => principal?.value ?? null },
  {
    type: oneOf(['certificate-id', 'common-name', 'distinguished-name', 'username']),
    value: ({ principal }) => principal?.kind ?? null,
  },
  { type: text, value: certificateOf },
  { type: text, value: ({ ip }) => (ip === undefined ? null : plainAddress(ip)) },
  { type: integer, value: ({ port }) => port ?? null },
  { type: integer, value: ({ keepAliveSeconds }) => keepAliveSeconds ?? null },
  { type: oneOf(CLOSE_REASONS), value: ({ reason }) => reason ?? null },
  { type: whole, value: ({ abandonedAt }) => abandonedAt ?? null },
  { type: text, value: ({ inferred }) => inferred?.join(',') ?? null },
];

export class EventAppender {
  readonly #duckdb: DuckDBModule;
  readonly #appender: DuckDBAppender;
  readonly #types: readonly DuckDBType[];
  /** By column; filled anew for every chunk, so that events need not be kept. */
  readonly #cells: readonly Cell[][];
  /** Whether a column has had a value other than NULL in this chunk. */
  readonly #filled: boolean[];
  #rows = 0;
  #unflushed = false;

  constructor(duckdb: DuckDBModule, appender: DuckDBAppender) {
    this.#duckdb = duckdb;
    this.#appender = appender;
    this.#types = COLUMNS.map((column) => column.type(duckdb));
    this.#cells = COLUMNS.map(() => new Array<Cell>(CHUNK_ROWS).fill(null));
    this.#filled = COLUMNS.map(() => false);
  }

  append(run: number, events: readonly ConnectionEvent[]): void {
    for (const event of events) this.#add(run, event.event, event);
  }

  /** As {@link append}, for events that are numbered on from `first`. */
  appendFrom(run: number, first: number, events: readonly ObservedEvent[]): void {
    let number = first;
    for (const event of events) {
      this.#add(run, number, event);
      number += 1;
    }
  }

  #add(run: number, number: number, event: ObservedEvent): void {
    const row = this.#rows;
    for (let place = 0; place < COLUMNS.length; place += 1) {
      const cell = COLUMNS[place]?.value(event, run, number) ?? null;
      const column = this.#cells[place];
      if (column !== undefined) column[row] = cell;
      if (cell !== null) this.#filled[place] = true;
    }
    this.#rows = row + 1;
    if (this.#rows === CHUNK_ROWS) this.#hand();
  }

  /** Makes everything appended so far visible to queries. */
  flush(): void {
    if (this.#rows > 0) this.#hand();
    if (this.#unflushed) this.#appender.flushSync();
    this.#unflushed = false;
  }

  close(): void {
    this.#appender.closeSync();
  }

  #hand(): void {
    const rows = this.#rows;
    // A column without any value costs nothing as one that can have none.
    const types = this.#types.map((type, i) =>
      this.#filled[i] === true ? type : this.#duckdb.SQLNULL,
    );
    const chunk = this.#duckdb.DuckDBDataChunk.create(types, rows);
    for (const [place, cells] of this.#cells.entries()) {
      if (this.#filled[place] !== true) continue;
      chunk.setColumnValues(place, rows === CHUNK_ROWS ? cells : cells.slice(0, rows));
      this.#filled[place] = false;
    }
    this.#appender.appendDataChunk(chunk);
    this.#rows = 0;
    this.#unflushed = true;
  }
}

function certificateOf({ certificateId, principal }: ObservedEvent): Cell {
  return certificateId ?? (principal?.kind === 'certificate-id' ? principal.value : null);
}
