/** Where a session stands, in a word for the badge and a sentence for the line below it. */
import type { LiveRun, LiveSession } from '../../src/live/session.ts';
import { count, span } from '../shared/format.ts';

export interface StateWords {
  readonly word: string;
  readonly sentence: string;
  /** How far the phase has come, from 0 to 1; undefined where nobody knows. */
  readonly share?: number;
}

export function stateOf(session: LiveSession, run: LiveRun | undefined): StateWords {
  if (session.reports !== undefined) {
    return { word: 'ended', sentence: 'The run has ended; nothing more will come.', share: 1 };
  }
  if (run === undefined) return { word: 'waiting', sentence: 'The run is about to begin.' };
  if (run.verdict !== undefined) {
    return {
      word: 'judged',
      sentence: 'Audited and judged; what follows is on its way.',
      share: 1,
    };
  }
  const { progress, issuing, healed } = run;
  if (progress !== undefined) return phaseOf(progress, session.stopping, healed === true);
  if (issuing !== undefined && issuing.done < issuing.total) {
    const { done, total } = issuing;
    const sentence = `${count(done)} of ${count(total)} certificates are ready.`;
    return { word: 'issuing', sentence, share: done / total };
  }
  return { word: 'starting', sentence: 'The broker is started.' };
}

function phaseOf(
  progress: NonNullable<LiveRun['progress']>,
  stopping: boolean,
  healed: boolean,
): StateWords {
  const { phase, phaseElapsedMs, phaseMs, interlude } = progress;
  if (stopping) return { word: 'stopping', sentence: 'Every connection is closed.' };
  const doing = interlude === undefined ? '' : ` Now: ${interlude}.`;
  switch (phase) {
    case 'running': {
      const words = left(phaseElapsedMs, phaseMs, 'until the faults end');
      return { word: 'running', sentence: `${words}${doing}`, ...shareOf(phaseElapsedMs, phaseMs) };
    }
    case 'intervening':
      return { word: 'changing', sentence: `The broker is changed, with the faults on.${doing}` };
    case 'settling': {
      const why = healed ? 'The faults were ended by hand' : 'The faults have ended';
      const words = `${why}; the fleet must become quiet.`;
      return { word: 'settling', sentence: words, ...shareOf(phaseElapsedMs, phaseMs) };
    }
    case 'stopping':
      return { word: 'stopping', sentence: 'Every device disconnects; then the audit follows.' };
  }
}

function shareOf(elapsedMs: number, ofMs: number | undefined): { readonly share?: number } {
  if (ofMs === undefined || ofMs === 0) return {};
  return { share: Math.min(1, elapsedMs / ofMs) };
}

function left(elapsedMs: number, ofMs: number | undefined, what: string): string {
  if (ofMs === undefined) return `${span(tenths(elapsedMs))} so far.`;
  const rest = Math.max(0, ofMs - elapsedMs);
  return `${span(tenths(Math.min(elapsedMs, ofMs)))} of ${span(ofMs)}, ${span(tenths(rest))} ${what}.`;
}

function tenths(ms: number): number {
  return Math.round(ms / 100) * 100;
}
