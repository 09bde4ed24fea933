/** What a session is, beside the pointer. All text goes in as text. */
import { el } from '../shared/dom.ts';
import type { RunModel } from './decode.ts';
import { describeSession } from './describe.ts';

export class Tooltip {
  readonly #element = el('div', { class: 'tooltip', role: 'presentation', hidden: true });
  #shown = '';

  constructor() {
    document.body.append(this.#element);
  }

  show(model: RunModel, row: number, x: number, y: number): void {
    const key = `${model.index} ${row}`;
    if (this.#shown !== key) {
      this.#shown = key;
      this.#element.replaceChildren(detailsList(model, row));
    }
    this.#element.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = this.#element;
    const left = x + 16 + width > window.innerWidth ? x - width - 12 : x + 16;
    const top = y + 16 + height > window.innerHeight ? y - height - 12 : y + 16;
    this.#element.style.left = `${Math.max(4, left)}px`;
    this.#element.style.top = `${Math.max(4, top)}px`;
  }

  hide(): void {
    this.#element.hidden = true;
  }
}

/** A session as a list of names and values. */
export function detailsList(model: RunModel, row: number): HTMLElement {
  const list = el('dl', { class: 'session' });
  for (const [name, value] of describeSession(model, row)) {
    list.append(el('dt', {}, name), el('dd', {}, value));
  }
  return list;
}
