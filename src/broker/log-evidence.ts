/**
 * Makes evidence of a log that one of the readers of recorded logs understands. The order of the
 * lines is the order of the events: threads of a broker may write stamps that are a hair apart, so
 * an event is never earlier than the one before it. Stamps are moved to the run's clock.
 */
import { UNREADABLE_EXAMPLES_MAX } from '../core/limits.ts';
import { printable } from '../core/text.ts';
import type { ObservedEvent } from '../history/event.ts';
import type { EvidenceSink } from '../history/formats/format.ts';
import type { BrokerStartOptions } from './adapter.ts';

export interface LogEvidenceOptions extends Pick<BrokerStartOptions, 'clock' | 'onEvent'> {
  /** Whether an event tells of a connection of ours, which is no evidence. */
  readonly isOwn: (event: ObservedEvent) => boolean;
}

export class LogEvidence implements EvidenceSink {
  readonly #options: LogEvidenceOptions;
  readonly #examples: string[] = [];
  #unread = 0;
  #line = '';
  #lastAt = 0;

  constructor(options: LogEvidenceOptions) {
    this.#options = options;
  }

  /** To be called with each line before a reader gets it: it is the example, should it be unread. */
  reading(line: string): void {
    this.#line = line;
  }

  event(event: ObservedEvent): void {
    const { clock, onEvent, isOwn } = this.#options;
    if (isOwn(event)) return;
    const at = Math.max(this.#lastAt, Math.round(event.at + clock.now() - Date.now()));
    this.#lastAt = at;
    onEvent({ ...event, at });
  }

  unread(_message: string): void {
    this.#unread += 1;
    // Safe to show: it may hold what clients have sent.
    if (this.#examples.length < UNREADABLE_EXAMPLES_MAX) this.#examples.push(printable(this.#line));
  }

  get unreadLines(): { readonly lines: number; readonly examples: readonly string[] } {
    return { lines: this.#unread, examples: [...this.#examples] };
  }
}
