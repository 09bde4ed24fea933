/**
 * What a report page gives its browser code, as plain data. Times are milliseconds since the start
 * of each run, so that all runs lie on one axis. Text is already safe to show. No imports: both
 * sides share this file.
 */

/** Raised when a field changes its meaning. */
export const PAGE_DATA_VERSION = 1;

export interface PageData {
  readonly version: typeof PAGE_DATA_VERSION;
  readonly fromMs: number;
  readonly toMs: number;
  readonly runs: readonly PageRun[];
}

/** An instant that all runs have: the end of the faults, the quiet, the end of the recording. */
export interface PageMark {
  readonly kind: 'faults-end' | 'quiet' | 'end';
  readonly atMs: number;
  readonly label: string;
}

/** What happened in each bin of time; bin 0 begins at `PageData.fromMs`. */
export interface PageSeries {
  readonly binMs: number;
  readonly connects: readonly number[];
  readonly closes: readonly number[];
  readonly takeovers: readonly number[];
  readonly failed: readonly number[];
  /** Sessions open at the end of the bin. */
  readonly open: readonly number[];
  /** From the start of a connect to its CONNACK, in ms; null where nothing connected. */
  readonly latencyP50: readonly (number | null)[];
  readonly latencyP99: readonly (number | null)[];
}

/** Lanes that are not shown one by one: how many of their sessions were open in each bin. */
export interface PageBand {
  readonly label: string;
  readonly lanes: number;
  readonly sessions: number;
  readonly open: readonly number[];
}

/** What a finding is about, by places in the tables of its run. */
export interface PageFinding {
  readonly anchor: string;
  readonly label: string;
  readonly clients: readonly number[];
  readonly certificates: readonly number[];
}

export interface PageRun {
  readonly name: string;
  readonly title: string;
  /** Whose records the sessions are. */
  readonly vantage: 'broker' | 'device' | 'none';
  readonly marks: readonly PageMark[];
  readonly series: PageSeries;
  readonly findings: readonly PageFinding[];
  readonly bands: readonly PageBand[];
  /** Sessions in all, and those that only the bands count. */
  readonly sessions: number;
  readonly sessionsLeftOut: number;
}

/** Names that the columns point into; device names are the simulator's own knowledge. */
export interface PageTables {
  readonly clients: readonly string[];
  readonly certificates: readonly string[];
  readonly devices: readonly string[];
  readonly addresses: readonly string[];
}
