/**
 * A block of lines at the bottom of a terminal that redraws in place. Each change is one write, so
 * that nothing flickers; the cursor is hidden while the block stands and shown again however the
 * program ends. What else is written goes above the block.
 */
import { stripVTControlCharacters } from 'node:util';
import { displayWidth } from '../index.ts';
import type { CliEnvironment, OutputStream } from './environment.ts';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_BELOW = '\u001b[J';
const CLEAR_LINE = '\u001b[K';
const COLUMNS = 80;

export class LiveDisplay implements OutputStream {
  readonly isTTY = true;
  readonly #stream: OutputStream;
  readonly #offExit: () => void;
  #lines: readonly string[] = [];
  #isHidden = false;

  constructor({ stderr, onExit }: Pick<CliEnvironment, 'stderr' | 'onExit'>) {
    this.#stream = stderr;
    this.#offExit = onExit?.(() => this.#showCursor()) ?? (() => {});
  }

  get columns(): number {
    return this.#stream.columns ?? COLUMNS;
  }

  /** Above the block, which stands below again when the text ends its line. */
  write(text: string): void {
    if (this.#lines.length === 0) {
      this.#stream.write(text);
      return;
    }
    const block = text.endsWith('\n') ? this.#lines : [];
    this.#stream.write(`${this.#backToTop()}${CLEAR_BELOW}${text}${drawn(block)}`);
    this.#lines = block;
  }

  /** Puts these lines in the place of the block. */
  show(lines: readonly string[]): void {
    // A block higher than the window could not be redrawn: its top would have scrolled away.
    const block = lines.slice(0, Math.max(1, (this.#stream.rows ?? Infinity) - 1));
    const hide = this.#isHidden ? '' : HIDE_CURSOR;
    this.#isHidden = true;
    this.#stream.write(`${hide}${this.#backToTop()}${drawn(block)}${CLEAR_BELOW}`);
    this.#lines = block;
  }

  /** Takes the block away. */
  clear(): void {
    if (this.#lines.length > 0) this.#stream.write(`${this.#backToTop()}${CLEAR_BELOW}`);
    this.#lines = [];
    this.#showCursor();
  }

  /** Takes the block away for good. */
  end(): void {
    this.clear();
    this.#offExit();
  }

  #showCursor(): void {
    if (this.#isHidden) this.#stream.write(SHOW_CURSOR);
    this.#isHidden = false;
  }

  /** The cursor rests at the end of the last line. A window that became narrower has wrapped some. */
  #backToTop(): string {
    const { columns } = this;
    const rows = this.#lines.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)),
      0,
    );
    return rows > 1 ? `\r\u001b[${rows - 1}A` : '\r';
  }
}

function drawn(lines: readonly string[]): string {
  return lines.map((line) => `${line}${CLEAR_LINE}`).join('\n');
}

function widthOf(line: string): number {
  return displayWidth(stripVTControlCharacters(line));
}
