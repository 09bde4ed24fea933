/**
 * Appends lines to a file, fast and without losing any: batched, so that thousands a second cost
 * few system calls, and handed over every {@link HISTORY_FLUSH_MS}, so that a crash loses little.
 * Each batch has its place in the file before it is written: a foreground write (a full backlog, a
 * second interrupt) can pass one under way in the background, or repeat it, without harm.
 */
import { closeSync, constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { assert } from '../core/assert.ts';
import { EXIT, fileError, UserError } from '../core/errors.ts';
import {
  HISTORY_BACKLOG_BYTES_MAX,
  HISTORY_BATCH_BYTES,
  HISTORY_FLUSH_MS,
} from '../core/limits.ts';

export interface LineWriterOptions {
  /** Called once, when writing fails: a {@link UserError} with exit code 74 for a full disk. */
  readonly onError?: (error: Error) => void;
}

interface Batch {
  readonly bytes: Buffer;
  readonly position: number;
  readonly written: Promise<void>;
}

export class LineWriter {
  /** Why nothing more can be written (disk full, …); what was written before stays. */
  failed: Error | undefined;
  readonly #file: string;
  readonly #descriptor: number;
  readonly #onError: (error: Error) => void;
  #lines: string[] = [];
  #length = 0;
  #position = 0;
  #underWay: Batch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #open = true;
  #ended = false;

  /** Creates `file` with a first line. Throws a {@link UserError} if it can't or it holds something. */
  constructor(file: string, firstLine: string, { onError = () => {} }: LineWriterOptions = {}) {
    this.#file = file;
    this.#descriptor = openEmpty(file);
    this.#onError = onError;
    this.#queue(firstLine);
    this.#writeNow();
    if (this.failed !== undefined) {
      this.#end();
      throw this.failed;
    }
  }

  /** Queues a line, given with its line feed. After a failure nothing is kept. */
  write(line: string): void {
    assert(this.#open, 'a line was written to a file that is closed');
    if (this.failed !== undefined) return;
    this.#queue(line);
    if (this.#length >= HISTORY_BACKLOG_BYTES_MAX) this.#writeNow();
    else if (this.#length >= HISTORY_BATCH_BYTES) this.#writeSoon();
    else this.#timer ??= setTimeout(() => this.#writeSoon(), HISTORY_FLUSH_MS).unref();
  }

  /** Resolves when everything written so far is in the file; rejects with {@link failed}. */
  async flush(): Promise<void> {
    while (this.failed === undefined && (this.#underWay !== undefined || this.#length > 0)) {
      this.#writeSoon();
      await this.#underWay?.written;
    }
    if (this.failed !== undefined) throw this.failed;
  }

  /** Writes what is queued at this moment; resolves to the length of the file up to there, in bytes. */
  async written(): Promise<number> {
    this.#writeNow();
    const length = this.#position;
    await this.#underWay?.written;
    if (this.failed !== undefined) throw this.failed;
    return length;
  }

  /** Writes a last line and closes; a second call does nothing. Rejects with {@link failed}. */
  async close(lastLine = ''): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#queue(lastLine);
    try {
      await this.flush();
    } finally {
      await this.#underWay?.written;
      this.#end();
    }
  }

  /** As {@link close}, at once and without throwing, for a process that is about to end. */
  closeNow(lastLine = ''): void {
    const wasOpen = this.#open;
    this.#open = false;
    if (wasOpen) this.#queue(lastLine);
    // The process may end before a write in the background does: repeat it, same bytes, same place.
    const underWay = this.#underWay;
    if (underWay !== undefined) this.#put(underWay.bytes, underWay.position);
    this.#writeNow();
    if (wasOpen && underWay === undefined) this.#end();
    else void underWay?.written.then(() => this.#end());
  }

  #queue(line: string): void {
    this.#lines.push(line);
    this.#length += line.length;
  }

  /** The queued lines as bytes with their place in the file. */
  #take(): { readonly bytes: Buffer; readonly position: number } {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const bytes = Buffer.from(this.#lines.join(''), 'utf8');
    const position = this.#position;
    this.#position += bytes.length;
    this.#lines = [];
    this.#length = 0;
    return { bytes, position };
  }

  #writeNow(): void {
    const { bytes, position } = this.#take();
    this.#put(bytes, position);
  }

  #put(bytes: Buffer, position: number): void {
    try {
      for (let done = 0; done < bytes.length && this.failed === undefined; ) {
        done += writeSync(this.#descriptor, bytes, done, bytes.length - done, position + done);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #writeSoon(): void {
    this.#timer = undefined;
    if (this.#underWay !== undefined || this.#length === 0 || this.failed !== undefined) return;
    const { bytes, position } = this.#take();
    const written = putInBackground(this.#descriptor, bytes, position)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#underWay = undefined;
        if (this.#length >= HISTORY_BATCH_BYTES) this.#writeSoon();
        else if (this.#length > 0) {
          this.#timer ??= setTimeout(() => this.#writeSoon(), HISTORY_FLUSH_MS).unref();
        }
      });
    this.#underWay = { bytes, position, written };
  }

  #fail(error: unknown): void {
    if (this.failed !== undefined) return;
    const reported = fileError(error, 'write', this.#file);
    this.failed = reported instanceof Error ? reported : new Error(String(reported));
    this.#lines = [];
    this.#length = 0;
    this.#onError(this.failed);
  }

  #end(): void {
    clearTimeout(this.#timer);
    if (this.#ended) return;
    this.#ended = true;
    closeSync(this.#descriptor);
  }
}

function openEmpty(file: string): number {
  let descriptor: number;
  try {
    // Not for appending: Linux ignores the position of such writes.
    descriptor = openSync(file, constants.O_WRONLY | constants.O_CREAT, 0o644);
  } catch (error) {
    throw fileError(error, 'write', file);
  }
  if (fstatSync(descriptor).size === 0) return descriptor;
  closeSync(descriptor);
  throw new UserError(EXIT.io, {
    file,
    message: 'the file is there already',
    hint: 'a record is never written over: choose another folder',
  });
}

/** A write may take a part only, for example when the disk fills: go on until the error shows. */
function putInBackground(descriptor: number, bytes: Buffer, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const put = (done: number): void => {
      write(descriptor, bytes, done, bytes.length - done, position + done, (error, count) => {
        if (error !== null) reject(error);
        else if (done + count < bytes.length) put(done + count);
        else resolve();
      });
    };
    put(0);
  });
}
