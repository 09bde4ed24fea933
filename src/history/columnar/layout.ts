/**
 * Where the sessions of a dataset lie: by the UTC day on which a session starts and by how many
 * midnights it then lasts, in powers of two. So a window reads the days that it touches, and of
 * earlier days only files with sessions that last about as long as the days are past. What decides
 * is each file's own span of time; the names are for people. Pure.
 */
import { DAY_MS, type EpochMs, type TimeWindow } from '../../core/time.ts';

export interface DatasetFile {
  /** Relative to the dataset's folder, with slashes. */
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  /** First and last start of a session. */
  readonly startsFrom: EpochMs;
  readonly startsTo: EpochMs;
  /** Last end; a session without a close ends with its recording. */
  readonly endsTo: EpochMs;
}

/** The files with sessions that can touch `[from, to)`; all without a window. */
export function filesFor(
  files: readonly DatasetFile[],
  window: TimeWindow | undefined,
): readonly DatasetFile[] {
  if (window === undefined) return files;
  return files.filter(({ startsFrom, endsTo }) => startsFrom < window.to && endsTo >= window.from);
}

/** Days beyond this many share one folder: a file with absurd times makes no million folders. */
const DAYS_MAX = 1_500;
/** Written at once: DuckDB holds memory for each folder that it has begun. */
const DAYS_AT_ONCE = 8;
const OTHER_DAYS = 'other';

const DAY = `starts_at // ${DAY_MS}`;
const NIGHTS = `(ended_at // ${DAY_MS} - ${DAY})`;
const IS_BUSY = `${DAY} IN (SELECT day FROM busy_days)`;

/** The days with most sessions, as numbers since 1970. */
export const BUSY_DAYS = `
CREATE OR REPLACE TEMP TABLE busy_days AS
SELECT ${DAY} AS day FROM sessions GROUP BY day ORDER BY count(*) DESC, day LIMIT ${DAYS_MAX}`;

/** SQL of a session's folders; reads the table that {@link BUSY_DAYS} makes. */
export const PARTITION_COLUMNS = `
  CASE WHEN ${IS_BUSY} THEN strftime(make_timestamp(starts_at * 1000), '%Y-%m-%d')
    ELSE '${OTHER_DAYS}' END AS day,
  CASE WHEN ${NIGHTS} <= 0 THEN 0 ELSE 2 ** floor(log2(${NIGHTS})) END::BIGINT AS nights`;

/** Conditions that take every session once, a few folders at a time. */
export function partitionsOf(busyDays: readonly number[]): readonly string[] {
  const conditions: string[] = [];
  for (let start = 0; start < busyDays.length; start += DAYS_AT_ONCE) {
    const days = busyDays.slice(start, start + DAYS_AT_ONCE);
    conditions.push(`${DAY} IN (${days.join(', ')})`);
  }
  return busyDays.length < DAYS_MAX ? conditions : [...conditions, `NOT ${IS_BUSY}`];
}

/** `sessions/day=2026-01-31/nights=2/run-0-0.parquet` → the day, or {@link OTHER_DAYS}. */
export function dayOf({ path }: DatasetFile): string {
  return /\/day=([^/]+)\//.exec(path)?.[1] ?? OTHER_DAYS;
}
