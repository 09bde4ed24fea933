/** Sentences on what limits an audit's answer: what could not be read, and what was inferred. Pure. */
import { plural } from '../core/text.ts';
import type { LoadedHistory } from '../history/load.ts';
import type { AuditResult } from './finding.ts';
import { suppressionName } from './suppression.ts';

/** What became of joining the devices' records with the broker's. */
export interface JoinCounts {
  /** Sessions that devices recorded and the broker did not. */
  readonly unmatched: number;
  /** Sessions to which broker and device give different certificate IDs. */
  readonly contradicting: number;
  /** Takeovers that were inferred from times. */
  readonly takeoversInferred: number;
}

export function auditNotes(
  histories: readonly LoadedHistory[],
  joined: JoinCounts,
  audit: Pick<AuditResult, 'suppressions'> = {},
): readonly string[] {
  const notes = histories.flatMap((history, i) => [
    ...fileNotes(history),
    ...repeated(history, histories.slice(0, i)),
  ]);
  const { unmatched, contradicting, takeoversInferred } = joined;
  if (unmatched > 0) {
    notes.push(
      `${plural(unmatched, 'session')} in the devices' records ${unmatched === 1 ? 'has' : 'have'} ` +
        'no counterpart in the broker’s: left out of the checks',
    );
  }
  if (contradicting > 0) {
    notes.push(
      `broker and device name different certificates for ${plural(contradicting, 'session')}: ` +
        'the broker’s counts',
    );
  }
  if (takeoversInferred > 0) {
    notes.push(
      `${plural(takeoversInferred, 'takeover')} inferred from the times of a close and of the next ` +
        'connect with the same client ID: no broker evidence',
    );
  }
  return [...notes, ...suppressionNotes(audit)];
}

/** A suppression that no longer does anything hides the next real finding. */
function suppressionNotes({ suppressions = [] }: Pick<AuditResult, 'suppressions'>): string[] {
  return suppressions.flatMap((suppression) => {
    const { status, expirationDate = 0 } = suppression;
    const name = suppressionName(suppression);
    if (status === 'unused') return [`the suppression of ${name} matched no finding: remove it`];
    if (status !== 'expired') return [];
    const since = new Date(expirationDate * 1000).toISOString();
    return [`the suppression of ${name} expired on ${since}: renew or remove it`];
  });
}

function fileNotes(history: LoadedHistory): string[] {
  const { file, format = 'doppelfleet', trailer, events, unreadableLines, examples } = history;
  const notes = (history.remarks ?? []).map((remark) => `${file}: ${remark}`);
  if (trailer === undefined && format === 'doppelfleet' && history.damage === undefined) {
    notes.push(`${file}: no trailer, the history is truncated; what is there was used`);
  } else if (trailer !== undefined && trailer.events !== events) {
    notes.push(
      `${file}: the trailer counts ${plural(trailer.events, 'event')}, ${events} could be read`,
    );
  }
  if (trailer !== undefined && trailer.outcome !== 'completed') {
    notes.push(`${file}: the run ${trailer.outcome === 'failed' ? 'failed' : 'was interrupted'}`);
  }
  if (unreadableLines > 0) {
    const [first] = examples;
    const example = first === undefined ? '' : ` (line ${first.line}: ${first.message})`;
    notes.push(
      `${file}: ${plural(unreadableLines, 'line')} could not be read and were left out${example}`,
    );
  }
  return notes;
}

function repeated(history: LoadedHistory, earlier: readonly LoadedHistory[]): string[] {
  const same = earlier.find((other) => other.run === history.run);
  return same === undefined
    ? []
    : [`${history.file}: has the same header as ${same.file}; both were read as one recording`];
}
