/** When the connections of each client ID began, so that an eviction can be told from a loss. */
import type { EpochMs } from '../../core/time.ts';

export class Rivals {
  readonly #starts = new Map<string, EpochMs[]>();
  #sorted = false;

  add(clientId: string, at: EpochMs): void {
    const starts = this.#starts.get(clientId);
    if (starts === undefined) this.#starts.set(clientId, [at]);
    else starts.push(at);
    this.#sorted = false;
  }

  /** Whether one began from `from` to `to`, both included. */
  between(clientId: string, from: EpochMs, to: EpochMs): boolean {
    if (!this.#sorted) {
      for (const starts of this.#starts.values()) starts.sort((a, b) => a - b);
      this.#sorted = true;
    }
    const starts = this.#starts.get(clientId) ?? [];
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) < from) low = middle + 1;
      else high = middle;
    }
    return (starts[low] ?? Number.POSITIVE_INFINITY) <= to;
  }
}
