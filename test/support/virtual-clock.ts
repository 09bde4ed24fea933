/**
 * Time that only passes when a test says so: a queue of timers in order of their time, and then of
 * their making. Hours go by in milliseconds, and every run is the same.
 */
import type { Clock, EpochMs } from '../../src/core/time.ts';

interface Timer {
  readonly at: EpochMs;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

export class VirtualClock implements Clock {
  #now: EpochMs;
  #made = 0;
  #pending = 0;
  readonly #heap: Timer[] = [];

  constructor(startsAt: EpochMs = Date.UTC(2026, 0, 1)) {
    this.#now = startsAt;
  }

  now(): EpochMs {
    return this.#now;
  }

  /** Timers that are set and neither fired nor cancelled. */
  get pending(): number {
    return this.#pending;
  }

  schedule(at: EpochMs, run: () => void): () => void {
    const timer: Timer = {
      at: Math.max(at, this.#now),
      order: ++this.#made,
      run,
      cancelled: false,
    };
    this.#push(timer);
    this.#pending++;
    return () => {
      if (timer.cancelled) return;
      timer.cancelled = true;
      this.#pending--;
    };
  }

  /** Runs every timer up to and including `at`, then stands at `at`. */
  runUntil(at: EpochMs): void {
    for (let next = this.#heap[0]; next !== undefined && next.at <= at; next = this.#heap[0]) {
      if (next.cancelled) this.#pop();
      else this.step();
    }
    this.#now = Math.max(this.#now, at);
  }

  /** Fires the next timer; false when there is none. */
  step(): boolean {
    for (;;) {
      const timer = this.#pop();
      if (timer === undefined) return false;
      if (timer.cancelled) continue;
      timer.cancelled = true;
      this.#pending--;
      this.#now = timer.at;
      timer.run();
      return true;
    }
  }

  /** Lets time pass until `work` is done; fails when it waits for what no timer will bring. */
  async passUntil<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const finished = work.finally(() => {
      done = true;
    });
    // An error is thrown by `finished` below; here it must only not go unhandled.
    finished.catch(() => {});
    for (;;) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (done) return finished;
      if (!this.step()) throw new Error('the work waits for something that never comes');
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, timer)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): Timer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const right = heap[child + 1];
      let below = heap[child];
      if (below === undefined) break;
      if (right !== undefined && isBefore(right, below)) {
        child++;
        below = right;
      }
      if (isBefore(last, below)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
