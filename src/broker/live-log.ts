/**
 * A broker's log while it is being written: every byte is kept in a file, every line is handed on at
 * the moment it is read.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { LineSplitter } from './line-splitter.ts';

export interface LiveLogOptions {
  readonly file: string;
  readonly onLine: (line: string) => void;
  /** Called once if the copy can't be written. */
  readonly onWriteError: (error: Error) => void;
}

export class LiveLog {
  readonly #splitter: LineSplitter;
  readonly #copy: WriteStream;
  #lines = 0;

  constructor(options: LiveLogOptions) {
    this.#splitter = new LineSplitter((line) => {
      this.#lines += 1;
      options.onLine(line);
    });
    this.#copy = createWriteStream(options.file, { flags: 'a', mode: 0o600 });
    this.#copy.once('error', options.onWriteError);
  }

  /** How many lines have been read so far. */
  get lines(): number {
    return this.#lines;
  }

  push(chunk: Buffer): void {
    if (this.#copy.writable) this.#copy.write(chunk);
    this.#splitter.push(chunk);
  }

  /** Resolves when the last line has been handed on and the copy is on disk. */
  async end(): Promise<void> {
    this.#splitter.end();
    this.#copy.end();
    await finished(this.#copy).catch(() => {});
  }
}
