/**
 * What watchers are told of a run while it goes, as plain data. No imports: the terminal, the server
 * and the page in the browser share this file. Times are milliseconds since the start of the run,
 * rates are per second. Every list is bounded, whatever the size of the fleet.
 */

/** One second of a run, or a little more when the generator was busy; rates allow for that. */
export interface SecondSample {
  /** Its end. */
  readonly atMs: number;
  readonly connects: number;
  readonly closes: number;
  readonly failed: number;
  readonly takeovers: number;
  readonly messages: number;
  /** Devices connected at its end. */
  readonly connected: number;
  /** From the start of a connect to its CONNACK; absent when nothing connected. */
  readonly latencyP50Ms?: number;
  readonly latencyP99Ms?: number;
  /** From the planned instant of a connect to its start; absent when none was due. */
  readonly latenessP99Ms?: number;
}

export const NOTABLE_KINDS = [
  'takeover',
  'refused',
  'lost',
  'phase',
  'interlude',
  'generator',
] as const;

export type NotableKind = (typeof NOTABLE_KINDS)[number];

/** Something worth a line, as a sentence that is safe to show. */
export interface Notable {
  /** Counts up from 1 within the run, without gaps. */
  readonly seq: number;
  readonly atMs: number;
  readonly kind: NotableKind;
  readonly text: string;
  /** The first of its kind in this run. */
  readonly first: boolean;
}

export interface GroupProgress {
  readonly name: string;
  readonly devices: number;
  readonly connected: number;
}

/** Where a run of a fleet stands. */
export interface RunProgress {
  /** `intervening`: something is done to the broker after the duration, with the faults still on. */
  readonly phase: 'running' | 'intervening' | 'settling' | 'stopping';
  readonly phaseElapsedMs: number;
  /** How long the phase may last; absent where nobody knows. */
  readonly phaseMs?: number;
  /** What is being done to the broker, also in mid-run. */
  readonly interlude?: string;
  readonly elapsedMs: number;
  readonly totalMs: number;
  readonly devices: number;
  readonly connected: number;
  readonly connecting: number;
  /** Since the start: connects accepted and failed, connections closed, messages. */
  readonly accepted: number;
  readonly failed: number;
  readonly closed: number;
  readonly published: number;
  readonly received: number;
  /** False where only the audit can infer takeovers, after the run. */
  readonly takeoversVisible: boolean;
  /** Since the start, and in the last second. */
  readonly takeovers: number;
  readonly takeoversPerSecond: number;
  /** The largest groups first. */
  readonly groups: readonly GroupProgress[];
  readonly groupsLeftOut: number;
  /** Percentiles of the last few seconds; absent when nothing happened in them. */
  readonly latencyMs?: { readonly p50: number; readonly p99: number };
  readonly latenessP99Ms?: number;
  /** The last minute, oldest first. */
  readonly seconds: readonly SecondSample[];
  /** The newest last; the same list as long as nothing was added. */
  readonly notable: readonly Notable[];
}
