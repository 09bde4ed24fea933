/** An audit together with what it was made from. Pure. */
import type { LoadedHistory } from '../history/load.ts';
import type { StoreAudit } from './audit-store.ts';
import type { AuditResult } from './finding.ts';
import { auditNotes } from './notes.ts';
import type { AuditOptions } from './options.ts';
import type { Recording } from './sessions.ts';

/** What the headers and trailers say of the recordings. */
export function recordingsOf(histories: readonly LoadedHistory[]): readonly Recording[] {
  return histories.map(
    ({ run, header, trailer }): Recording => ({
      run,
      hasBroker: header.source.vantages.includes('broker'),
      startedAt: header.startedAt,
      endedAt: trailer?.endedAt,
    }),
  );
}

/** Adds the sources and the notes to what an audit of a store gave. */
export function auditResult(
  audited: StoreAudit,
  histories: readonly LoadedHistory[],
  { certificates }: AuditOptions,
): AuditResult {
  const { joined, evidenceOffsets, ...answer } = audited;
  return {
    ...answer,
    sources: histories.map(
      ({ file, files, format, header, run, events, trailer, damage, leftOut, ...unread }) => ({
        file,
        ...(files === undefined || files.length === 1 ? {} : { files }),
        ...(format === undefined ? {} : { format }),
        broker: header.source.broker,
        runId: header.runId,
        events,
        evidenceOffset: evidenceOffsets.get(run) ?? 0,
        complete: trailer !== undefined,
        ...(damage === undefined ? {} : { damage }),
        ...(leftOut === undefined ? {} : { leftOut }),
        unreadableLines: unread.unreadableLines,
        examples: unread.examples,
      }),
    ),
    notes: [...auditNotes(histories, joined, answer), ...(certificates?.notes ?? [])],
  };
}
