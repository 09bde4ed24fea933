/** Rates and latencies of the run that goes on, a point for each second, on one axis of time. */
import uPlot from 'uplot';
import type { SecondSample } from '../../src/live/progress.ts';
import type { LiveRun } from '../../src/live/session.ts';
import { el } from '../shared/dom.ts';
import { count, span, tickLabel } from '../shared/format.ts';
import { color, onThemeChange } from '../shared/theme.ts';

interface Line {
  readonly title: string;
  readonly color: string;
  readonly dash: readonly number[];
  readonly value: (sample: SecondSample) => number | undefined;
}

interface ChartKind {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
}

const DASHED = [7, 4];
const DOTTED = [2, 3];

const CHARTS: readonly ChartKind[] = [
  {
    title: 'Takeovers',
    unit: 'per second',
    lines: [
      { title: 'takeovers', color: '--alarm', dash: [], value: (one) => one.takeovers },
      { title: 'failed connects', color: '--warning', dash: DASHED, value: (one) => one.failed },
    ],
  },
  {
    title: 'Connects and closes',
    unit: 'per second',
    lines: [
      { title: 'connects', color: '--accent', dash: [], value: (one) => one.connects },
      { title: 'closes', color: '--muted', dash: DASHED, value: (one) => one.closes },
    ],
  },
  {
    title: 'Connected',
    unit: 'devices',
    lines: [{ title: 'connected', color: '--good', dash: [], value: (one) => one.connected }],
  },
  {
    title: 'Latency and lateness',
    unit: 'ms',
    lines: [
      { title: 'p99', color: '--accent', dash: [], value: (one) => one.latencyP99Ms },
      { title: 'median', color: '--muted', dash: DASHED, value: (one) => one.latencyP50Ms },
      { title: 'late p99', color: '--warning', dash: DOTTED, value: (one) => one.latenessP99Ms },
    ],
  },
];

const HEIGHT = 150;
/** The axis shows at least so much, so that a young run does not jump. */
const SPAN_MS_MIN = 20_000;

export class Charts {
  readonly element = el('div', { class: 'charts' });
  readonly #charts = CHARTS.map((kind) => new Chart(kind, this.element));
  #shown: readonly SecondSample[] = [];

  constructor() {
    onThemeChange(() => {
      for (const chart of this.#charts) chart.build(this.#shown);
    });
    new ResizeObserver(() => {
      for (const chart of this.#charts) chart.resize();
    }).observe(this.element);
  }

  /** Draws only when there is a new second. */
  show({ seconds }: LiveRun): void {
    if (seconds === this.#shown) return;
    this.#shown = seconds;
    for (const chart of this.#charts) chart.draw(seconds);
  }
}

class Chart {
  readonly #kind: ChartKind;
  readonly #box = el('div', { class: 'chart-box' });
  readonly #picture = el('div', { role: 'img' }, this.#box);
  #plot: uPlot | undefined;

  constructor(kind: ChartKind, host: HTMLElement) {
    this.#kind = kind;
    const legend = kind.lines.map((line) => {
      const dash = line.dash === DASHED ? 'dashed' : line.dash === DOTTED ? 'dotted' : 'solid';
      const key = el('span', {
        class: `key ${dash} ${line.color.slice(2)}`,
        'aria-hidden': 'true',
      });
      return el('span', { class: 'legend' }, key, line.title);
    });
    const title = [el('strong', {}, kind.title), el('span', { class: 'muted' }, kind.unit)];
    host.append(
      el('figure', { class: 'chart' }, el('figcaption', {}, ...title, ...legend), this.#picture),
    );
    this.#describe([]);
  }

  build(seconds: readonly SecondSample[]): void {
    this.#plot?.destroy();
    const { lines } = this.#kind;
    this.#plot = new uPlot(
      {
        width: this.#width,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        padding: [8, 8, 0, 0],
        scales: {
          x: { time: false, range: (_plot, min, max) => [min, Math.max(max, min + SPAN_MS_MIN)] },
          y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] },
        },
        axes: [
          axis({ size: 26, values: (_plot, splits) => splits.map((ms) => tickLabel(ms, 1000)) }),
          axis({ size: 48, values: (_plot, splits) => splits.map((value) => count(value)) }),
        ],
        series: [
          {},
          ...lines.map(
            (line): uPlot.Series => ({
              stroke: color(line.color),
              width: 1.75,
              dash: [...line.dash],
              points: { show: false },
              spanGaps: this.#kind.unit === 'ms',
            }),
          ),
        ],
      },
      this.#values(seconds),
      this.#box,
    );
  }

  draw(seconds: readonly SecondSample[]): void {
    if (this.#plot === undefined) this.build(seconds);
    else this.#plot.setData(this.#values(seconds));
    this.#describe(seconds);
  }

  resize(): void {
    this.#plot?.setSize({ width: this.#width, height: HEIGHT });
  }

  get #width(): number {
    return Math.max(160, this.#box.clientWidth);
  }

  #values(seconds: readonly SecondSample[]): uPlot.AlignedData {
    const lines = this.#kind.lines.map(({ value }) => seconds.map((one) => value(one) ?? null));
    return [seconds.map((one) => one.atMs), ...lines];
  }

  #describe(seconds: readonly SecondSample[]): void {
    const { title, unit, lines } = this.#kind;
    const last = seconds.at(-1);
    const parts = lines.map((line) => {
      const now = last === undefined ? undefined : line.value(last);
      return `${line.title} ${now === undefined ? 'none' : count(Math.round(now * 10) / 10)}`;
    });
    const at = last === undefined ? 'no second has passed yet' : `at ${span(last.atMs)}`;
    this.#picture.setAttribute('aria-label', `${title}, ${unit}, ${at}: ${parts.join(', ')}`);
  }
}

function axis(more: uPlot.Axis): uPlot.Axis {
  const grid = { stroke: color('--line'), width: 1 };
  const font = '11px ui-sans-serif, system-ui, sans-serif';
  return { stroke: color('--muted'), font, grid, ticks: { ...grid, size: 4 }, ...more };
}
