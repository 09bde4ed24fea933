/** What a matrix has come to so far: results, in memory and as lines of a file, and notes. */
import { join } from 'node:path';
import { LineWriter } from '../history/line-writer.ts';
import { type CellKey, type CellResult, cellId } from '../matrix/cell.ts';
import type { MatrixObserver } from './matrix-ports.ts';
import { toolVersion } from './tool-version.ts';

/** Sentences for the user, each once. */
export class Notes {
  readonly #told = new Set<string>();
  readonly #tell: ((note: string) => void) | undefined;

  constructor(tell: ((note: string) => void) | undefined) {
    this.#tell = tell;
  }

  get all(): readonly string[] {
    return [...this.#told];
  }

  add(note: string): void {
    if (this.#told.has(note)) return;
    this.#told.add(note);
    this.#tell?.(note);
  }
}

/** The results so far, in memory and as lines of a file. */
export class Results {
  readonly #cells: readonly CellKey[];
  readonly #results = new Map<string, CellResult>();
  readonly #journal: LineWriter;
  readonly #observer: MatrixObserver;

  constructor(folder: string, name: string, cells: readonly CellKey[], observer: MatrixObserver) {
    this.#cells = cells;
    this.#observer = observer;
    const header = { doppelfleet: 'matrix', matrix: name, toolVersion: toolVersion() };
    this.#journal = new LineWriter(join(folder, 'matrix.ndjson'), `${JSON.stringify(header)}\n`);
  }

  started(key: CellKey): void {
    this.#observer.cellStarted?.(key, this.#progress());
  }

  add(result: CellResult): void {
    this.#results.set(cellId(result), result);
    this.#journal.write(`${JSON.stringify(result)}\n`);
    this.#observer.cellFinished?.(result, this.#progress());
  }

  inOrder(): readonly CellResult[] {
    return this.#cells.flatMap((key) => this.#results.get(cellId(key)) ?? []);
  }

  missing(): readonly CellKey[] {
    return this.#cells.filter((key) => !this.#results.has(cellId(key)));
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  #progress() {
    return { done: this.#results.size, total: this.#cells.length };
  }
}
