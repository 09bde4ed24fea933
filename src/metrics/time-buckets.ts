/**
 * The coarse counts of times, as the histogram of a metric: a quarter of an octave per bucket, which
 * bounds a percentile to 19 %, from a tenth of a millisecond to 14 minutes.
 */
import { LOG_HISTOGRAM_BOUNDS_MS } from '../fleet/log-histogram.ts';
import { type HistogramValue, seconds } from './metric.ts';

/** So many of the fleet's buckets make one of ours. */
const MERGED = 2;
/** Bounds are labels of Prometheus: short ones, and the same on every machine. */
const DIGITS = 6;

export const TIME_BOUNDS_SECONDS: readonly number[] = LOG_HISTOGRAM_BOUNDS_MS.filter(
  (_, bucket) => bucket % MERGED === 0,
).map((ms) => Number((ms / 1000).toPrecision(DIGITS)));

/** `counts` are those of a `LogHistogram`, `sumMs` is all of its times added up. */
export function timeHistogram(counts: Uint32Array, sumMs: number): HistogramValue {
  const merged = new Array<number>(TIME_BOUNDS_SECONDS.length + 1).fill(0);
  let count = 0;
  counts.forEach((added, bucket) => {
    const place = Math.min(Math.ceil(bucket / MERGED), merged.length - 1);
    merged[place] = (merged[place] ?? 0) + added;
    count += added;
  });
  return {
    boundsSeconds: TIME_BOUNDS_SECONDS,
    counts: merged,
    count,
    sumSeconds: seconds(sumMs),
  };
}
