/** The big numbers of the run that goes on. */
import type { LiveRun } from '../../src/live/session.ts';
import { el } from '../shared/dom.ts';
import { count, span } from '../shared/format.ts';

type Progress = NonNullable<LiveRun['progress']>;

interface Figure {
  readonly title: string;
  readonly value: (run: LiveRun, progress: Progress) => string;
  readonly note: (run: LiveRun, progress: Progress) => string;
}

const lastSecond = ({ seconds }: LiveRun) => seconds.at(-1);
const perSecond = (value = 0): string => `${count(value < 10 ? value : Math.round(value))}/s`;
const shortSpan = (ms: number): string => span(ms < 10 ? ms : Math.round(ms));

const FIGURES: readonly Figure[] = [
  {
    title: 'Connected',
    value: (_run, { connected }) => count(connected),
    note: (_run, { devices, connecting }) =>
      `of ${count(devices)} devices${connecting > 0 ? `, ${count(connecting)} connecting` : ''}`,
  },
  {
    title: 'Takeovers',
    value: (_run, { takeovers, takeoversVisible }) =>
      takeoversVisible || takeovers > 0 ? count(takeovers) : '–',
    note: (_run, { takeovers, takeoversVisible, takeoversPerSecond }) =>
      takeoversVisible || takeovers > 0 ? perSecond(takeoversPerSecond) : 'told after the run',
  },
  {
    title: 'Connects',
    value: (run) => perSecond(lastSecond(run)?.connects),
    note: (_run, { accepted }) => `${count(accepted)} in all`,
  },
  {
    title: 'Failed connects',
    value: (_run, { failed }) => count(failed),
    note: (run) => perSecond(lastSecond(run)?.failed),
  },
  {
    title: 'CONNACK latency',
    value: (_run, { latencyMs }) => (latencyMs === undefined ? '–' : shortSpan(latencyMs.p50)),
    note: (_run, { latencyMs }) =>
      latencyMs === undefined ? 'no connect lately' : `median; p99 ${shortSpan(latencyMs.p99)}`,
  },
  {
    title: 'Generator late by',
    value: (_run, { latenessP99Ms }) =>
      latenessP99Ms === undefined ? '–' : shortSpan(latenessP99Ms),
    note: () => 'p99, last seconds',
  },
  {
    title: 'Messages',
    value: (run) => perSecond(lastSecond(run)?.messages),
    note: (_run, { published, received }) =>
      `${count(published)} sent, ${count(received)} received`,
  },
];

export class Figures {
  readonly element = el('dl', { class: 'figures' });
  readonly #cells = FIGURES.map((figure) => {
    const value = el('dd', { class: 'value' }, '–');
    const note = el('dd', { class: 'muted note' });
    this.element.append(el('div', { class: 'figure' }, el('dt', {}, figure.title), value, note));
    return { figure, value, note };
  });

  show(run: LiveRun): void {
    const { progress } = run;
    for (const { figure, value, note } of this.#cells) {
      value.textContent = progress === undefined ? '–' : figure.value(run, progress);
      note.textContent = progress === undefined ? 'not yet' : figure.note(run, progress);
    }
  }
}
