/**
 * A file as numbered lines of bytes in bounded memory: a line over the limit is given without its
 * bytes, however long it is. Lines come in groups, one group per chunk of the file.
 */
import { createReadStream } from 'node:fs';
import { HISTORY_LINE_BYTES_MAX } from '../core/limits.ts';

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without the line end; undefined when the line is over the limit. */
  readonly bytes: Buffer | undefined;
  /** It ended with a line feed; the last line of a file cut short did not. */
  readonly terminated: boolean;
}

const CHUNK_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export function readLines(file: string): AsyncGenerator<readonly Line[]> {
  return linesOf(createReadStream(file, { highWaterMark: CHUNK_BYTES }));
}

/** The lines of bytes that come in chunks of any size. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly Line[]> {
  const carried = new Carry();
  let number = 1;
  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      lines.push({ number, bytes: carried.complete(chunk.subarray(start, end)), terminated: true });
      number += 1;
      start = end + 1;
    }
    carried.add(chunk.subarray(start));
    if (lines.length > 0) yield lines;
  }
  if (carried.length > 0) {
    yield [{ number, bytes: carried.complete(Buffer.alloc(0)), terminated: false }];
  }
}

/** The beginning of a line whose end is in a later chunk. */
class Carry {
  length = 0;
  #parts: Buffer[] = [];

  add(part: Buffer): void {
    this.length += part.length;
    if (this.length > HISTORY_LINE_BYTES_MAX) this.#parts = [];
    // A copy, because a part keeps its whole chunk alive.
    else if (part.length > 0) this.#parts.push(Buffer.from(part));
  }

  complete(rest: Buffer): Buffer | undefined {
    const length = this.length + rest.length;
    const bytes =
      length > HISTORY_LINE_BYTES_MAX
        ? undefined
        : this.length === 0
          ? rest
          : Buffer.concat([...this.#parts, rest]);
    this.length = 0;
    this.#parts = [];
    return bytes?.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes;
  }
}
