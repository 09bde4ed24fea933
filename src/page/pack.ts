/**
 * Sessions as one block of base64: the tables as JSON, then the columns, deflated together. The
 * layout is `length of the JSON, JSON, padding to 4 bytes, columns in the order of their names`,
 * numbers of 32 bits in little-endian order.
 */
import { deflateRawSync } from 'node:zlib';
import { COLUMN_CODES, COLUMN_NAMES, type ColumnName } from './columns.ts';
import type { PageTables } from './page-data.ts';
import type { SessionRow } from './run-sessions.ts';

/** The JSON before the columns. */
export interface PackHeader {
  readonly rows: number;
  /** Milliseconds of one tick: 1 unless a run is longer than days. */
  readonly tickMs: number;
  readonly tables: PageTables;
}

export interface PackOptions {
  readonly startedAt: number;
  readonly tickMs: number;
  readonly tables: PageTables;
}

/** The unit of time in which a span fits a column. */
export function tickFor(spanMs: number): number {
  return Math.max(1, Math.ceil(spanMs / 2 ** 30));
}

export function packSessions(rows: readonly SessionRow[], options: PackOptions): string {
  const { tickMs, tables } = options;
  const header: PackHeader = { rows: rows.length, tickMs, tables };
  const json = Buffer.from(JSON.stringify(header));
  const start = 4 + Math.ceil(json.length / 4) * 4;
  const bytes = Buffer.alloc(start + COLUMN_NAMES.length * rows.length * 4);
  bytes.writeInt32LE(json.length, 0);
  json.copy(bytes, 4);
  COLUMN_NAMES.forEach((name, column) => {
    let offset = start + column * rows.length * 4;
    let before = 0;
    for (const row of rows) {
      const value = cellOf(row, name, options);
      const isDelta = COLUMN_CODES[name] === 'delta';
      bytes.writeInt32LE((isDelta ? value - before : value) | 0, offset);
      before = value;
      offset += 4;
    }
  });
  return deflateRawSync(bytes, { level: 6 }).toString('base64');
}

function cellOf(row: SessionRow, name: ColumnName, options: PackOptions): number {
  const ticks = (fromMs: number, toMs: number): number =>
    Number.isNaN(toMs) ? -1 : Math.round((toMs - fromMs) / options.tickMs);
  switch (name) {
    case 'start':
      return ticks(options.startedAt, row.startAt);
    case 'length':
      return ticks(row.startAt, row.endAt);
    case 'abandoned':
      return ticks(row.startAt, row.abandonedAt);
    default:
      return row[name];
  }
}
