/**
 * Bytes as lines of text in bounded memory. A line over the limit, or one that is not UTF-8, comes
 * as what is wrong with it instead of its text.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { HISTORY_LINE_BYTES_MAX } from '../../core/limits.ts';

/** Lines that follow one another; `first` is the number of the first, from 1. */
export interface TextLines {
  readonly first: number;
  readonly lines: readonly string[];
  /** By place in `lines`: what is wrong with one that has no text. */
  readonly unread: ReadonlyMap<number, string>;
  /** The last line has no line end, so the file may have been cut there. */
  readonly unterminated: boolean;
}

const LINE_FEED = 0x0a;
const TOO_LONG = `longer than ${HISTORY_LINE_BYTES_MAX} bytes`;
const NOTHING_UNREAD: ReadonlyMap<number, string> = new Map();

export async function* textLinesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<TextLines> {
  /** The beginning of a line whose end has not come; without bytes once it is too long. */
  let carried: Buffer[] = [];
  let carriedLength = 0;
  let first = 1;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(LINE_FEED);
    if (end < 0) {
      carriedLength += chunk.length;
      carried = carriedLength > HISTORY_LINE_BYTES_MAX ? [] : [...carried, Buffer.from(chunk)];
      continue;
    }
    const firstEnd = chunk.indexOf(LINE_FEED);
    const tooLong = carriedLength + firstEnd > HISTORY_LINE_BYTES_MAX;
    const whole = tooLong
      ? chunk.subarray(firstEnd, end)
      : Buffer.concat([...carried, chunk.subarray(0, end)]);
    const lines = decode(whole, first, tooLong);
    first += lines.lines.length;
    yield lines;
    // A copy, because a part keeps its whole chunk alive.
    carried = [Buffer.from(chunk.subarray(end + 1))];
    carriedLength = chunk.length - end - 1;
  }
  if (carriedLength === 0) return;
  const tooLong = carriedLength > HISTORY_LINE_BYTES_MAX;
  yield {
    ...decode(tooLong ? Buffer.alloc(0) : Buffer.concat(carried), first, tooLong),
    unterminated: true,
  };
}

function decode(bytes: Buffer, first: number, firstTooLong: boolean): TextLines {
  const start = first === 1 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? 3 : 0;
  const unread = new Map<number, string>();
  if (firstTooLong) unread.set(0, TOO_LONG);
  // What all lines have in common need not be found out for each.
  const encoding = isAscii(bytes) ? 'latin1' : isUtf8(bytes) ? 'utf8' : undefined;
  const lines: string[] = [];
  for (let from = start; from <= bytes.length; ) {
    const found = bytes.indexOf(LINE_FEED, from);
    const end = found < 0 ? bytes.length : found;
    const to = end > from && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
    // Each line is text of its own: a part of a larger text would keep all of it in memory.
    if (encoding !== undefined) lines.push(bytes.toString(encoding, from, to));
    else if (isUtf8(bytes.subarray(from, to))) lines.push(bytes.toString('utf8', from, to));
    else {
      unread.set(lines.length, 'not UTF-8 text');
      lines.push('');
    }
    from = end + 1;
  }
  return {
    first,
    lines,
    unread: unread.size === 0 ? NOTHING_UNREAD : unread,
    unterminated: false,
  };
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const CARRIAGE_RETURN = 0x0d;
