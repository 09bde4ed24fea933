/**
 * Time as plain data: epoch milliseconds, durations written as people write them, windows, and the
 * clock port through which every part of a run reads time and sets timers. Pure.
 */

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;

/** A half-open span of time `[from, to)` in epoch milliseconds. */
export interface TimeWindow {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** Where time comes from and timers go: real in a run, virtual in tests. */
export interface Clock {
  now(): EpochMs;
  /** Calls `run` at `at` or as soon after as possible; the returned function cancels it. */
  schedule(at: EpochMs, run: () => void): () => void;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

export const SECOND_MS = 1000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** `"1.5s"` → 1500. Units: ms, s, m, h, d, several may follow one another (`1m30s`). `undefined` when it is none. */
export function parseDurationMs(text: string): number | undefined {
  const pattern = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/gy;
  let total = 0;
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    total += Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? Number.NaN);
    end = match.index + match[0].length;
  }
  // Whole microseconds: 1.1m is 66000 ms and not 66000.00000000001.
  const ms = Math.round(total * 1000) / 1000;
  return end > 0 && end === text.length && Number.isFinite(ms) ? ms : undefined;
}

/** 93500 → `"1m 33.5s"`, for people: the two largest units, seconds to a tenth. */
export function formatDuration(ms: number): string {
  if (Math.round(ms) < SECOND_MS) return `${Math.round(ms)}ms`;
  // Rounded before it is split, so that 119.99s is 2m and never 1m 60s.
  const tenths = Math.round(ms / 100);
  if (tenths < 600) return `${tenths / 10}s`;
  if (tenths < 36_000) {
    const rest = tenths % 600;
    return `${Math.floor(tenths / 600)}m${rest > 0 ? ` ${rest / 10}s` : ''}`;
  }
  const [unit, size, part] =
    tenths * 100 < DAY_MS ? (['h', HOUR_MS, 'm'] as const) : (['d', DAY_MS, 'h'] as const);
  const rest = Math.floor(((tenths * 100) % size) / (UNIT_MS[part] ?? 1));
  return `${Math.floor((tenths * 100) / size)}${unit}${rest > 0 ? ` ${rest}${part}` : ''}`;
}

/** `"50/s"` → events per second. `undefined` when it is none. */
export function parseRatePerSecond(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\/(ms|s|m|h|d)$/.exec(text);
  const unitMs = UNIT_MS[match?.[2] ?? ''];
  const count = Number(match?.[1]);
  const rate = unitMs === undefined ? 0 : (count * SECOND_MS) / unitMs;
  return rate > 0 && Number.isFinite(rate) ? rate : undefined;
}
