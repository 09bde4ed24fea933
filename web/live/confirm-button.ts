/** A button that acts at the second press, so that no slip ends a run; the first asks. */
import { el } from '../shared/dom.ts';

/** How long the question stands. */
const QUESTION_MS = 5000;

export interface ConfirmButtonOptions {
  readonly label: string;
  readonly question: string;
  readonly className: string;
  readonly act: () => void;
  /** For readers who don't see the label change. */
  readonly announce: (words: string) => void;
}

export class ConfirmButton {
  readonly element: HTMLButtonElement;
  readonly #options: ConfirmButtonOptions;
  #timer: number | undefined;

  constructor(options: ConfirmButtonOptions) {
    this.#options = options;
    this.element = el('button', { type: 'button', class: options.className }, options.label);
    this.element.addEventListener('click', () => this.#press());
    this.element.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.#calm();
    });
  }

  /** It keeps the focus while it can't be used. */
  enable(isUseful: boolean): void {
    this.element.setAttribute('aria-disabled', String(!isUseful));
    if (!isUseful) this.#calm();
  }

  #press(): void {
    if (this.element.getAttribute('aria-disabled') === 'true') return;
    if (this.#timer !== undefined) {
      this.#calm();
      this.#options.act();
      return;
    }
    this.element.textContent = this.#options.question;
    this.element.classList.add('asking');
    this.#options.announce(this.#options.question);
    this.#timer = window.setTimeout(() => this.#calm(), QUESTION_MS);
  }

  #calm(): void {
    window.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.element.textContent = this.#options.label;
    this.element.classList.remove('asking');
  }
}
