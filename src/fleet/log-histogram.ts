/**
 * Counts of times in buckets whose width grows with the time: one addition per value, and no value
 * is kept. Only ever counted up, so that two readings differ by what came between them.
 */

const LEAST_MS = 0.1;
const PER_OCTAVE = 8;
/** The last bucket begins at 0.1 ms · 2^23, which is 14 minutes. */
const BUCKETS = 23 * PER_OCTAVE + 1;

/** Upper bounds of the buckets in ms, but for the last one, which has none. */
export const LOG_HISTOGRAM_BOUNDS_MS: readonly number[] = Array.from(
  { length: BUCKETS - 1 },
  (_, bucket) => LEAST_MS * 2 ** (bucket / PER_OCTAVE),
);

export class LogHistogram {
  readonly #counts = new Uint32Array(BUCKETS);

  add(ms: number): void {
    const place = ms <= LEAST_MS ? 0 : 1 + Math.floor(Math.log2(ms / LEAST_MS) * PER_OCTAVE);
    const bucket = Math.min(place, BUCKETS - 1);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }

  /** What {@link counts} of another histogram gave; foreign lengths are cut. */
  addCounts(counts: Uint32Array): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + (counts[bucket] ?? 0);
    }
  }

  /** The counts so far, as a copy. */
  counts(): Uint32Array {
    return this.#counts.slice();
  }
}

/**
 * Percentiles of what was added between two readings, in ms, each at most 9 % too high; undefined
 * when nothing was. `shares` are fractions of one, in any order.
 */
export function percentilesBetween(
  before: Uint32Array | undefined,
  after: Uint32Array,
  shares: readonly number[],
): readonly number[] | undefined {
  const added = after.map((count, bucket) => count - (before?.[bucket] ?? 0));
  const total = added.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  return shares.map((share) => {
    let rank = Math.max(1, Math.ceil(share * total));
    const bucket = added.findIndex((count) => {
      rank -= count;
      return rank <= 0;
    });
    return LEAST_MS * 2 ** (bucket / PER_OCTAVE);
  });
}
