/**
 * JSON objects, one a line, under any keys; which key is which is asked for or goes by common names.
 * A dot leads into an object: `clientId=payload.client.id`.
 */
import { type ColumnMapping, mapColumns, mappingProblem, tableProblem } from './columns.ts';
import { asObject, type JsonObject, parseObject } from './fields.ts';
import type { EvidenceSink, FormatOptions, FormatReader, TextFormat } from './format.ts';
import { RowReader } from './rows.ts';

export const ndjson: TextFormat = {
  id: 'ndjson',
  title: 'JSON lines with a key mapping',
  broker: 'ndjson',
  lacks: {
    certificateId: 'no key is the certificate ID',
    principal: 'no key is the user',
    reason: 'no key is the reason of a close',
    ip: 'no key is the address',
    port: 'no key is the port',
    keepAliveSeconds: 'no key is the keep-alive',
  },
  recognises: (beginning, { columns }) => {
    const first = parseObject(beginning.trimStart().split('\n', 1)[0] ?? '');
    if (first === undefined || 'doppelfleet' in first) return 0;
    return mappingProblem(mapColumns(Object.keys(first), columns)) === undefined ? 0.5 : 0;
  },
  container: 'records',
  refuses: (beginning, { columns }) => {
    const first = parseObject(beginning.trimStart().split('\n', 1)[0] ?? '');
    return first === undefined ? undefined : tableProblem(Object.keys(first), columns, 'key');
  },
  open: (options, sink) => new NdjsonReader(options, sink),
};

class NdjsonReader implements FormatReader {
  readonly #sink: EvidenceSink;
  readonly #asked: FormatOptions['columns'];
  readonly #rows: RowReader;
  /** By the keys of an object, because objects may differ. */
  readonly #mappings = new Map<string, ColumnMapping>();

  constructor(options: FormatOptions, sink: EvidenceSink) {
    this.#sink = sink;
    this.#asked = options.columns;
    this.#rows = new RowReader(options, 'ndjson', sink);
  }

  read(text: string): void {
    const record = parseObject(text);
    if (record === undefined) {
      this.#sink.unread('not a JSON object');
      return;
    }
    const mapping = this.#mappingOf(record);
    const problem = mappingProblem(mapping);
    if (problem !== undefined) {
      this.#sink.unread(problem.replaceAll('column', 'key'));
      return;
    }
    this.#rows.row(mapping, (field) => valueAt(record, mapping.columns[field]));
  }

  end(): void {
    this.#rows.end();
  }

  #mappingOf(record: JsonObject): ColumnMapping {
    const keys = Object.keys(record);
    const shape = keys.join('\n');
    const known = this.#mappings.get(shape);
    if (known !== undefined) return known;
    const mapping = mapColumns(keys, this.#asked);
    // Objects of a thousand shapes are no table: their mappings are not worth keeping.
    if (this.#mappings.size < 1_000) this.#mappings.set(shape, mapping);
    return mapping;
  }
}

function valueAt(record: JsonObject, path: string | undefined): unknown {
  if (path === undefined) return undefined;
  if (Object.hasOwn(record, path)) return record[path];
  let value: unknown = record;
  for (const key of path.split('.')) {
    const inner = asObject(value);
    if (inner === undefined || !Object.hasOwn(inner, key)) return undefined;
    value = inner[key];
  }
  return value;
}
