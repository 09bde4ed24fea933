/** Brings what several sources tell in batches into one order of time. */
import type { EpochMs } from '../core/time.ts';

interface Timed<Item> {
  readonly at: EpochMs;
  readonly item: Item;
}

export class TimeMerge<Item> {
  readonly #tell: (item: Item) => void;
  #waiting: Timed<Item>[] = [];

  /** `tell` hears every item, in the order of its time. */
  constructor(tell: (item: Item) => void) {
    this.#tell = tell;
  }

  add(at: EpochMs, item: Item): void {
    this.#waiting.push({ at, item });
  }

  /** Every source has told what happened up to here. What comes too late is told at once. */
  release(upTo: EpochMs): void {
    // The sort is stable: what one source tells of one instant keeps its order.
    const sorted = this.#waiting.sort((a, b) => a.at - b.at);
    const later = sorted.findIndex(({ at }) => at > upTo);
    const due = later < 0 ? sorted.length : later;
    this.#waiting = sorted.slice(due);
    for (const { item } of sorted.slice(0, due)) this.#tell(item);
  }
}
