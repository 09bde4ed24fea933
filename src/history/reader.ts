/**
 * Reads a history (NDJSON) as a stream, whatever became of the file: cut short, edited, joined from
 * pieces, or no history at all. Lines that can't be read are counted and the first few shown; only a
 * file that can't be a history, or whose meaning we can't know, is refused.
 */
import { isUtf8 } from 'node:buffer';
import { EXIT, fileError, UserError } from '../core/errors.ts';
import { HISTORY_LINE_BYTES_MAX, UNREADABLE_EXAMPLES_MAX } from '../core/limits.ts';
import type { ConnectionEvent, HistoryHeader, HistoryTrailer } from './event.ts';
import { readHeader } from './header.ts';
import { type Line, readLines } from './lines.ts';
import { numberedEventProblem } from './validate-event.ts';
import { isTrailer } from './validate-frame.ts';

export interface UnreadableLine {
  /** From 1; in the file that is named, if a source has several. */
  readonly line: number;
  readonly file?: string;
  readonly message: string;
}

/** What reading a whole file came to. */
export interface HistoryReading {
  readonly file: string;
  readonly header: HistoryHeader;
  /** Undefined when the file is truncated. */
  readonly trailer: HistoryTrailer | undefined;
  /** Event lines that could be read, repeated ones included. */
  readonly events: number;
  readonly unreadableLines: number;
  readonly examples: readonly UnreadableLine[];
}

/** Takes a history as it is read; `events` comes after `header`, in the file's order. */
export interface HistorySink {
  header(header: HistoryHeader): void;
  events(events: readonly ConnectionEvent[]): void;
}

/** Streams `file`, or its lines from elsewhere, into `sink`. Throws a {@link UserError} (65) for a file that is no history. */
export async function readHistory(
  file: string,
  sink: HistorySink,
  source: AsyncIterable<readonly Line[]> = readLines(file),
): Promise<HistoryReading> {
  const reading = new Reading(file, sink);
  try {
    for await (const lines of source) reading.take(lines);
  } catch (error) {
    throw fileError(error, 'read', file);
  }
  return reading.result();
}

/** Lines of one file on their way into a sink, whoever splits the file into lines. */
export class Reading {
  readonly #file: string;
  readonly #sink: HistorySink;
  #header: HistoryHeader | undefined;
  #trailer: HistoryTrailer | undefined;
  #events = 0;
  #unreadable = 0;
  readonly #examples: UnreadableLine[] = [];

  constructor(file: string, sink: HistorySink) {
    this.#file = file;
    this.#sink = sink;
  }

  take(lines: readonly Line[]): void {
    const events: ConnectionEvent[] = [];
    for (const line of lines) {
      if (this.#header === undefined) {
        this.#header = readHeader(line, this.#file);
        this.#sink.header(this.#header);
      } else if (line.bytes?.length !== 0) {
        const event = this.#event(line);
        if (typeof event === 'string') this.#reject(line, event);
        else if (event !== undefined) events.push(event);
      }
    }
    this.#events += events.length;
    if (events.length > 0) this.#sink.events(events);
  }

  /** Counts events that came into the sink by another way. */
  add(events: number): void {
    this.#events += events;
  }

  result(): HistoryReading {
    if (this.#header === undefined) {
      throw new UserError(EXIT.invalidInput, {
        file: this.#file,
        message: 'the file is empty',
        hint: 'name a history.ndjson that a run has written',
      });
    }
    return {
      file: this.#file,
      header: this.#header,
      trailer: this.#trailer,
      events: this.#events,
      unreadableLines: this.#unreadable,
      examples: this.#examples,
    };
  }

  /** The event on a line, undefined for a trailer, or what is wrong with the line. */
  #event(line: Line): ConnectionEvent | string | undefined {
    if (line.bytes === undefined) return `longer than ${HISTORY_LINE_BYTES_MAX} bytes`;
    if (!isUtf8(line.bytes)) return 'not UTF-8 text';
    let value: unknown;
    try {
      value = JSON.parse(line.bytes.toString('utf8'));
    } catch {
      return line.terminated ? 'not JSON' : 'cut off in the middle';
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return 'not a JSON object';
    }
    if ('doppelfleet' in value) return this.#frame(value, line);
    return numberedEventProblem(value) ?? (value as ConnectionEvent);
  }

  #frame(value: object & { readonly doppelfleet: unknown }, line: Line): string | undefined {
    if (value.doppelfleet === 'history') {
      throw new UserError(EXIT.invalidInput, {
        file: this.#file,
        line: line.number,
        message: 'another history starts here',
        hint: 'its session IDs may repeat those before; split the file and audit both parts',
      });
    }
    if (value.doppelfleet !== 'end' || !isTrailer(value)) return 'neither an event nor a trailer';
    this.#trailer ??= value;
    return undefined;
  }

  #reject(line: Line, message: string): void {
    this.#unreadable += 1;
    if (this.#examples.length < UNREADABLE_EXAMPLES_MAX) {
      this.#examples.push({ line: line.number, message });
    }
  }
}
