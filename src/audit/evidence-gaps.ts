/**
 * What of the evidence was lost before any check ran: files that are damaged or cut off, lines that
 * could not be read, histories that end too early. Whatever is gone may have held the one session
 * that matters, so each cause leaves checks of sessions open. Pure.
 */
import { plural, printable } from '../core/text.ts';
import type { LoadedHistory } from '../history/load.ts';

/** So many causes are told apart; the rest are counted. */
const GAPS_MAX = 20;

/** A sentence for each cause, in the order of the sources; none when everything is there. */
export function evidenceGaps(histories: readonly LoadedHistory[]): readonly string[] {
  const byRun = new Map<number, LoadedHistory[]>();
  for (const history of histories) {
    byRun.set(history.run, [...(byRun.get(history.run) ?? []), history]);
  }
  const whole = new Set([...byRun].filter(([, files]) => isWhole(files)).map(([run]) => run));
  const gaps = histories
    .flatMap((history) => gapsOf(history, whole.has(history.run)))
    .map((gap) => `evidence: ${gap}`);
  const more = gaps.length - GAPS_MAX;
  if (more <= 0) return gaps;
  return [...gaps.slice(0, GAPS_MAX), `evidence: ${more} more of the kind`];
}

/** Files with one header: a file with all its events, whatever its copies lack, or all the parts. */
function isWhole(files: readonly LoadedHistory[]): boolean {
  const ends = files.filter(({ trailer }) => trailer !== undefined);
  if (ends.some(({ trailer, events }) => trailer !== undefined && events >= trailer.events)) {
    return true;
  }
  const [end, ...others] = ends;
  const events = files.reduce((sum, file) => sum + file.events, 0);
  return others.length === 0 && end?.trailer?.events === events;
}

function gapsOf(history: LoadedHistory, isWholeRun: boolean): readonly string[] {
  const { damage = [], events, format = 'doppelfleet', trailer, unreadableLines } = history;
  const file = printable(history.file);
  const gaps = [...damage];
  if (unreadableLines > 0) {
    gaps.push(`${plural(unreadableLines, 'line')} of ${file} could not be read`);
  }
  if (isWholeRun || damage.length > 0) return gaps;
  if (trailer === undefined) {
    gaps.push(`${file} ${format === 'doppelfleet' ? 'ends without its trailer' : 'is cut off'}`);
  } else if (unreadableLines === 0) {
    gaps.push(
      `the trailer of ${file} counts ${plural(trailer.events, 'event')}, ${events} are there`,
    );
  }
  return gaps;
}
