/**
 * Reads one source of somebody else's evidence into a store as if it were a history: numbered
 * events under a header that is made up from what was read. What can't be read is counted, with
 * examples; what the source never says is named.
 */
import { createHash } from 'node:crypto';
import { assert } from '../core/assert.ts';
import { EXIT, UserError } from '../core/errors.ts';
import { UNREADABLE_EXAMPLES_MAX } from '../core/limits.ts';
import { plural, printable } from '../core/text.ts';
import { HISTORY_SCHEMA_VERSION, type HistoryHeader, type ObservedEvent } from './event.ts';
import type { FormatId, FormatOptions, FormatReader, TextFormat } from './formats/format.ts';
import type { Part } from './inputs/group.ts';
import { type IdentityMap, withIdentity } from './inputs/identity-map.ts';
import { JsonRecords } from './inputs/json-records.ts';
import { type TextLines, textLinesOf } from './inputs/text.ts';
import type { HistoryReading, UnreadableLine } from './reader.ts';
import { eventProblem } from './validate-event.ts';

export interface ImportOptions extends FormatOptions {
  readonly identityMap?: IdentityMap | undefined;
}

/** What importing came to: as reading a history, and sentences on what limits it. */
export interface Import extends HistoryReading {
  readonly format: FormatId;
  /** The files, in the order in which they were read. */
  readonly files: readonly string[];
  readonly remarks: readonly string[];
  /** Sentences on files of which only a part could be unpacked. */
  readonly damage?: readonly string[];
}

/** What becomes of a file that can only be unpacked in part. */
export const DAMAGED_USE = 'what could be unpacked was used';

/** Takes events that are numbered on from `first`. */
export type AppendEvents = (first: number, events: readonly ObservedEvent[]) => void;

/** Few, so that events are gone again before the memory for new objects is swept. */
const BATCH_EVENTS = 256;

/** Parts that are one source, in the order of time. */
export interface Source {
  /** Stands for it and how it is read, before it is: equal for a copy, wherever that lies. */
  readonly id: string;
  readonly format: TextFormat;
  readonly parts: readonly Part[];
}

/** `reading` is {@link readingDigest}. */
export function sourceOf(parts: readonly Part[], reading: string): Source {
  const [first] = parts;
  assert(first !== undefined, 'a source without a part');
  // Of a source that is one in whatever order its parts come, the order does not count.
  const key = [reading, ...parts.map(({ digest }) => digest).sort()].join();
  const id = createHash('sha256').update(key).digest('hex').slice(0, 32);
  return { id, format: first.format, parts };
}

/** Of the options that change what is read from one and the same text. */
export function readingDigest({
  zoneMinutes = 0,
  columns = {},
  identityMap,
}: ImportOptions): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([zoneMinutes, Object.entries(columns).sort()]));
  for (const map of [identityMap?.byClientId, identityMap?.byPrincipal]) {
    hash.update('map');
    for (const entry of map ?? []) hash.update(JSON.stringify(entry));
  }
  return hash.digest('hex');
}

/** Streams the parts of a source, in their order, to `append`. */
export async function importSource(
  source: Source,
  options: ImportOptions,
  append: AppendEvents,
): Promise<Import> {
  const importer = new Importer(source, options, append);
  for (const part of source.parts) await importer.read(part);
  return importer.result();
}

class Importer {
  readonly #source: Source;
  readonly #options: ImportOptions;
  readonly #append: AppendEvents;
  readonly #reader: FormatReader;
  #batch: ObservedEvent[] = [];
  #events = 0;
  #from = Number.POSITIVE_INFINITY;
  #to = 0;
  readonly #lacks: Set<string>;
  #mapped = 0;
  #lines = 0;
  #unreadLines = 0;
  readonly #examples: UnreadableLine[] = [];
  readonly #damage: string[] = [];
  /** Where the text being read stands. */
  #file = '';
  #line = 0;

  constructor(source: Source, options: ImportOptions, append: AppendEvents) {
    this.#source = source;
    this.#options = options;
    this.#append = append;
    const { format } = source;
    this.#lacks = new Set(Object.keys(format.lacks));
    this.#reader = format.open(options, {
      event: (event) => this.#take(event),
      unread: (message) => this.#unread(message),
    });
  }

  async read({ input, container }: Part): Promise<void> {
    this.#file = input.name;
    this.#line = 0;
    if (container !== undefined) {
      await this.#document(input.chunks(), container);
    } else {
      for await (const lines of textLinesOf(input.chunks())) this.#readLines(lines);
    }
    if (input.state.damage !== undefined) {
      this.#damage.push(`${printable(input.name)} is ${input.state.damage}`);
    }
  }

  result(): Import {
    this.#reader.end();
    this.#hand();
    if (this.#lines > 0 && this.#unreadLines >= this.#lines) throw this.#nothing();
    const files = this.#source.parts.map(({ input }) => input.name);
    const complete = this.#damage.length === 0;
    return {
      format: this.#source.format.id,
      file: files.length === 1 ? this.#file : `${files[0]} and ${files.length - 1} more`,
      files,
      header: this.#header(),
      trailer: complete
        ? { doppelfleet: 'end', events: this.#events, endedAt: this.#to, outcome: 'completed' }
        : undefined,
      events: this.#events,
      unreadableLines: this.#unreadLines,
      examples: this.#examples,
      remarks: this.#remarks(),
      ...(complete ? {} : { damage: this.#damage }),
    };
  }

  #readLines({ first, lines, unread }: TextLines): void {
    const reader = this.#reader;
    let place = 0;
    for (const text of lines) {
      this.#line = first + place;
      const problem = unread.size === 0 ? undefined : unread.get(place);
      if (problem !== undefined) this.#unread(problem);
      else if (text !== '') reader.read(text);
      place += 1;
    }
    this.#lines += lines.length;
  }

  async #document(chunks: AsyncIterable<Buffer>, container: string): Promise<void> {
    const records = new JsonRecords(container, {
      record: (text) => {
        this.#line += 1;
        this.#lines += 1;
        this.#reader.read(text);
      },
      unread: (message) => {
        this.#line += 1;
        this.#lines += 1;
        this.#unread(message);
      },
    });
    const decoder = new TextDecoder('utf-8', { fatal: true });
    try {
      for await (const chunk of chunks) records.push(decoder.decode(chunk, { stream: true }));
      records.push(decoder.decode());
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.#unread('not UTF-8 text from here on');
    }
    records.end();
  }

  #take(event: ObservedEvent): void {
    const problem = eventProblem(event);
    if (problem !== undefined) {
      this.#unread(problem);
      return;
    }
    const map = this.#options.identityMap;
    const known = map === undefined ? event : withIdentity(event, map);
    if (known !== event) this.#mapped += 1;
    if (this.#lacks.size > 0) {
      for (const name of this.#lacks) if (name in known) this.#lacks.delete(name);
    }
    if (known.at < this.#from) this.#from = known.at;
    if (known.at > this.#to) this.#to = known.at;
    this.#batch.push(known);
    this.#events += 1;
    if (this.#batch.length >= BATCH_EVENTS) this.#hand();
  }

  #hand(): void {
    const { length } = this.#batch;
    if (length > 0) this.#append(this.#events - length, this.#batch);
    this.#batch = [];
  }

  #unread(message: string): void {
    this.#unreadLines += 1;
    if (this.#examples.length >= UNREADABLE_EXAMPLES_MAX) return;
    const file = this.#source.parts.length > 1 ? { file: this.#file } : {};
    this.#examples.push({ line: this.#line, message, ...file });
  }

  /** None of the lines is of the format that was named. */
  #nothing(): UserError {
    const [example] = this.#examples;
    return new UserError(EXIT.invalidInput, {
      file: this.#file,
      ...(example === undefined ? {} : { line: example.line }),
      message: `none of ${plural(this.#lines, 'line')} can be read as ${this.#source.format.id}: ${
        example?.message ?? ''
      }`,
      hint: 'leave --format out, or name the format that it is in',
    });
  }

  #header(): HistoryHeader {
    return {
      doppelfleet: 'history',
      schemaVersion: HISTORY_SCHEMA_VERSION,
      toolVersion: 'import',
      runId: this.#source.id,
      scenario: '',
      scenarioDigest: '',
      seed: 0,
      startedAt: this.#events === 0 ? 0 : this.#from,
      source: {
        broker: this.#source.format.broker,
        vantages: ['broker'],
        ...(this.#lacks.size === 0 ? {} : { lacks: [...this.#lacks].sort() }),
      },
    };
  }

  #remarks(): readonly string[] {
    const { lacks, unseen } = this.#source.format;
    const remarks: string[] = unseen === undefined ? [] : [`not observable: ${unseen}`];
    if (this.#lacks.has('certificateId') && this.#events > 0) {
      remarks.push(
        `no certificate IDs: ${lacks.certificateId}; with --identity-map, sharing can be audited`,
      );
    }
    if (this.#mapped > 0) {
      remarks.push(`${plural(this.#mapped, 'event')} got the certificate ID from the identity map`);
    }
    if (
      this.#source.parts.some(({ unzoned }) => unzoned) &&
      this.#options.zoneMinutes === undefined
    ) {
      remarks.push('times without a zone were read as UTC; --zone names another');
    }
    for (const damage of this.#damage) remarks.push(`${damage}: ${DAMAGED_USE}`);
    return remarks;
  }
}
