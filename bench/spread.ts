/** Several rounds of a measurement as one figure: the median, with the extremes beside it. */

export interface Spread {
  /** The median of the rounds. */
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
}

/** Four significant digits: more would be noise. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const below = sorted[Math.floor(middle)] ?? Number.NaN;
  const above = sorted[Math.ceil(middle)] ?? Number.NaN;
  return {
    value: rounded((below + above) / 2),
    min: rounded(sorted[0] ?? Number.NaN),
    max: rounded(sorted.at(-1) ?? Number.NaN),
    rounds: sorted.length,
  };
}

export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
