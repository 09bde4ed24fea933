/**
 * A clock that can be stopped: the time of a plan. While it stands, no timer of it fires and no time
 * passes on it; afterwards everything goes on as far behind the wall's clock as it stood still.
 */
import type { Clock, EpochMs } from './time.ts';

interface Waiting {
  readonly at: EpochMs;
  readonly run: () => void;
  cancel: (() => void) | undefined;
}

export class PausableClock implements Clock {
  readonly #wall: Clock;
  readonly #waiting = new Set<Waiting>();
  #behindMs = 0;
  #pausedAt: EpochMs | undefined;

  constructor(wall: Clock) {
    this.#wall = wall;
  }

  get paused(): boolean {
    return this.#pausedAt !== undefined;
  }

  /** How far it is behind the wall's clock: the sum of all pauses, in ms. */
  get behindMs(): number {
    const standsForMs = this.#pausedAt === undefined ? 0 : this.#wall.now() - this.#pausedAt;
    return this.#behindMs + standsForMs;
  }

  now(): EpochMs {
    return (this.#pausedAt ?? this.#wall.now()) - this.#behindMs;
  }

  schedule(at: EpochMs, run: () => void): () => void {
    const waiting: Waiting = { at, run, cancel: undefined };
    this.#waiting.add(waiting);
    if (this.#pausedAt === undefined) this.#set(waiting);
    return () => {
      waiting.cancel?.();
      this.#waiting.delete(waiting);
    };
  }

  /** Does nothing while it stands already. */
  pause(): void {
    if (this.#pausedAt !== undefined) return;
    this.#pausedAt = this.#wall.now();
    for (const waiting of this.#waiting) waiting.cancel?.();
  }

  /** Does nothing while it goes. */
  resume(): void {
    if (this.#pausedAt === undefined) return;
    this.#behindMs += this.#wall.now() - this.#pausedAt;
    this.#pausedAt = undefined;
    for (const waiting of this.#waiting) this.#set(waiting);
  }

  #set(waiting: Waiting): void {
    waiting.cancel = this.#wall.schedule(waiting.at + this.#behindMs, () => {
      this.#waiting.delete(waiting);
      waiting.run();
    });
  }
}
