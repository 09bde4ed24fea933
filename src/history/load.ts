/**
 * Loads history files into a store. Files with one and the same header are parts or copies of one
 * recording and share a number; others are told apart, because session IDs may repeat.
 */
import type { EpochMs } from '../core/time.ts';
import type { HistoryHeader } from './event.ts';
import { type HistoryReading, readHistory } from './reader.ts';
import type { HistoryStore } from './store.ts';

/** A history file that has been read into a store. */
export interface LoadedHistory extends HistoryReading {
  /** Number of the recording; files with equal headers have the same. */
  readonly run: number;
}

export async function loadHistories(
  store: HistoryStore,
  files: readonly string[],
): Promise<readonly LoadedHistory[]> {
  const runs = new Map<string, number>();
  const loaded: LoadedHistory[] = [];
  for (const file of files) {
    let run = 0;
    const reading = await readHistory(file, {
      header: (header) => {
        const key = recordingKey(header);
        run = runs.get(key) ?? runs.size;
        runs.set(key, run);
      },
      events: (events) => store.append(run, events),
    });
    loaded.push({ ...reading, run });
  }
  return loaded;
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
