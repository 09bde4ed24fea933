/**
 * A polite live region for screen readers: changes of state at once, numbers only now and then, so
 * that it informs and does not talk without end.
 */
import type { LiveRun } from '../../src/live/session.ts';
import { el } from '../shared/dom.ts';
import { count } from '../shared/format.ts';

const NUMBERS_MS = 15_000;

export class Announcer {
  readonly element = el('p', { class: 'visually-hidden', 'aria-live': 'polite' });
  #said = '';
  #numbersAt = 0;

  say(words: string): void {
    this.element.textContent = words;
  }

  /** Says what has changed since it was last told. */
  follow(run: LiveRun, state: string): void {
    const name = run.fix === undefined ? run.scenario : `${run.scenario} fixed with ${run.fix}`;
    const sentence = `${name}: ${state}`;
    const now = performance.now();
    if (sentence !== this.#said) {
      this.#said = sentence;
      this.#numbersAt = now;
      this.say(sentence);
    } else if (run.progress !== undefined && now - this.#numbersAt >= NUMBERS_MS) {
      this.#numbersAt = now;
      const { connected, devices, takeovers } = run.progress;
      this.say(
        `${count(connected)} of ${count(devices)} connected, ${count(takeovers)} takeovers so far`,
      );
    }
  }
}
