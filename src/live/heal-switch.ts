/** Ends the faults of one run after the other: every run asks for a signal of its own. */
export class HealSwitch {
  #current: AbortController | undefined;

  /** The signal of a run that starts; to be given as `RunOptions.healSignal`. */
  readonly next = (): AbortSignal => {
    this.#current = new AbortController();
    return this.#current.signal;
  };

  /** Ends the faults of the newest run; false when there is none or they were ended before. */
  heal(): boolean {
    if (this.#current === undefined || this.#current.signal.aborted) return false;
    this.#current.abort();
    return true;
  }
}
