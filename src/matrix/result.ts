/**
 * The result of a matrix: every cell, the pairs, and the changes since a baseline, as plain data.
 * Renderers turn it into text, Markdown, HTML, JUnit XML or JSON and decide nothing.
 */
import type { EpochMs } from '../core/time.ts';
import { mergeOutcomes, type Outcome } from '../verdict/outcome.ts';
import type { BaselineComparison } from './baseline.ts';
import { type CellResult, cellId } from './cell.ts';
import { excusedCells, type PairResult } from './pair.ts';

/** Raised when a field changes its meaning. */
export const MATRIX_RESULT_VERSION = 1;

export interface MatrixResult {
  readonly matrixVersion: typeof MATRIX_RESULT_VERSION;
  readonly toolVersion: string;
  readonly name: string;
  /** Where the results and each cell's evidence lie. */
  readonly folder: string;
  readonly startedAt: EpochMs;
  readonly endedAt: EpochMs;
  /** Ended early by the user: cells that were not run are absent. */
  readonly interrupted: boolean;
  readonly outcome: Outcome;
  /** Version of each broker that was started, by its ID. */
  readonly brokers: Readonly<Record<string, string>>;
  readonly cells: readonly CellResult[];
  readonly pairs: readonly PairResult[];
  readonly notes: readonly string[];
  readonly comparison?: BaselineComparison;
}

/**
 * Unmet if any cell is, except the insecure sides of pairs that hold: they are so on purpose. A
 * pair that does not hold counts as unmet.
 */
export function matrixOutcome(cells: readonly CellResult[], pairs: readonly PairResult[]): Outcome {
  const excused = excusedCells(pairs);
  const counted = cells.map((cell) => (excused.has(cellId(cell)) ? 'met' : cell.outcome));
  return mergeOutcomes([...counted, ...pairs.map((pair) => pair.outcome)]);
}
