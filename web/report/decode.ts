/** Unpacks what the page carries: base64, inflated, cut into tables and columns. */
import { COLUMN_CODES, COLUMN_NAMES, type Columns } from '../../src/page/columns.ts';
import type { PageRun, PageTables } from '../../src/page/page-data.ts';

/** A run's sessions in the browser; times in milliseconds since the start of the run. */
export interface RunModel {
  readonly index: number;
  readonly run: PageRun;
  readonly rows: number;
  readonly columns: Columns;
  readonly tables: PageTables;
  readonly startMs: Float64Array;
  /** Where no end was recorded, the end of the page's axis. */
  readonly endMs: Float64Array;
  readonly abandonedMs: Float64Array;
}

interface Header {
  readonly rows: number;
  readonly tickMs: number;
  readonly tables: PageTables;
}

export async function unpack(
  base64: string,
  run: PageRun,
  index: number,
  axisEndMs: number,
): Promise<RunModel> {
  const bytes = await inflate(bytesOf(base64));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = view.getInt32(0, true);
  const header: Header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const { rows, tickMs, tables } = header;
  const start = 4 + Math.ceil(length / 4) * 4;
  const columns = Object.fromEntries(
    COLUMN_NAMES.map((name, place) => {
      const column = new Int32Array(
        bytes.buffer,
        bytes.byteOffset + start + place * rows * 4,
        rows,
      );
      if (COLUMN_CODES[name] === 'delta') undelta(column);
      return [name, column];
    }),
  ) as Columns;
  const startMs = Float64Array.from(columns.start, (ticks) => ticks * tickMs);
  const endMs = Float64Array.from(columns.length, (ticks, row) =>
    ticks < 0 ? axisEndMs : (startMs[row] ?? 0) + ticks * tickMs,
  );
  const abandonedMs = Float64Array.from(columns.abandoned, (ticks, row) =>
    ticks < 0 ? Number.NaN : (startMs[row] ?? 0) + ticks * tickMs,
  );
  return { index, run, rows, columns, tables, startMs, endMs, abandonedMs };
}

function undelta(column: Int32Array): void {
  let value = 0;
  for (let row = 0; row < column.length; row++) {
    value = (value + (column[row] ?? 0)) | 0;
    column[row] = value;
  }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let place = 0; place < binary.length; place++) bytes[place] = binary.charCodeAt(place);
  return bytes;
}

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
