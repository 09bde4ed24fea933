/** Tables as CSV with a header line; which column is which is asked for or goes by common names. */
import { type ColumnMapping, mapColumns, mappingProblem, tableProblem } from './columns.ts';
import { CsvRows, separatorOf, splitRow } from './csv-rows.ts';
import type { EvidenceSink, FormatOptions, FormatReader, TextFormat } from './format.ts';
import { RowReader } from './rows.ts';

export const csv: TextFormat = {
  id: 'csv',
  title: 'CSV with a column mapping',
  broker: 'csv',
  lacks: {
    certificateId: 'no column is the certificate ID',
    principal: 'no column is the user',
    reason: 'no column is the reason of a close',
    ip: 'no column is the address',
    port: 'no column is the port',
    keepAliveSeconds: 'no column is the keep-alive',
  },
  recognises: (beginning, { columns }) => {
    const header = headerCells(beginning.split('\n', 1)[0] ?? '');
    if (header === undefined || header.length < 2) return 0;
    return mappingProblem(mapColumns(header, columns)) === undefined ? 0.9 : 0;
  },
  refuses: (beginning, { columns }) => {
    const header = headerCells(beginning.split('\n', 1)[0] ?? '');
    return header === undefined ? 'no header line' : tableProblem(header, columns, 'column');
  },
  open: (options, sink) => new CsvReader(options, sink),
};

class CsvReader implements FormatReader {
  readonly #sink: EvidenceSink;
  readonly #asked: FormatOptions['columns'];
  readonly #rows: RowReader;
  #table: CsvRows | undefined;

  constructor(options: FormatOptions, sink: EvidenceSink) {
    this.#sink = sink;
    this.#asked = options.columns;
    this.#rows = new RowReader(options, 'csv', sink);
  }

  read(text: string): void {
    if (this.#table !== undefined) {
      if (text !== '') this.#table.line(text);
      return;
    }
    const header = headerCells(text);
    const mapping = header === undefined ? undefined : mapColumns(header, this.#asked);
    const problem = mapping === undefined ? 'no header line' : mappingProblem(mapping);
    if (header === undefined || mapping === undefined || problem !== undefined) {
      this.#sink.unread(`the header line names no table of connections: ${problem}`);
      return;
    }
    this.#table = this.#open(text, header, mapping);
  }

  end(): void {
    this.#table?.end();
    this.#rows.end();
  }

  #open(text: string, header: readonly string[], mapping: ColumnMapping): CsvRows {
    const places = new Map<string, number>();
    for (const [field, name] of Object.entries(mapping.columns)) {
      places.set(field, header.indexOf(name));
    }
    return new CsvRows(separatorOf(text), {
      row: (cells) => {
        // The header again, where parts were joined.
        if (cells.length === header.length && cells.every((cell, i) => cell.trim() === header[i])) {
          return;
        }
        if (cells.length !== header.length) {
          return this.#sink.unread(`${cells.length} cells where the header has ${header.length}`);
        }
        this.#rows.row(mapping, (field) => cells[places.get(field) ?? -1]);
      },
      broken: (message) => this.#sink.unread(message),
    });
  }
}

function headerCells(line: string): readonly string[] | undefined {
  const text = line.replace(/\r$/, '');
  const cells = splitRow(text, separatorOf(text));
  return Array.isArray(cells) ? cells.map((cell) => cell.trim()) : undefined;
}
