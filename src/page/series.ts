/** Sessions counted into bins of time, and percentiles of how long their connects took. Pure. */
import { distributionOf } from '../fleet/statistics.ts';
import { FLAG } from './columns.ts';
import type { PageSeries } from './page-data.ts';
import type { SessionRow } from './run-sessions.ts';

/** A chart has room for so many points. */
const BINS_MAX = 160;
/** Narrower bins show single connects, not rates. */
const BIN_MS_MIN = 200;
const WIDTHS_MS = [1, 2, 5].flatMap((step) =>
  Array.from({ length: 11 }, (_, power) => step * 10 ** power),
);

/** A round width that cuts the span into at most {@link BINS_MAX} bins, of {@link BIN_MS_MIN} at least. */
export function binWidthMs(spanMs: number): number {
  const widths = WIDTHS_MS.filter((width) => width >= BIN_MS_MIN).sort((a, b) => a - b);
  return widths.find((width) => spanMs / width <= BINS_MAX) ?? widths.at(-1) ?? 1;
}

export interface BinAxis {
  readonly fromMs: number;
  readonly toMs: number;
  readonly binMs: number;
}

export function binCount({ fromMs, toMs, binMs }: BinAxis): number {
  return Math.max(1, Math.ceil((toMs - fromMs) / binMs));
}

/** The bin of an instant; what lies outside of the axis is in the first or last one. */
export function binOf(axis: BinAxis, atMs: number): number {
  const bin = Math.floor((atMs - axis.fromMs) / axis.binMs);
  return Math.min(binCount(axis) - 1, Math.max(0, bin));
}

/** `startedAt` is the run's start, from which the axis counts. */
export function seriesOf(rows: Iterable<SessionRow>, axis: BinAxis, startedAt: number): PageSeries {
  const bins = binCount(axis);
  const zeros = (): number[] => new Array<number>(bins).fill(0);
  const [connects, closes, takeovers, failed, change] = [
    zeros(),
    zeros(),
    zeros(),
    zeros(),
    zeros(),
  ];
  const latencies: number[][] = Array.from({ length: bins }, () => []);
  const add = (counts: number[], bin: number, by = 1): void => {
    counts[bin] = (counts[bin] ?? 0) + by;
  };
  for (const row of rows) {
    const start = binOf(axis, row.startAt - startedAt);
    if ((row.flags & FLAG.failed) !== 0) {
      add(failed, start);
      continue;
    }
    if ((row.flags & FLAG.startUnknown) === 0) {
      add(connects, start);
      add(change, start);
      if (row.latency >= 0) latencies[start]?.push(row.latency);
    }
    if (Number.isNaN(row.endAt)) continue;
    const end = binOf(axis, row.endAt - startedAt);
    add(closes, end);
    if ((row.flags & FLAG.startUnknown) === 0) add(change, end, -1);
    if ((row.flags & FLAG.takenOver) !== 0) add(takeovers, end);
  }
  const spreads = latencies.map(distributionOf);
  let level = 0;
  return {
    binMs: axis.binMs,
    connects,
    closes,
    takeovers,
    failed,
    open: change.map((by) => {
      level += by;
      return level;
    }),
    latencyP50: spreads.map((spread) => spread?.p50 ?? null),
    latencyP99: spreads.map((spread) => spread?.p99 ?? null),
  };
}
