/** What a run of a matrix is given from outside, and whom it tells how it goes. */

import type { Clock } from '../core/time.ts';
import type { Baseline } from '../matrix/baseline.ts';
import type { CellKey, CellResult } from '../matrix/cell.ts';
import type { CellSelection } from '../matrix/select.ts';

/** How far a matrix is. */
export interface MatrixProgress {
  readonly done: number;
  readonly total: number;
}

/** Hooks of those who watch; each is optional, none can change the run. */
export interface MatrixObserver {
  planned?(about: {
    readonly name: string;
    readonly cells: number;
    readonly pairs: number;
    readonly jobs: number;
    readonly folder: string;
  }): void;
  cellStarted?(key: CellKey, progress: MatrixProgress): void;
  cellFinished?(result: CellResult, progress: MatrixProgress): void;
  /** What the user should know and what does not stop the run. */
  note?(message: string): void;
}

export interface MatrixOptions {
  /** Which cells; all by default. */
  readonly selection?: CellSelection;
  /** Cells in flight, those on slowly starting brokers not counted; 16 by default. */
  readonly jobs?: number;
  /** Parent of the matrix' folder; default `runs`. */
  readonly out?: string;
  /** Store of certificates; default `certs`. */
  readonly certs?: string;
  /** Which authority of the store; default `default`. */
  readonly authority?: string;
  /** What the result is compared with. */
  readonly baseline?: { readonly file: string; readonly baseline: Baseline };
  /** The command that a cell's own options are added to; `npx doppelfleet matrix` by default. */
  readonly command?: string;
  readonly observer?: MatrixObserver;
  /** Aborting ends the cells in flight in good order and starts no more. */
  readonly signal?: AbortSignal;
  /** Aborting drops everything at once. */
  readonly killSignal?: AbortSignal;
  readonly clock?: Clock;
}
