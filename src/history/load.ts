/**
 * Loads evidence into a store: histories of our own and sources in other formats. Histories with one
 * and the same header are parts or copies of one recording and share a number; others are told
 * apart, because session IDs may repeat.
 */
import { EXIT, type Problem, UserError } from '../core/errors.ts';
import { plural, printable } from '../core/text.ts';
import type { EpochMs } from '../core/time.ts';
import { isForBulk, readInBulk } from './columnar/read-in-bulk.ts';
import type { HistoryHeader } from './event.ts';
import { beginningText, detectFormat } from './formats/detect.ts';
import {
  type EvidenceFormat,
  type FormatId,
  type FormatOptions,
  isTextFormat,
  type TextFormat,
} from './formats/format.ts';
import { FORMATS } from './formats/registry.ts';
import { importSource, readingDigest, sourceOf } from './import.ts';
import { expandInputs, type NamedFile } from './inputs/expand.ts';
import { groupParts, type Part, partOf } from './inputs/group.ts';
import type { IdentityMap } from './inputs/identity-map.ts';
import { Input } from './inputs/open.ts';
import { linesOf } from './lines.ts';
import { type HistoryReading, type HistorySink, readHistory } from './reader.ts';
import type { HistoryStore } from './store.ts';

/** A source that has been read into a store. */
export interface LoadedHistory extends HistoryReading {
  /** Number of the recording; files with equal headers have the same. */
  readonly run: number;
  readonly format?: FormatId;
  /** The files of a source that has several, in the order in which they were read. */
  readonly files?: readonly string[];
  /** Sentences on what limits this source. */
  readonly remarks?: readonly string[];
}

export interface LoadOptions extends FormatOptions {
  /** By content when it is not named. */
  readonly format?: FormatId;
  readonly identityMap?: IdentityMap;
  /** What `-` stands for; the process's standard input by default. */
  readonly stdin?: AsyncIterable<Buffer>;
}

/**
 * Reads files, folders, glob patterns and standard input (`-`). Throws a {@link UserError} (65)
 * for what can't be found or is no evidence.
 */
export async function loadHistories(
  store: HistoryStore,
  inputs: readonly string[],
  options: LoadOptions = {},
): Promise<readonly LoadedHistory[]> {
  const { own, parts, skipped } = await sortInputs(await expandInputs(inputs), options);
  const runs = new Map<string, number>();
  const runOf = (key: string): number => {
    const run = runs.get(key) ?? runs.size;
    runs.set(key, run);
    return run;
  };
  const loaded: LoadedHistory[] = [];
  for (const input of own) {
    let run = 0;
    const onHeader = (header: HistoryHeader): number => {
      run = runOf(recordingKey(header));
      return run;
    };
    const sink: HistorySink = {
      header: onHeader,
      events: (events) => store.append(run, events),
    };
    const bulk = (await isForBulk(store, input.name))
      ? await readInBulk(store, input.name, onHeader)
      : undefined;
    const reading = bulk ?? (await readHistory(input.name, sink, linesOf(input.chunks())));
    loaded.push({ ...reading, run, format: 'doppelfleet' });
  }
  const reading = readingDigest(options);
  for (const group of groupParts(parts)) {
    const source = sourceOf(group, reading);
    const run = runOf(source.id);
    const imported = await importSource(source, options, (first, events) =>
      store.appendFrom(run, first, events),
    );
    loaded.push({ ...imported, run });
  }
  return dated(loaded).map((history, i) =>
    i > 0 || skipped.length === 0
      ? history
      : { ...history, remarks: [...(history.remarks ?? []), skippedRemark(skipped)] },
  );
}

interface SortedInputs {
  readonly own: readonly Input[];
  readonly parts: readonly Part[];
  /** Files of folders and patterns that are no evidence. */
  readonly skipped: readonly string[];
}

/** Opens every input and tells its format. What was only found, not named, may be none. */
async function sortInputs(
  files: readonly NamedFile[],
  options: LoadOptions,
): Promise<SortedInputs> {
  const own: Input[] = [];
  const parts: Part[] = [];
  const skipped: string[] = [];
  const problems: Problem[] = [];
  for (const { path, found } of files) {
    try {
      const { input, beginning } = await Input.open(path, options.stdin ?? process.stdin);
      const text = beginningText(beginning, input.name);
      const id = options.format ?? detectFormat(text, input.name, options);
      const format: EvidenceFormat = FORMATS[id];
      if (isTextFormat(format)) {
        checkOptions(format, text, input.name, options);
        parts.push(partOf(input, format, text, options));
      } else own.push(input);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (found) skipped.push(path);
      problems.push(...error.problems);
    }
  }
  const named = files.some(({ found }) => !found);
  const usable = own.length + parts.length;
  if (problems.length > 0 && (usable === 0 || (named && problems.length > skipped.length))) {
    throw new UserError(EXIT.invalidInput, problems.slice(0, PROBLEMS_MAX));
  }
  return { own, parts, skipped };
}

const PROBLEMS_MAX = 20;

function checkOptions(
  format: TextFormat,
  beginning: string,
  file: string,
  options: LoadOptions,
): void {
  const refusal = format.refuses?.(beginning, options);
  if (refusal === undefined) return;
  throw new UserError(EXIT.invalidInput, {
    file,
    message: refusal,
    hint: 'say with --map which is which, such as clientId=client,at=ts,kind=event',
  });
}

function skippedRemark(skipped: readonly string[]): string {
  const names = skipped.slice(0, 3).map((file) => printable(file, 100));
  const more = skipped.length > names.length ? ', …' : '';
  return `${plural(skipped.length, 'file')} left out as no evidence: ${names.join(', ')}${more}`;
}

/** A source without events says nothing of when it was: it must not stretch the others' time. */
function dated(loaded: readonly LoadedHistory[]): readonly LoadedHistory[] {
  const starts = loaded
    .filter(({ events, format }) => events > 0 || format === 'doppelfleet')
    .map(({ header }) => header.startedAt);
  if (starts.length === 0) return loaded;
  const startedAt = starts.reduce((a, b) => Math.min(a, b));
  return loaded.map((history) =>
    history.events > 0 || history.format === 'doppelfleet'
      ? history
      : { ...history, header: { ...history.header, startedAt } },
  );
}

/** What tells two recordings apart: everything that a header says of the run. */
export function recordingKey(header: HistoryHeader): string {
  const { runId, scenario, scenarioDigest, seed, startedAt, source } = header;
  const { broker, brokerVersion, vantages } = source;
  const key: readonly (string | number | EpochMs | readonly string[] | undefined)[] = [
    runId,
    scenario,
    scenarioDigest,
    seed,
    startedAt,
    broker,
    brokerVersion,
    vantages,
  ];
  return JSON.stringify(key);
}
