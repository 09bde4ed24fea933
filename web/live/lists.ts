/** What stands below the numbers: notable things, groups, and the runs of this command so far. */
import type { LiveRun, LiveSession } from '../../src/live/session.ts';
import { el } from '../shared/dom.ts';
import { count, span } from '../shared/format.ts';

const EVENTS_SHOWN = 40;

/** Newest first; made anew only when something has come. */
export class EventList {
  readonly element = el('ol', { class: 'events', reversed: true });
  #shown: LiveRun['notable'] | undefined;

  show({ notable }: LiveRun): void {
    if (notable === this.#shown) return;
    this.#shown = notable;
    const newest = notable.slice(-EVENTS_SHOWN).reverse();
    const rows = newest.map(({ atMs, kind, text }) =>
      el('li', { class: `event ${kind}` }, el('span', { class: 'muted at' }, span(atMs)), text),
    );
    this.element.replaceChildren(
      ...(rows.length > 0 ? rows : [el('li', { class: 'muted' }, 'Nothing yet')]),
    );
  }
}

export class GroupTable {
  readonly element = el('tbody');
  #shown = '';

  show({ progress }: LiveRun): void {
    const groups = progress?.groups ?? [];
    const key = JSON.stringify(groups);
    if (key === this.#shown) return;
    this.#shown = key;
    const rows = groups.map(({ name, devices, connected }) => {
      const meter = el('meter', { min: 0, max: devices, value: connected, 'aria-label': name });
      return el(
        'tr',
        {},
        el('th', { scope: 'row' }, name),
        el('td', { class: 'number' }, `${count(connected)} of ${count(devices)}`),
        el('td', {}, meter),
      );
    });
    const left = progress?.groupsLeftOut ?? 0;
    const more = el('tr', {}, el('td', { colspan: 3, class: 'muted' }, `and ${count(left)} more`));
    this.element.replaceChildren(...rows, ...(left > 0 ? [more] : []));
  }
}

const MARKS = { met: '✔', unmet: '✖', inconclusive: '?' } as const;

export function outcomeBadge(outcome: keyof typeof MARKS): HTMLElement {
  const mark = el('span', { 'aria-hidden': 'true' }, MARKS[outcome]);
  return el('span', { class: `badge ${outcome}` }, mark, ` ${outcome}`);
}

/** Every run of the session, the newest last. */
export class RunTable {
  readonly element = el('tbody');
  #shown: LiveSession['runs'] | undefined;

  show({ runs }: LiveSession): void {
    const isSame = runs.length === this.#shown?.length;
    if (isSame && runs.at(-1)?.verdict === this.#shown?.at(-1)?.verdict) return;
    this.#shown = runs;
    this.element.replaceChildren(
      ...runs.map(({ scenario, fix, verdict, progress }) =>
        el(
          'tr',
          {},
          el('th', { scope: 'row' }, fix === undefined ? scenario : `${scenario} + ${fix}`),
          el('td', {}, verdict === undefined ? 'not judged yet' : outcomeBadge(verdict.outcome)),
          el('td', { class: 'number' }, verdict === undefined ? '–' : count(verdict.takeovers)),
          el('td', { class: 'number' }, verdict === undefined ? '–' : count(verdict.findingsInAll)),
          el(
            'td',
            { class: 'number' },
            verdict === undefined ? '–' : count(progress?.accepted ?? 0),
          ),
        ),
      ),
    );
  }
}
