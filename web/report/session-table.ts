/** The sessions of the timeline as a table, a page at a time: for screen readers, and for copying. */
import { el } from '../shared/dom.ts';
import { count, span } from '../shared/format.ts';
import { endWords } from './describe.ts';
import { matching } from './lanes.ts';
import type { PageState, SessionRef } from './state.ts';

const PAGE_ROWS = 50;
const HEAD = [
  'Run',
  'Client ID',
  'Device',
  'Certificate',
  'Address',
  'Connected',
  'Lasted',
  'End',
] as const;

export class SessionTable {
  readonly element: HTMLDetailsElement;
  readonly #state: PageState;
  readonly #body = el('tbody');
  readonly #words = el('p', { class: 'muted', role: 'status' });
  readonly #back = el('button', { type: 'button' }, 'Previous');
  readonly #on = el('button', { type: 'button' }, 'Next');
  #rows: readonly SessionRef[] = [];
  #page = 0;

  constructor(state: PageState) {
    this.#state = state;
    const heads = HEAD.map((name) => el('th', { scope: 'col' }, name));
    const table = el(
      'table',
      {},
      el('caption', { class: 'visually-hidden' }, 'Sessions of the timeline'),
      el('thead', {}, el('tr', {}, ...heads)),
      this.#body,
    );
    this.element = el(
      'details',
      { class: 'session-table' },
      el('summary', {}, 'The same sessions as a table'),
      this.#words,
      el(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Table of sessions' },
        table,
      ),
      el('p', { class: 'pages' }, this.#back, ' ', this.#on),
    );
    this.#back.addEventListener('click', () => this.#turn(-1));
    this.#on.addEventListener('click', () => this.#turn(1));
    this.element.addEventListener('toggle', () => this.refresh());
    state.on('choice', () => this.refresh());
  }

  /** Takes the filters in; does nothing while the table is folded. */
  refresh(): void {
    if (!this.element.open) return;
    const { choice, models } = this.#state;
    const rows: SessionRef[] = [];
    for (const model of models) {
      if (choice.run !== 'all' && choice.run !== model.index) continue;
      const mask = matching(model, choice);
      for (let row = 0; row < model.rows; row++) {
        if (mask[row] === 1) rows.push({ run: model.index, row });
      }
    }
    this.#rows = rows;
    this.#page = 0;
    this.#show();
  }

  #turn(by: number): void {
    this.#page += by;
    this.#show();
  }

  #show(): void {
    const from = this.#page * PAGE_ROWS;
    const shown = this.#rows.slice(from, from + PAGE_ROWS);
    this.#body.replaceChildren(...shown.map((one) => this.#row(one)));
    this.#words.textContent =
      shown.length === 0
        ? 'No session fits the filter.'
        : `${count(from + 1)} to ${count(from + shown.length)} of ${count(this.#rows.length)} sessions`;
    this.#back.disabled = this.#page === 0;
    this.#on.disabled = from + PAGE_ROWS >= this.#rows.length;
  }

  #row({ run, row }: SessionRef): HTMLTableRowElement {
    const model = this.#state.models[run];
    if (model === undefined) return el('tr');
    const { columns, tables, startMs, endMs } = model;
    const [start, end] = [startMs[row] ?? 0, endMs[row] ?? 0];
    const certificate = tables.certificates[columns.certificate[row] ?? -1] ?? '–';
    const cells = [
      model.run.name,
      tables.clients[columns.client[row] ?? -1] ?? '–',
      tables.devices[columns.device[row] ?? -1] ?? '–',
      certificate.length > 16 ? `${certificate.slice(0, 16)}…` : certificate,
      tables.addresses[columns.address[row] ?? -1] ?? '–',
      span(start),
      span(end - start),
      endWords(model, row),
    ];
    return el('tr', {}, ...cells.map((cell) => el('td', {}, cell)));
  }
}
