/**
 * Reads a history of ours into a store several times as fast as line by line: DuckDB parses the file
 * while every line is held against the one form that our writer gives it. If all lines have that
 * form, or are none that anybody could read, and DuckDB took as many, its rows stand. Otherwise they
 * are removed and the careful reader reads the file, so that what is read, what is not, and why,
 * never depends on the way.
 */
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { fileError } from '../../core/errors.ts';
import { BULK_FILE_BYTES_MIN } from '../../core/limits.ts';
import type { HistoryHeader } from '../event.ts';
import type { Line } from '../lines.ts';
import { type HistoryReading, Reading } from '../reader.ts';
import type { HistoryStore } from '../store.ts';
import { numberedEventProblem } from '../validate-event.ts';
import { bulkInsert } from './bulk-insert.ts';
import { CANONICAL_LENGTH_MAX, canonicalLine } from './canonical-line.ts';

const CHUNK_BYTES = 1024 * 1024;
/** So many lines of another form are too many to be damage: then the file is of another make. */
const IRREGULAR_MAX = 10_000;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Whether {@link readInBulk} can and should read a file; small ones are not worth setting out. */
export async function isForBulk(
  store: HistoryStore,
  file: string,
  bytesMin: number = BULK_FILE_BYTES_MIN,
): Promise<boolean> {
  // DuckDB would take such a name for a pattern.
  if (!store.mayRead(file) || /[*?[\]{}]/.test(path.resolve(file))) return false;
  try {
    const handle = await open(file);
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(1), 0, 1, 0);
      const { size } = await handle.stat();
      return bytesRead === 1 && buffer[0] === 0x7b && size >= bytesMin;
    } finally {
      await handle.close();
    }
  } catch {
    return false;
  }
}

/**
 * Streams `file` into the store's `events`; undefined if it takes the careful reader, with nothing
 * left in the store. Throws as `readHistory` does.
 */
export async function readInBulk(
  store: HistoryStore,
  file: string,
  runOf: (header: HistoryHeader) => number,
): Promise<HistoryReading | undefined> {
  const [before] = await store.query<{ rows: number }>(
    'SELECT coalesce(max(rowid) + 1, 0) AS rows FROM events',
  );
  let inserting: Promise<unknown> | undefined;
  const scan = new Scan(file, (header) => {
    const parameters = { run: runOf(header) };
    inserting = store.query(bulkInsert(path.resolve(file)), parameters);
    // Awaited below; until then a failure is nobody's.
    inserting.catch(() => {});
  });
  try {
    const stream = createReadStream(file, { highWaterMark: CHUNK_BYTES });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      scan.take(chunk);
      if (scan.isIrregular) break;
    }
    scan.end();
  } catch (error) {
    await inserting?.catch(() => {});
    throw fileError(error, 'read', file);
  }
  const taken = await inserting?.then(
    () => true,
    () => false,
  );
  const added = 'FROM events WHERE rowid >= $before::BIGINT';
  const place = { before: before?.rows ?? 0 };
  const [after] = await store.query<{ rows: number }>(`SELECT count(*) AS rows ${added}`, place);
  if (taken === true && !scan.isIrregular && after?.rows === scan.regular) return scan.result();
  await store.query(`DELETE ${added}`, place);
  return undefined;
}

/** Holds a file's lines against the form of our writer. */
class Scan {
  /** Lines of that form. */
  regular = 0;
  /** There are events in another form, or very many lines in none. */
  isIrregular = false;
  readonly #pattern = canonicalLine();
  readonly #reading: Reading;
  #irregular = 0;
  #line = 1;
  #carry: Buffer = Buffer.alloc(0);

  constructor(file: string, onHeader: (header: HistoryHeader) => void) {
    this.#reading = new Reading(file, {
      header: onHeader,
      events: () => {
        this.isIrregular = true;
      },
    });
  }

  take(chunk: Buffer): void {
    const end = chunk.lastIndexOf(LINE_FEED) + 1;
    if (end === 0) {
      this.#carry = Buffer.concat([this.#carry, chunk]);
      // A line this long is rare enough to leave the file to the careful reader.
      this.isIrregular ||= this.#carry.length > 2 * CHUNK_BYTES;
      return;
    }
    this.#scan(Buffer.concat([this.#carry, chunk.subarray(0, end)]));
    this.#carry = Buffer.from(chunk.subarray(end));
  }

  end(): void {
    if (this.#carry.length > 0 && !this.isIrregular) this.#leave(this.#carry, false);
  }

  result(): HistoryReading {
    this.#reading.add(this.regular);
    return this.#reading.result();
  }

  #scan(bytes: Buffer): void {
    const text = bytes.toString('latin1');
    const isText = isUtf8(bytes);
    let place = 0;
    while (place < text.length && !this.isIrregular) {
      this.#pattern.lastIndex = place;
      const isCanonical = this.#line > 1 && this.#pattern.test(text);
      const next = isCanonical ? this.#pattern.lastIndex : text.indexOf('\n', place) + 1;
      const line = (): Buffer => bytes.subarray(place, next - 1);
      if (isCanonical && this.#isEvent(line, { isText, length: next - place })) this.regular += 1;
      else this.#leave(line(), true);
      this.#line += 1;
      place = next;
    }
  }

  #isEvent(line: () => Buffer, { isText, length }: { isText: boolean; length: number }): boolean {
    if (isText && length <= CANONICAL_LENGTH_MAX) return true;
    const bytes = line();
    return isUtf8(bytes) && numberedEventProblem(JSON.parse(bytes.toString('utf8'))) === undefined;
  }

  #leave(bytes: Buffer, terminated: boolean): void {
    const line = bytes.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes;
    this.#reading.take([{ number: this.#line, bytes: line, terminated } satisfies Line]);
    this.#irregular += 1;
    this.isIrregular ||= this.#irregular > IRREGULAR_MAX;
  }
}
