/**
 * Lines as rows of cells (RFC 4180; comma, semicolon or tab). A quoted cell may hold line breaks;
 * where a quote never closes, the row is given up and its later lines are read as rows of their own,
 * so that one broken line hides no other.
 */

/** A row of more lines, or more characters, than this has a quote that was never closed. */
const ROW_LINES_MAX = 100;
const ROW_LENGTH_MAX = 1_000_000;

export interface CsvSink {
  row(cells: readonly string[]): void;
  broken(message: string): void;
}

export class CsvRows {
  readonly #sink: CsvSink;
  readonly #separator: string;
  /** Lines of a row whose quote is still open. */
  #lines: string[] = [];

  constructor(separator: string, sink: CsvSink) {
    this.#separator = separator;
    this.#sink = sink;
  }

  line(text: string): void {
    if (this.#lines.length === 0) {
      // Most tables have no quotes at all.
      if (!text.includes('"')) {
        this.#sink.row(text.split(this.#separator));
        return;
      }
      this.#take([text]);
    } else this.#take([...this.#lines, text]);
  }

  end(): void {
    while (this.#lines.length > 0) this.#giveUp();
  }

  #take(lines: readonly string[]): void {
    const text = lines.join('\n');
    const cells = splitRow(text, this.#separator);
    if (typeof cells === 'string') {
      this.#lines = [];
      this.#sink.broken(cells);
    } else if (cells !== undefined) {
      this.#lines = [];
      this.#sink.row(cells);
    } else {
      this.#lines = [...lines];
      if (lines.length >= ROW_LINES_MAX || text.length > ROW_LENGTH_MAX) this.#giveUp();
    }
  }

  #giveUp(): void {
    const [, ...rest] = this.#lines;
    this.#lines = [];
    this.#sink.broken('a quote is opened and never closed');
    for (const line of rest) this.line(line);
  }
}

/** The cells of a row, undefined while a quote is open, or what is wrong. */
export function splitRow(text: string, separator: string): string[] | string | undefined {
  const cells: string[] = [];
  let start = 0;
  for (;;) {
    if (text[start] !== '"') {
      const end = text.indexOf(separator, start);
      cells.push(end < 0 ? text.slice(start) : text.slice(start, end));
      if (end < 0) return cells;
      start = end + 1;
      continue;
    }
    const close = closingQuote(text, start + 1);
    if (close < 0) return undefined;
    cells.push(text.slice(start + 1, close).replaceAll('""', '"'));
    if (close + 1 === text.length) return cells;
    if (text[close + 1] !== separator) return 'there is text behind a closing quote';
    start = close + 2;
  }
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}

/** The separator that a header line uses most. */
export function separatorOf(header: string): string {
  const count = (separator: string) => header.split(separator).length;
  const [best = ','] = [',', ';', '\t'].sort((a, b) => count(b) - count(a));
  return best;
}
