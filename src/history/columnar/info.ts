/** What a dataset or a history holds, by day: from the manifest alone, or by reading the history. */
import path from 'node:path';
import { EXIT, type Problem, UserError } from '../../core/errors.ts';
import type { EpochMs } from '../../core/time.ts';
import type { FormatId } from '../formats/format.ts';
import { namedFiles } from '../inputs/expand.ts';
import { type LoadedHistory, type LoadOptions, loadHistories } from '../load.ts';
import { openHistoryStore } from '../store.ts';
import { checkFiles } from './attach.ts';
import { type DatasetFile, dayOf } from './layout.ts';
import { type Dataset, type DatasetFacts, readDataset } from './manifest.ts';
import { sha256Of } from './write-sessions.ts';

export interface InfoSource {
  readonly file: string;
  readonly format?: FormatId;
  readonly broker: string;
  readonly runId: string;
  readonly startedAt: EpochMs;
  readonly events: number;
  /** False when the file was cut short. */
  readonly complete: boolean;
  readonly unreadableLines: number;
  readonly examples: LoadedHistory['examples'];
}

export interface HistoryInfo {
  readonly kind: 'dataset' | 'histories';
  /** First and last moment that was recorded; absent when nothing was. */
  readonly from?: EpochMs;
  readonly to?: EpochMs;
  readonly sources: readonly InfoSource[];
  /** Ascending. A dataset counts sessions by the UTC day of their start, histories count events. */
  readonly days: readonly DayCount[];
  readonly dataset?: DatasetInfo;
}

export interface DayCount {
  /** `2026-01-31`, or `other` for rare days of a dataset with very many. */
  readonly day: string;
  readonly rows: number;
}

export interface DatasetInfo {
  readonly schemaVersion: number;
  readonly toolVersion: string;
  readonly joinToleranceMs: number;
  readonly recordings: number;
  readonly files: number;
  readonly bytes: number;
  readonly digest: string;
  readonly facts: DatasetFacts;
  /** Every byte was compared with its digest. */
  readonly verified: boolean;
}

export interface InfoOptions extends LoadOptions {
  /** Read every file of a dataset and compare it with its digest. */
  readonly verify?: boolean;
}

/** Describes a dataset, or histories as `loadHistories` reads them. Throws a {@link UserError}. */
export async function historyInfo(
  input: string,
  { verify = false, ...options }: InfoOptions = {},
): Promise<HistoryInfo> {
  const dataset = await readDataset(input);
  return dataset === undefined
    ? await infoOfHistories(input, options)
    : await infoOfDataset(dataset, verify);
}

async function infoOfDataset({ folder, manifest }: Dataset, verify: boolean): Promise<HistoryInfo> {
  const { recordings, files, sources, facts } = manifest;
  await checkFiles(folder, files);
  if (verify) await verifyFiles(folder, files);
  const days = new Map<string, number>();
  for (const file of files) days.set(dayOf(file), (days.get(dayOf(file)) ?? 0) + file.rows);
  const span = spanOf(recordings);
  return {
    kind: 'dataset',
    ...span,
    sources: sources.map(described),
    days: [...days].map(([day, rows]) => ({ day, rows })).sort(byDay),
    dataset: {
      schemaVersion: manifest.schemaVersion,
      toolVersion: manifest.toolVersion,
      joinToleranceMs: manifest.joinToleranceMs,
      recordings: recordings.length,
      files: files.length,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      digest: manifest.digest,
      facts,
      verified: verify,
    },
  };
}

async function verifyFiles(folder: string, files: readonly DatasetFile[]): Promise<void> {
  const problems: Problem[] = [];
  for (const { path: name, sha256 } of files) {
    const file = path.join(folder, ...name.split('/'));
    if ((await sha256Of(file)) === sha256) continue;
    const hint = 'restore the file, or convert the histories again into a new folder';
    problems.push({ file, message: 'it is not what was written', hint });
  }
  if (problems.length > 0) throw new UserError(EXIT.invalidInput, problems);
}

interface SpanRow {
  readonly from: EpochMs | null;
  readonly to: EpochMs | null;
}

async function infoOfHistories(input: string, options: LoadOptions): Promise<HistoryInfo> {
  const store = await openHistoryStore({ files: await namedFiles([input]) });
  try {
    const loaded = await loadHistories(store, [input], options);
    const days = await store.query<DayCount>(
      `SELECT strftime(make_timestamp(at_ms // 86400000 * 86400000000), '%Y-%m-%d') AS day,
         count(*) AS rows
       FROM events GROUP BY day ORDER BY day`,
    );
    const [span] = await store.query<SpanRow>(
      'SELECT min(at_ms) AS "from", max(at_ms) AS "to" FROM events',
    );
    return {
      kind: 'histories',
      ...(span?.from == null || span.to === null ? {} : { from: span.from, to: span.to }),
      sources: loaded.map(described),
      days,
    };
  } finally {
    await store.close();
  }
}

function described(history: LoadedHistory): InfoSource {
  const { file, format, header, trailer, events, unreadableLines, examples } = history;
  return {
    file,
    ...(format === undefined ? {} : { format }),
    broker: header.source.broker,
    runId: header.runId,
    startedAt: header.startedAt,
    events,
    complete: trailer !== undefined,
    unreadableLines,
    examples,
  };
}

function spanOf(spans: readonly { readonly from: EpochMs; readonly to: EpochMs }[]) {
  const [first] = spans;
  if (first === undefined) return {};
  let { from, to } = first;
  for (const span of spans) [from, to] = [Math.min(from, span.from), Math.max(to, span.to)];
  return { from, to };
}

function byDay(a: DayCount, b: DayCount): number {
  return a.day < b.day ? -1 : a.day > b.day ? 1 : 0;
}
