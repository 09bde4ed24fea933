/**
 * What is written down while a fleet is driven: the history and the planted truth, each in its file.
 * Events that come before the files are open wait for them; those that come after the end are
 * dropped.
 */
import { join } from 'node:path';
import type { EpochMs } from '../core/time.ts';
import type { TruthRecord } from '../fleet/session.ts';
import type { HistoryHeader, HistoryTrailer, ObservedEvent } from '../history/event.ts';
import { LineWriter } from '../history/line-writer.ts';
import { type HistoryWriter, openHistoryWriter } from '../history/writer.ts';

interface OpenFiles {
  readonly history: HistoryWriter;
  readonly truth: LineWriter;
}

export class Recording {
  /** Path of the history. */
  readonly path: string;
  readonly #folder: string;
  readonly #onError: (error: Error) => void;
  readonly #early: ObservedEvent[] = [];
  #files: OpenFiles | undefined;
  #ended = false;

  /** `onError` hears of a disk that takes no more. */
  constructor(folder: string, onError: (error: Error) => void) {
    this.#folder = folder;
    this.path = join(folder, 'history.ndjson');
    this.#onError = onError;
  }

  /** Opens both files. */
  open(header: HistoryHeader): void {
    const options = { onError: this.#onError };
    const history = openHistoryWriter(this.path, header, options);
    const truthHeader = ndjson({ doppelfleet: 'truth', runId: header.runId });
    const truth = new LineWriter(join(this.#folder, 'truth.ndjson'), truthHeader, options);
    this.#files = { history, truth };
    for (const event of this.#early.splice(0)) this.event(event);
  }

  event(event: ObservedEvent): void {
    if (this.#ended) return;
    if (this.#files === undefined) this.#early.push(event);
    else void this.#files.history.append(wholeMs(event));
  }

  truth(line: TruthRecord): void {
    this.#files?.truth.write(ndjson({ ...line, at: Math.round(line.at) }));
  }

  /** The history up to `at` as a file of its own, whole and closed. */
  async copyTo(path: string, at: EpochMs): Promise<void> {
    await this.#files?.history.copyTo(path, at);
  }

  /** Whole files; what is still said after this comes too late. */
  async close(outcome: HistoryTrailer['outcome'], endedAt: EpochMs): Promise<void> {
    this.#ended = true;
    await this.#files?.history.close(outcome, endedAt);
    await this.#files?.truth.close();
  }

  /** At once, as a run that failed; does nothing after {@link close}. */
  closeNow(at: EpochMs): void {
    this.#ended = true;
    this.#files?.truth.closeNow();
    this.#files?.history.closeNow('failed', at);
  }
}

function ndjson(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function wholeMs(event: ObservedEvent): ObservedEvent {
  const { at, abandonedAt } = event;
  return {
    ...event,
    at: Math.round(at),
    ...(abandonedAt === undefined ? {} : { abandonedAt: Math.round(abandonedAt) }),
  };
}
