/** Appends connection events to a history file: header, numbered events, trailer. */
import { appendFile, copyFile, rename, rm, truncate } from 'node:fs/promises';
import { fileError } from '../core/errors.ts';
import type { EpochMs } from '../core/time.ts';
import { encodeEvent, encodeHeader, encodeTrailer } from './encode.ts';
import type { HistoryHeader, HistoryTrailer, ObservedEvent } from './event.ts';
import { LineWriter, type LineWriterOptions } from './line-writer.ts';

export interface HistoryWriter {
  /** Queues an event and returns its number. After a failure numbers go on, nothing is kept. */
  append(event: ObservedEvent): number;
  /** Resolves when everything appended so far is in the file; rejects with {@link failed}. */
  flush(): Promise<void>;
  /** Writes what was appended so far into `file`, as a whole history that ended at `endedAt`. */
  copyTo(file: string, endedAt: EpochMs): Promise<void>;
  /** Writes the trailer and closes; a second call does nothing. Rejects with {@link failed}. */
  close(outcome: HistoryTrailer['outcome'], endedAt: EpochMs): Promise<void>;
  /** As {@link close}, at once and without throwing, for a process that is about to end. */
  closeNow(outcome: HistoryTrailer['outcome'], endedAt: EpochMs): void;
  /** Why nothing more can be written (disk full, …); what was written before stays. */
  readonly failed: Error | undefined;
}

/** Creates `file` with its header. Throws a `UserError` if it can't or holds something. */
export function openHistoryWriter(
  file: string,
  header: HistoryHeader,
  options: LineWriterOptions = {},
): HistoryWriter {
  const lines = new LineWriter(file, encodeHeader(header), options);
  let events = 0;
  return {
    append(event) {
      const number = events;
      lines.write(encodeEvent(event, number));
      events += 1;
      return number;
    },
    flush: () => lines.flush(),
    async copyTo(copy, endedAt) {
      const trailer = encodeTrailer({ events, endedAt, outcome: 'completed' });
      const bytes = await lines.written();
      const temporary = `${copy}.tmp`;
      try {
        await copyFile(file, temporary);
        await truncate(temporary, bytes);
        await appendFile(temporary, trailer);
        await rename(temporary, copy);
      } catch (error) {
        await rm(temporary, { force: true });
        throw fileError(error, 'write', copy);
      }
    },
    close: (outcome, endedAt) => lines.close(encodeTrailer({ events, endedAt, outcome })),
    closeNow: (outcome, endedAt) => lines.closeNow(encodeTrailer({ events, endedAt, outcome })),
    get failed() {
      return lines.failed;
    },
  };
}
