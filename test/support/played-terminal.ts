/**
 * A terminal in memory: knows the few codes that a block of lines needs, wraps and reflows as real
 * ones do, and throws at a code that it does not know.
 */
const ESCAPE = '\u001b';
const CODE_OR_CHARACTER = new RegExp(`${ESCAPE}\\[[?\\d;]*[A-Za-z]|[\\s\\S]`, 'gu');
const UP = new RegExp(`^${ESCAPE}\\[(\\d+)A$`);

export class PlayedTerminal {
  readonly writes: string[] = [];
  readonly rows: number;
  readonly isTTY: boolean;
  columns: number;
  cursorHidden = false;
  #screen: string[] = [''];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number, { isTTY = true } = {}) {
    this.columns = columns;
    this.rows = rows;
    this.isTTY = isTTY;
  }

  /** What is seen, without the empty end. */
  get lines(): readonly string[] {
    const texts = this.#screen.map((text) => text.trimEnd());
    while (texts.at(-1) === '') texts.pop();
    return texts;
  }

  write(text: string): void {
    this.writes.push(text);
    for (const [token] of text.matchAll(CODE_OR_CHARACTER)) this.#take(token);
  }

  /** Lines that no longer fit go on in the next row; the cursor stays with its text. */
  resize(columns: number): void {
    this.columns = columns;
    const rows: string[] = [];
    let cursor = 0;
    for (const [place, text] of this.#screen.entries()) {
      const count = Math.max(1, Math.ceil(text.length / columns));
      if (place === this.#row)
        cursor = rows.length + Math.floor(Math.max(0, this.#column - 1) / columns);
      for (let part = 0; part < count; part++) {
        rows.push(text.slice(part * columns, (part + 1) * columns));
      }
    }
    this.#screen = rows;
    this.#row = cursor;
  }

  #take(token: string): void {
    const [, up] = UP.exec(token) ?? [];
    if (up !== undefined) this.#row = Math.max(0, this.#row - Number(up));
    else if (token === '\r') this.#column = 0;
    else if (token === '\n') this.#newLine();
    else if (token === '\u001b[?25l') this.cursorHidden = true;
    else if (token === '\u001b[?25h') this.cursorHidden = false;
    else if (token === '\u001b[K') this.#cut();
    else if (token === '\u001b[J') {
      this.#cut();
      this.#screen.length = this.#row + 1;
    } else if (/^\p{Cc}/u.test(token)) {
      throw new Error(`the terminal got ${JSON.stringify(token)}`);
    } else this.#put(token);
  }

  #newLine(): void {
    this.#row++;
    this.#column = 0;
    this.#screen[this.#row] ??= '';
  }

  #cut(): void {
    this.#screen[this.#row] = (this.#screen[this.#row] ?? '').slice(0, this.#column);
  }

  #put(character: string): void {
    if (this.#column === this.columns) this.#newLine();
    const text = this.#screen[this.#row] ?? '';
    const before = text.padEnd(this.#column).slice(0, this.#column);
    this.#screen[this.#row] = before + character + text.slice(this.#column + 1);
    this.#column++;
  }
}
