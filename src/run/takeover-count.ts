/** Takeovers in all and within the last second, for those who watch a run. */
import { type Clock, type EpochMs, SECOND_MS } from '../core/time.ts';

export class TakeoverCount {
  readonly #clock: Clock;
  #recent: EpochMs[] = [];
  #total = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(): void {
    this.#total++;
    this.#recent.push(this.#clock.now());
  }

  read(): { takeovers: number; takeoversPerSecond: number } {
    const since = this.#clock.now() - SECOND_MS;
    this.#recent = this.#recent.filter((at) => at > since);
    return { takeovers: this.#total, takeoversPerSecond: this.#recent.length };
  }
}
