/**
 * How far the clock of another process is ahead of ours, by the exchange of NTP (RFC 5905 §8): a
 * question and its answer carry three times, and the shortest round trip bounds the error best.
 */
import type { EpochMs } from '../core/time.ts';

export interface ClockOffset {
  /** Their clock minus ours. */
  readonly offsetMs: number;
  /** The offset may be off by this much: half of the round trip. */
  readonly uncertaintyMs: number;
}

/** One exchange: asked at `sentAt` and heard at `receivedAt` on our clock, answered at `at` on theirs. */
export function offsetOf(sentAt: EpochMs, at: EpochMs, receivedAt: EpochMs): ClockOffset {
  return { offsetMs: at - (sentAt + receivedAt) / 2, uncertaintyMs: (receivedAt - sentAt) / 2 };
}

/** Keeps the best of the exchanges, and how far later ones have left it. */
export class OffsetEstimate {
  #first: ClockOffset | undefined;
  #driftMs = 0;

  /** Before the run: the exchange with the shortest round trip counts. */
  add(offset: ClockOffset): void {
    if (this.#first === undefined || offset.uncertaintyMs < this.#first.uncertaintyMs) {
      this.#first = offset;
    }
  }

  /** During the run: a clock that was set or runs away shows beyond what both can be off. */
  watch(offset: ClockOffset): void {
    if (this.#first === undefined) return;
    const apart = offset.offsetMs - this.#first.offsetMs;
    const certain = Math.abs(apart) - offset.uncertaintyMs - this.#first.uncertaintyMs;
    if (certain > Math.abs(this.#driftMs)) this.#driftMs = Math.sign(apart) * certain;
  }

  get current(): ClockOffset {
    return this.#first ?? { offsetMs: 0, uncertaintyMs: 0 };
  }

  /** At most, in ms; 0 as long as nothing certain was seen. */
  get driftMs(): number {
    return this.#driftMs;
  }
}
