/** What a bench is and what it answers; a new one is one file and one line in the registry. */
import type { Spread } from './spread.ts';

/** What a bench is given. */
export interface BenchContext {
  /** A folder of its own, removed when the program ends. */
  readonly folder: string;
  /** Progress for people, one line. */
  readonly tell: (line: string) => void;
  /** Aborted by Ctrl-C: stop measuring, clean up, throw. */
  readonly signal: AbortSignal;
  /** Devices that the memory bench holds connected. */
  readonly devices: number;
  /** What `--devices` says, or the bench's own number. */
  readonly devicesOr: (byDefault: number) => number;
  /** What `--seconds` says, or the bench's own number. */
  readonly secondsOr: (byDefault: number) => number;
  /** Events of the history that the convert bench reads. */
  readonly events: number;
  /** Sessions of the datasets that the audit bench makes, ascending. */
  readonly sessions: readonly number[];
}

/** A goal, reported and never asserted: machines are noisy. */
export interface Bar {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One measurement beside what it is compared with, measured in the same run. */
export interface Measurement extends Spread {
  readonly bar?: Bar;
  readonly unit: string;
  readonly reference: { readonly what: string } & Spread;
  /** Further figures; units stand in their names. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What is printed of a bench. */
export interface BenchResult extends Measurement {
  readonly name: string;
  /** `value` divided by the reference's. */
  readonly ratio: number;
  /** Null when there is no bar. */
  readonly met: boolean | null;
}

export interface Bench {
  readonly title: string;
  readonly run: (context: BenchContext) => Promise<Measurement>;
}

/** Adds the name, the ratio and whether the bar was met. */
export function resultOf(name: string, measured: Measurement): BenchResult {
  const { bar, value, reference } = measured;
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = bar ?? {};
  const met = bar === undefined ? null : value >= atLeast && value <= atMost;
  return { name, ...measured, ratio: Number((value / reference.value).toPrecision(3)), met };
}
