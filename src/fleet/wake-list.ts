/** Those who wait for the next change of a fleet, or for an instant, whichever comes first. */
import type { Clock, EpochMs } from '../core/time.ts';

export class WakeList {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Until `at`, the next {@link wake}, or an abort; `at` may be of another clock. */
  wait(at: EpochMs, signal?: AbortSignal, clock: Clock = this.#clock): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#waiting.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const cancel = clock.schedule(at, done);
      this.#waiting.add(done);
      signal?.addEventListener('abort', done);
    });
  }

  wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}
