/**
 * Which of the recordings in a store a dataset does not have yet. A recording is known by its header
 * and its events; one with a known header and other events is refused, because its sessions may go
 * on in those that were converted before.
 */
import { EXIT, type Problem, UserError } from '../../core/errors.ts';
import { type LoadedHistory, recordingKey } from '../load.ts';
import type { Query } from '../store.ts';
import type { DatasetManifest, DatasetRecording } from './manifest.ts';

/** A recording before it is known where in a dataset it stands. */
export type NewRecording = Omit<DatasetRecording, 'from' | 'to' | 'eventOffset'>;

export interface NewRecordings {
  /** With numbers from 0, as the store now has them. */
  readonly recordings: readonly NewRecording[];
  readonly histories: readonly LoadedHistory[];
  readonly known: number;
}

/** Removes the events of known recordings from the store. Throws a {@link UserError} (65). */
export async function newRecordings(
  query: Query,
  loaded: readonly LoadedHistory[],
  manifest: DatasetManifest | undefined,
): Promise<NewRecordings> {
  const contents = await query<ContentRow>(CONTENTS);
  const byRun = new Map<number, LoadedHistory[]>();
  for (const history of loaded) {
    byRun.set(history.run, [...(byRun.get(history.run) ?? []), history]);
  }
  const recordings: NewRecording[] = [];
  const histories: LoadedHistory[] = [];
  const problems: Problem[] = [];
  let known = 0;
  for (const [run, parts] of [...byRun].sort(([a], [b]) => a - b)) {
    const recording = described(
      parts,
      contents.find((row) => row.run === run),
    );
    const same = manifest?.recordings.find(({ key }) => key === recording.key);
    if (same === undefined) {
      const number = recordings.length;
      if (number !== run) {
        await query('UPDATE events SET run = $number::INTEGER WHERE run = $run::INTEGER', {
          number,
          run,
        });
      }
      recordings.push({ ...recording, run: number });
      histories.push(...parts.map((part) => ({ ...part, run: number })));
    } else {
      if (same.fingerprint !== recording.fingerprint) problems.push(...parts.map(refusal));
      known += 1;
      await query('DELETE FROM events WHERE run = $run::INTEGER', { run });
    }
  }
  if (problems.length > 0) throw new UserError(EXIT.invalidInput, problems);
  return { recordings, histories, known };
}

function refusal({ file }: LoadedHistory): Problem {
  return {
    file,
    message: 'the dataset has this recording already, with other events',
    hint: 'convert all its files at once into a new folder',
  };
}

function described(parts: readonly LoadedHistory[], content: ContentRow | undefined): NewRecording {
  const [first] = parts;
  return {
    run: first?.run ?? 0,
    key: first === undefined ? '' : recordingKey(first.header),
    hasBroker: parts.some(({ header }) => header.source.vantages.includes('broker')),
    eventNumbers: content?.event_numbers ?? 0,
    events: content?.events ?? 0,
    fingerprint: content?.fingerprint ?? 'none',
  };
}

interface ContentRow {
  readonly run: number;
  readonly events: number;
  readonly event_numbers: number;
  readonly fingerprint: string;
}

/** Sum and exclusive or of a hash of each event: equal for equal events in whatever order. */
const CONTENTS = `
SELECT run, count(*) AS events, max(event) + 1 AS event_numbers,
  sum(digest)::VARCHAR || '-' || bit_xor(digest)::VARCHAR AS fingerprint
FROM (SELECT run, event, hash(event, kind, vantage, at_ms, session_id, client_id, certificate_id,
  reason) AS digest FROM events)
GROUP BY run`;
