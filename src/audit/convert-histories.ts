/**
 * Turns histories into a dataset: reads them, builds the sessions relation once, and leaves it as
 * Parquet files by day, so that many audits of one month read what their window needs and no more.
 * A new folder appears whole or not at all; to a dataset that exists, recordings are added.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import path from 'node:path';
import { EXIT, UserError } from '../core/errors.ts';
import {
  CONVERT_MEMORY_MB,
  EVENTS_PAIRED_AT_ONCE,
  JOIN_TOLERANCE_MS,
  STORE_MEMORY_MB,
  TAKEOVER_TOLERANCE_MS,
} from '../core/limits.ts';
import { datasetHome, installDataset } from '../history/columnar/install.ts';
import {
  DATASET_SCHEMA_VERSION,
  type Dataset,
  type DatasetManifest,
} from '../history/columnar/manifest.ts';
import { newRecordings } from '../history/columnar/recordings.ts';
import { writeSessions } from '../history/columnar/write-sessions.ts';
import { namedFiles } from '../history/inputs/expand.ts';
import { type LoadedHistory, type LoadOptions, loadHistories } from '../history/load.ts';
import { type HistoryStore, openHistoryStore } from '../history/store.ts';
import { recordingsOf } from './audit-result.ts';
import { factsWith } from './dataset-facts.ts';
import { buildSessions, JUDGED_COLUMNS } from './sessions.ts';

export interface ConvertOptions extends LoadOptions {
  /** The dataset's folder: a new one, an empty one, or a dataset to which is added. */
  readonly to: string;
  readonly toolVersion: string;
  /** Default {@link JOIN_TOLERANCE_MS}; fixed for the whole dataset. */
  readonly joinToleranceMs?: number;
  /** Default {@link CONVERT_MEMORY_MB}, or half of the machine's memory if that is less. */
  readonly memoryMb?: number;
  readonly threads?: number;
}

export interface Converted {
  readonly dataset: Dataset;
  /** Everything that was read. */
  readonly histories: readonly LoadedHistory[];
  /** Recordings that were added. */
  readonly added: number;
  /** Recordings that were there before, with the same events. */
  readonly known: number;
}

/**
 * Converts files, folders, patterns and standard input, as `loadHistories` reads them. A recording
 * that the dataset has already is left alone if its events are the same. Throws a
 * {@link UserError} otherwise, and for whatever can't be read or written.
 */
export async function convertHistories(
  inputs: readonly string[],
  options: ConvertOptions,
): Promise<Converted> {
  const joinToleranceMs = options.joinToleranceMs ?? JOIN_TOLERANCE_MS;
  const home = await datasetHome(options.to);
  refuseOtherTolerance(home.dataset, joinToleranceMs);
  const draft = path.join(home.workplace, `.${randomBytes(6).toString('hex')}.tmp`);
  const half = Math.floor(totalmem() / 2e6);
  const memoryMb = options.memoryMb ?? Math.min(CONVERT_MEMORY_MB, half);
  const { threads } = options;
  const store = await openHistoryStore({
    memoryMb,
    ...(threads === undefined ? {} : { threads }),
    folders: [draft, home.folder],
    files: await namedFiles(inputs),
  });
  try {
    await mkdir(draft, { recursive: true });
    const loaded = await loadHistories(store, inputs, options);
    const { recordings, histories, known } = await newRecordings(
      store.query,
      loaded,
      home.dataset?.manifest,
    );
    if (home.dataset !== undefined && recordings.length === 0) {
      return { dataset: home.dataset, histories: loaded, added: 0, known };
    }
    await buildSessions(store.query, recordingsOf(histories), {
      joinToleranceMs,
      eventsAtOnce: Math.ceil((EVENTS_PAIRED_AT_ONCE * memoryMb) / STORE_MEMORY_MB),
    });
    const manifest = await written(store, { draft, dataset: home.dataset, recordings, histories });
    const { toolVersion } = options;
    const dataset = await installDataset(home, draft, {
      ...manifest,
      toolVersion: home.dataset?.manifest.toolVersion ?? toolVersion,
      joinToleranceMs,
    });
    return { dataset, histories: loaded, added: recordings.length, known };
  } finally {
    await store.close();
    await rm(draft, { recursive: true, force: true });
  }
}

interface Writing {
  readonly draft: string;
  readonly dataset: Dataset | undefined;
  readonly recordings: Awaited<ReturnType<typeof newRecordings>>['recordings'];
  readonly histories: readonly LoadedHistory[];
}

/** Writes the sessions into the draft; gives the manifest of the whole. */
async function written(
  store: HistoryStore,
  { draft, dataset, recordings, histories }: Writing,
): Promise<Omit<DatasetManifest, 'digest' | 'toolVersion' | 'joinToleranceMs'>> {
  const before = dataset?.manifest;
  const shift = {
    run: before?.recordings.length ?? 0,
    id: (before?.recordings ?? []).reduce((sum, one) => sum + one.events, 0),
    event: (before?.recordings ?? []).reduce((sum, one) => sum + one.eventNumbers, 0),
  };
  const { columns, files } = await writeSessions(store, {
    folder: draft,
    without: JUDGED_COLUMNS,
    shift,
  });
  if (before !== undefined && before.columns.join() !== columns.join()) {
    throw new UserError(EXIT.invalidInput, {
      file: dataset?.folder ?? draft,
      message: 'the dataset was made by another version, with other columns',
      hint: 'convert all histories again into a new folder',
    });
  }
  const facts = await factsWith(store.query, dataset, TAKEOVER_TOLERANCE_MS);
  const spans = await store.query<Span>('SELECT run, from_ms, to_ms, event_offset FROM runs');
  return {
    doppelfleet: 'dataset',
    schemaVersion: DATASET_SCHEMA_VERSION,
    takeoverToleranceMs: TAKEOVER_TOLERANCE_MS,
    columns,
    recordings: [
      ...(before?.recordings ?? []),
      ...recordings.map((recording) => {
        const span = spans.find(({ run }) => run === recording.run);
        return {
          ...recording,
          run: recording.run + shift.run,
          from: span?.from_ms ?? 0,
          to: span?.to_ms ?? 0,
          eventOffset: (span?.event_offset ?? 0) + shift.event,
        };
      }),
    ],
    sources: [
      ...(before?.sources ?? []),
      ...histories.map((history) => ({ ...history, run: history.run + shift.run })),
    ],
    facts,
    files: [...(before?.files ?? []), ...files],
  };
}

interface Span {
  readonly run: number;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly event_offset: number;
}

function refuseOtherTolerance(dataset: Dataset | undefined, joinToleranceMs: number): void {
  const stored = dataset?.manifest.joinToleranceMs ?? joinToleranceMs;
  if (stored === joinToleranceMs) return;
  throw new UserError(EXIT.usage, {
    ...(dataset === undefined ? {} : { file: dataset.folder }),
    message: `the dataset was joined with a tolerance of ${stored} ms, not ${joinToleranceMs} ms`,
    hint: 'use the same, or convert all histories again into a new folder',
  });
}
