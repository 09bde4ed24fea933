/** What a scripted client waits for: answers to its packets, and conditions on what has come. */

export class WireAnswers {
  /** By what is awaited: `suback 7`, `puback 7`, `pingresp`. */
  readonly #waiting = new Map<string, ((code: number | undefined) => void)[]>();
  readonly #watchers = new Set<() => void>();
  #ended = false;

  /** The code of the answer; undefined after `ms` or at the end of the connection. */
  async code(key: string, ms: number): Promise<number | undefined> {
    if (this.#ended) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(undefined), ms);
      const done = (code: number | undefined): void => {
        clearTimeout(timer);
        const rest = (this.#waiting.get(key) ?? []).filter((one) => one !== done);
        if (rest.length === 0) this.#waiting.delete(key);
        else this.#waiting.set(key, rest);
        resolve(code);
      };
      this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), done]);
    });
  }

  /** Gives an answer to whoever has waited for it longest. */
  tell(key: string, code: number): void {
    this.#waiting.get(key)?.[0]?.(code);
  }

  /** Resolves with true once `condition` holds, else with false after `ms` or at the end. */
  async until(condition: () => boolean, ms: number): Promise<boolean> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(check);
        resolve();
      };
      const check = (): void => {
        if (condition() || this.#ended) done();
      };
      const timer = setTimeout(done, ms);
      this.#watchers.add(check);
      check();
    });
    return condition();
  }

  /** Something has come that a condition may be about. */
  changed(): void {
    for (const check of [...this.#watchers]) check();
  }

  /** Nothing more will come. */
  end(): void {
    this.#ended = true;
    for (const done of [...this.#waiting.values()].flat()) done(undefined);
    this.changed();
  }
}
