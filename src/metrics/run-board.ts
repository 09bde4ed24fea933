/** Keeps the newest figures of the run that goes, for whoever asks for metrics. */
import type { RunLook } from './metric.ts';
import type { RunFigures } from './run-figures.ts';

/** What a run tells; hooks of a `RunObserver`. */
export interface MetricsObserver {
  planned(): void;
  figures(figures: RunFigures): void;
  audited(): Promise<void> | void;
}

export class RunBoard implements MetricsObserver {
  readonly #version: string;
  readonly #now: () => number;
  #look: RunLook | undefined;
  #isNext = true;

  /** `version` is that of this program, `now` is in ms since 1970. */
  constructor({ version, now }: { readonly version: string; readonly now: () => number }) {
    this.#version = version;
    this.#now = now;
  }

  /** The last run that told something; it stays when it has ended, until the next one begins. */
  get look(): RunLook | undefined {
    return this.#look;
  }

  planned(): void {
    this.#isNext = true;
  }

  figures(figures: RunFigures): void {
    const before = this.#look;
    if (this.#isNext || before === undefined) {
      this.#isNext = false;
      const startedAtMs = Math.round(this.#now() - figures.progress.elapsedMs);
      const run = (before?.run ?? 0) + 1;
      this.#look = { figures, version: this.#version, run, startedAtMs, ended: false };
    } else this.#look = { ...before, figures };
  }

  audited(): void {
    // A run that failed before its first packet has told nothing: what is here is the one before.
    if (this.#look !== undefined && !this.#isNext) this.#look = { ...this.#look, ended: true };
  }
}
