/**
 * What a browser sees of a command's runs, and how each update changes it. One pure function keeps
 * the state on the server and in the page alike, so that a page which comes late, or was too slow,
 * is given the state and goes on with the updates. Every list is bounded; text is safe to show.
 */
import type { Notable, RunProgress, SecondSample } from './progress.ts';

/** Raised when a field changes its meaning. */
const LIVE_VERSION = 1;

/** Twenty minutes of one run. */
const SECONDS_KEPT = 1200;
const NOTABLE_KEPT = 100;
const RUNS_KEPT = 50;
const NOTES_KEPT = 50;

export type LiveOutcome = 'met' | 'unmet' | 'inconclusive';

/** What was found about a run, once it is audited and judged. */
export interface LiveVerdict {
  readonly outcome: LiveOutcome;
  /** How the drive ended. */
  readonly ended: 'completed' | 'interrupted' | 'failed';
  readonly failure?: string;
  /** A sentence for each finding. */
  readonly findings: readonly string[];
  readonly findingsInAll: number;
  readonly takeovers: number;
}

export interface LiveRun {
  readonly scenario: string;
  readonly purpose: string;
  /** As it was asked for; absent for the scenario as it is. */
  readonly fix?: string;
  /** Absent for a script. */
  readonly devices?: number;
  readonly target: string;
  readonly broker?: string;
  /** Certificates, until all are there. */
  readonly issuing?: { readonly done: number; readonly total: number };
  readonly progress?: Omit<RunProgress, 'seconds' | 'notable'>;
  readonly seconds: readonly SecondSample[];
  readonly notable: readonly Notable[];
  /** The faults were ended by hand. */
  readonly healed?: boolean;
  readonly verdict?: LiveVerdict;
}

/** A finished report and where it lies. */
export interface LiveReport {
  readonly scenario: string;
  readonly outcome: LiveOutcome;
  readonly folder: string;
  /** Path of its page; absent where none was written. */
  readonly page?: string;
}

export interface LiveSession {
  readonly version: typeof LIVE_VERSION;
  readonly toolVersion: string;
  readonly runs: readonly LiveRun[];
  readonly runsLeftOut: number;
  readonly notes: readonly string[];
  readonly stopping: boolean;
  /** Present once the command has ended. */
  readonly reports?: readonly LiveReport[];
  /** Pages can be opened from here as long as the server goes on. */
  readonly held?: boolean;
}

export type LiveUpdate =
  | { readonly type: 'run'; readonly run: LiveRun }
  | { readonly type: 'issuing'; readonly done: number; readonly total: number }
  | { readonly type: 'broker'; readonly broker: string }
  | {
      readonly type: 'progress';
      readonly progress: Omit<RunProgress, 'seconds' | 'notable'>;
      /** Only those that are new. */
      readonly seconds: readonly SecondSample[];
      readonly notable: readonly Notable[];
    }
  | { readonly type: 'verdict'; readonly verdict: LiveVerdict }
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'healed' }
  | { readonly type: 'stopping' }
  | { readonly type: 'ended'; readonly reports: readonly LiveReport[]; readonly held: boolean };

export function newSession(toolVersion: string): LiveSession {
  return {
    version: LIVE_VERSION,
    toolVersion,
    runs: [],
    runsLeftOut: 0,
    notes: [],
    stopping: false,
  };
}

/** The state after an update; all but `run`, `note` and the last two are about the last run. */
export function updated(session: LiveSession, update: LiveUpdate): LiveSession {
  switch (update.type) {
    case 'run': {
      const runs = [...session.runs, update.run].slice(-RUNS_KEPT);
      const runsLeftOut = session.runsLeftOut + session.runs.length + 1 - runs.length;
      return { ...session, runs, runsLeftOut };
    }
    case 'issuing':
      return inLastRun(session, { issuing: { done: update.done, total: update.total } });
    case 'broker':
      return inLastRun(session, { broker: update.broker });
    case 'progress': {
      const last = session.runs.at(-1);
      return inLastRun(session, {
        progress: update.progress,
        seconds: appended(last?.seconds ?? [], update.seconds, SECONDS_KEPT),
        notable: appended(last?.notable ?? [], update.notable, NOTABLE_KEPT),
      });
    }
    case 'verdict':
      return inLastRun(session, { verdict: update.verdict });
    case 'note':
      return { ...session, notes: appended(session.notes, [update.text], NOTES_KEPT) };
    case 'healed':
      return inLastRun(session, { healed: true });
    case 'stopping':
      return { ...session, stopping: true };
    case 'ended':
      return { ...session, reports: update.reports, held: update.held };
  }
}

/** Whether ending the faults would change anything now. */
export function canHeal(session: LiveSession): boolean {
  const last = session.runs.at(-1);
  return (
    !session.stopping && last?.verdict === undefined && !last?.healed && isRunning(last?.progress)
  );
}

function isRunning(progress: LiveRun['progress']): boolean {
  return progress?.phase === 'running';
}

function inLastRun(session: LiveSession, change: Partial<LiveRun>): LiveSession {
  const last = session.runs.at(-1);
  if (last === undefined) return session;
  return { ...session, runs: [...session.runs.slice(0, -1), { ...last, ...change }] };
}

/** The same list when nothing is added. */
function appended<Item>(
  list: readonly Item[],
  items: readonly Item[],
  max: number,
): readonly Item[] {
  return items.length === 0 ? list : [...list, ...items].slice(-max);
}
