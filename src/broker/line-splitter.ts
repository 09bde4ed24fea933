/**
 * Bytes to lines, split at line feeds only. `node:readline` also splits at carriage returns and at
 * U+2028 and U+2029, which a client ID may contain: it would let a client write whole lines.
 */
import { StringDecoder } from 'node:string_decoder';

/** No line of a log is longer; what follows without a line feed is handed on in such pieces. */
const LINE_LENGTH_MAX = 65_536;

export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onLine: (line: string) => void;
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#onLine(line);
    if (this.#rest.length > LINE_LENGTH_MAX) this.end();
  }

  /** Hands on what has no line feed behind it. */
  end(): void {
    const rest = this.#rest;
    this.#rest = '';
    if (rest !== '') this.#onLine(rest);
  }
}
