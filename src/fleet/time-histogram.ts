/**
 * Times of any number of things in bounded memory: an HDR histogram with three significant digits,
 * and beside it the coarse counts that those who watch take the difference of. Histograms of several
 * processes add up without losing a percentile, because equal times meet in equal buckets.
 */
import { createRequire } from 'node:module';
import type { Histogram } from 'hdr-histogram-js';
import { DAY_MS } from '../core/time.ts';
import { LogHistogram } from './log-histogram.ts';

/** A distribution of times in ms. Percentiles of many values are exact to three digits. */
export interface Distribution {
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** A histogram on its way to another process. */
export interface HistogramParts {
  /** In the compressed form of HdrHistogram, version 2, of whole microseconds. */
  readonly hdr: string;
  readonly coarse: Uint32Array;
  readonly count: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly sumMs: number;
}

const US_PER_MS = 1000;
const LONGEST_US = DAY_MS * US_PER_MS;
const BITS = 32;

/** Loaded with the first histogram: it takes longer than `plan` and `--help` take altogether. */
let library: typeof import('hdr-histogram-js') | undefined;

function hdrLibrary(): typeof import('hdr-histogram-js') {
  library ??= createRequire(import.meta.url)('hdr-histogram-js') as NonNullable<typeof library>;
  return library;
}

export class TimeHistogram {
  readonly #hdr: Histogram = hdrLibrary().build({
    bitBucketSize: BITS,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_US,
    numberOfSignificantValueDigits: 3,
  });
  #coarse = new LogHistogram();
  #count = 0;
  #minMs = Number.POSITIVE_INFINITY;
  #maxMs = 0;
  #sumMs = 0;

  get count(): number {
    return this.#count;
  }

  get sumMs(): number {
    return this.#sumMs;
  }

  /** `ms` is not below zero; more than a day counts as a day. */
  add(ms: number): void {
    this.#hdr.recordValue(Math.min(Math.round(ms * US_PER_MS), LONGEST_US));
    this.#coarse.add(ms);
    this.#count++;
    this.#sumMs += ms;
    if (ms < this.#minMs) this.#minMs = ms;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  /** What {@link take} of another histogram gave. */
  addParts({ hdr, coarse, count, minMs, maxMs, sumMs }: HistogramParts): void {
    this.#hdr.add(hdrLibrary().decodeFromCompressedBase64(hdr, BITS, false));
    this.#coarse.addCounts(coarse);
    this.#count += count;
    this.#sumMs += sumMs;
    this.#minMs = Math.min(this.#minMs, minMs);
    this.#maxMs = Math.max(this.#maxMs, maxMs);
  }

  /** What was added since the last take, which is then forgotten; undefined when nothing was. */
  take(): HistogramParts | undefined {
    if (this.#count === 0) return undefined;
    const parts = {
      hdr: hdrLibrary().encodeIntoCompressedBase64(this.#hdr),
      coarse: this.#coarse.counts(),
      count: this.#count,
      minMs: this.#minMs,
      maxMs: this.#maxMs,
      sumMs: this.#sumMs,
    };
    this.#hdr.reset();
    this.#coarse = new LogHistogram();
    this.#count = 0;
    this.#minMs = Number.POSITIVE_INFINITY;
    this.#maxMs = 0;
    this.#sumMs = 0;
    return parts;
  }

  /** Counts in the buckets of a `LogHistogram`, as a copy. */
  counts(): Uint32Array {
    return this.#coarse.counts();
  }

  /** Undefined for no values. */
  distribution(): Distribution | undefined {
    if (this.#count === 0) return undefined;
    const at = (percent: number): number => {
      const ms = this.#hdr.getValueAtPercentile(percent) / US_PER_MS;
      return Math.min(Math.max(ms, this.#minMs), this.#maxMs);
    };
    return {
      count: this.#count,
      min: this.#minMs,
      mean: this.#sumMs / this.#count,
      p50: at(50),
      p90: at(90),
      p99: at(99),
      max: this.#maxMs,
    };
  }
}
