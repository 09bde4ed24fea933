/**
 * Loads evidence into a store: histories of our own and sources in other formats. Histories with one
 * and the same header are parts or copies of one recording and share a number; others are told
 * apart, because session IDs may repeat.
 */
import { createHash } from 'node:crypto';
import { plural, printable } from '../core/text.ts';
import type { EpochMs } from '../core/time.ts';
import { isForBulk, readInBulk } from './columnar/read-in-bulk.ts';
import { HISTORY_SCHEMA_VERSION, type HistoryHeader } from './event.ts';
import type { FormatId } from './formats/format.ts';
import { DAMAGED_USE, importSource, readingDigest, sourceOf } from './import.ts';
import { expandInputs } from './inputs/expand.ts';
import { groupParts } from './inputs/group.ts';
import type { IdentityMap } from './inputs/identity-map.ts';
import type { Input } from './inputs/open.ts';
import { type LostFile, type SortOptions, sortInputs } from './inputs/sort.ts';
import { linesOf } from './lines.ts';
import { type HistoryReading, type HistorySink, readHistory } from './reader.ts';
import type { EventTaker, HistoryStore } from './store.ts';

/** A source that has been read into a store. */
export interface LoadedHistory extends HistoryReading {
  /** Number of the recording; files with equal headers have the same. */
  readonly run: number;
  readonly format?: FormatId;
  /** The files of a source that has several, in the order in which they were read. */
  readonly files?: readonly string[];
  /** Sentences on what limits this source. */
  readonly remarks?: readonly string[];
  /** Sentences on what was lost of this source; then there is no trailer either. */
  readonly damage?: readonly string[];
  /** With the first source: all files of folders and patterns that are of another kind. */
  readonly leftOut?: readonly string[];
}

/** `stdin` is what `-` stands for; the process's standard input by default. */
export interface LoadOptions extends SortOptions {
  readonly identityMap?: IdentityMap;
}

/**
 * Reads files, folders, glob patterns and standard input (`-`). Throws a {@link UserError} (65)
 * for what can't be found or is no evidence.
 */
export async function loadHistories(
  store: EventTaker | HistoryStore,
  inputs: readonly string[],
  options: LoadOptions = {},
): Promise<readonly LoadedHistory[]> {
  const { own, parts, lost, leftOut } = await sortInputs(await expandInputs(inputs), options);
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
    const bulk =
      'query' in store && (await isForBulk(store, input.name))
        ? await readInBulk(store, input.name, onHeader)
        : undefined;
    const reading = bulk ?? (await readHistory(input.name, sink, linesOf(input.chunks())));
    loaded.push({ ...reading, run, format: 'doppelfleet', ...damageOf(input) });
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
  for (const file of lost) {
    const header = lostHeader(file);
    loaded.push(lostSource(file, header, runOf(recordingKey(header))));
  }
  return dated(loaded).map((history, i) =>
    i > 0 || leftOut.length === 0
      ? history
      : { ...history, leftOut, remarks: [...(history.remarks ?? []), leftOutRemark(leftOut)] },
  );
}

/** After the damage nothing can be relied on, a trailer least of all. */
function damageOf(
  input: Input,
): Pick<LoadedHistory, 'damage' | 'remarks'> & { readonly trailer?: undefined } {
  const { damage } = input.state;
  if (damage === undefined) return {};
  const sentence = `${printable(input.name)} is ${damage}`;
  return { trailer: undefined, damage: [sentence], remarks: [`${sentence}: ${DAMAGED_USE}`] };
}

/** Lost evidence is a source without events, so that a dataset made of it knows of it as well. */
function lostSource({ path, damage }: LostFile, header: HistoryHeader, run: number): LoadedHistory {
  const remarks = [`${damage}; nothing of it was used`];
  const nothing = { trailer: undefined, events: 0, unreadableLines: 0, examples: [] };
  return { file: path, header, run, ...nothing, remarks, damage: [damage] };
}

function lostHeader({ path, damage }: LostFile): HistoryHeader {
  return {
    doppelfleet: 'history',
    schemaVersion: HISTORY_SCHEMA_VERSION,
    toolVersion: 'import',
    runId: createHash('sha256')
      .update(JSON.stringify([path, damage]))
      .digest('hex')
      .slice(0, 32),
    scenario: '',
    scenarioDigest: '',
    seed: 0,
    startedAt: 0,
    source: { broker: 'unknown', vantages: [] },
  };
}

function leftOutRemark(skipped: readonly string[]): string {
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
