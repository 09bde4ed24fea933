/**
 * Which lines of a log have a time that can be believed: one absurd stamp would move the end of the
 * recording by years. The rule, in the order of the lines:
 *
 * - Before 2000 or after 2199: absurd, whatever is around it.
 * - More than a year away from the last line that was believed (in either direction): held back. If
 *   the log falls back, what was held is absurd; if 100 lines stay there, the clock was set, or the
 *   log has a gap of years, and they are believed. At the end, the longer part is.
 *
 * Nothing else is ever held, so a log with gaps of less than a year is read line by line. The first
 * line has nothing before it: within the first bounds it is believed.
 */
import { LOG_LEAP_LINES, LOG_LEAP_MS_MAX, LOG_TIME_MAX, LOG_TIME_MIN } from '../../core/limits.ts';

export interface TimedLine {
  readonly text: string;
  /** Epoch ms. */
  readonly at: number;
}

export interface TimedLineSink {
  believed(line: TimedLine): void;
  /** The message names the years, and says so when the line is not the last one handed over. */
  absurd(line: TimedLine, message: string): void;
}

/** Hands every line on, in order, as believed or as absurd. */
export class PlausibleTimes {
  readonly #sink: TimedLineSink;
  #lastAt: number | undefined;
  #believed = 0;
  #held: TimedLine[] = [];

  constructor(sink: TimedLineSink) {
    this.#sink = sink;
  }

  /** Epoch ms of the last line that was believed. */
  get lastAt(): number | undefined {
    return this.#lastAt;
  }

  line(line: TimedLine): void {
    const { at } = line;
    if (at < LOG_TIME_MIN || at >= LOG_TIME_MAX) {
      this.#sink.absurd(line, this.#message(at));
      return;
    }
    if (this.#lastAt === undefined || isNear(at, this.#lastAt)) {
      this.#reject();
      this.#believe(line);
      return;
    }
    const before = this.#held.at(-1);
    if (before !== undefined && !isNear(at, before.at)) this.#reject();
    this.#held.push(line);
    if (this.#held.length >= LOG_LEAP_LINES) this.#accept();
  }

  /** Nothing follows. */
  end(): void {
    if (this.#held.length > this.#believed) this.#accept();
    else this.#reject();
  }

  #believe(line: TimedLine): void {
    this.#lastAt = line.at;
    this.#believed += 1;
    this.#sink.believed(line);
  }

  #accept(): void {
    const held = this.#held;
    this.#held = [];
    for (const line of held) this.#believe(line);
  }

  #reject(): void {
    if (this.#held.length === 0) return;
    const held = this.#held;
    this.#held = [];
    for (const line of held) this.#sink.absurd(line, `before this line, ${this.#message(line.at)}`);
  }

  #message(at: number): string {
    const among = this.#lastAt === undefined ? '' : ` among lines of ${yearOf(this.#lastAt)}`;
    return `a stamp of the year ${yearOf(at)}${among}`;
  }
}

function isNear(one: number, other: number): boolean {
  return Math.abs(one - other) <= LOG_LEAP_MS_MAX;
}

function yearOf(at: number): number {
  return new Date(at).getUTCFullYear();
}
