/** Rates and latencies over time, a line for each run on one axis: before and after at a glance. */
import uPlot from 'uplot';
import type { PageData, PageRun, PageSeries } from '../../src/page/page-data.ts';
import { byId, el } from '../shared/dom.ts';
import { count, span, tickLabel } from '../shared/format.ts';
import { onThemeChange } from '../shared/theme.ts';
import { type Palette, palette } from './palette.ts';
import type { PageState } from './state.ts';

type SeriesName = Exclude<keyof PageSeries, 'binMs'>;

interface Metric {
  readonly name: SeriesName;
  readonly title: string;
  readonly unit: 'per second' | 'sessions' | 'ms';
}

const METRICS: readonly Metric[] = [
  { name: 'takeovers', title: 'Takeovers', unit: 'per second' },
  { name: 'connects', title: 'Connects', unit: 'per second' },
  { name: 'closes', title: 'Closes', unit: 'per second' },
  { name: 'failed', title: 'Failed connects', unit: 'per second' },
  { name: 'open', title: 'Open sessions', unit: 'sessions' },
  { name: 'latencyP50', title: 'CONNACK latency, median', unit: 'ms' },
  { name: 'latencyP99', title: 'CONNACK latency, p99', unit: 'ms' },
];

const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [9, 3, 2, 3], [5, 2], [1, 2]];
const HEIGHT = 170;

type Values = readonly (number | null)[];

export function buildCharts(state: PageState): void {
  const { data } = state;
  const host = byId('charts');
  const shown = METRICS.filter((metric) => isThere(data, metric));
  const missing = METRICS.filter((metric) => !shown.includes(metric));
  const grid = el('div', { class: 'chart-grid' });
  host.replaceChildren(runLegend(data), grid, ...absent(missing), tableOf(data, shown));
  const charts = shown.map((metric) => new Chart(state, metric, grid));
  let colors = palette();
  const redraw = (): void => {
    colors = palette();
    for (const chart of charts) chart.build(colors);
    paintLegend(host, colors);
  };
  onThemeChange(redraw);
  state.on('view', () => {
    for (const chart of charts) chart.look();
  });
  new ResizeObserver(() => {
    for (const chart of charts) chart.resize();
  }).observe(grid);
  redraw();
}

class Chart {
  readonly #state: PageState;
  readonly #metric: Metric;
  readonly #box = el('div', { class: 'chart-box' });
  readonly #readout = el('span', { class: 'muted readout' });
  #plot: uPlot | undefined;

  constructor(state: PageState, metric: Metric, grid: HTMLElement) {
    this.#state = state;
    this.#metric = metric;
    grid.append(
      el(
        'figure',
        { class: 'chart' },
        el('figcaption', {}, el('strong', {}, metric.title), ` ${metric.unit} `, this.#readout),
        el('div', { role: 'img', 'aria-label': inWords(state.data, metric) }, this.#box),
      ),
    );
  }

  build(colors: Palette): void {
    this.#plot?.destroy();
    const { data } = this.#state;
    const times = timesOf(data);
    const lines = data.runs.map((run) => valuesOf(run, this.#metric));
    const isLatency = this.#metric.unit === 'ms';
    const steps = uPlot.paths.stepped?.({ align: 1 });
    const options: uPlot.Options = {
      width: this.#width,
      height: HEIGHT,
      legend: { show: false },
      cursor: { sync: { key: 'rates' }, drag: { x: true, y: false }, points: { show: false } },
      padding: [8, 6, 0, 0],
      scales: {
        x: { time: false, auto: false, range: () => [view0(this.#state), view1(this.#state)] },
        y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
      },
      axes: [
        axis(colors, {
          space: 60,
          values: (_plot, splits, _axis, _space, step) =>
            splits.map((ms) => tickLabel(ms, step || 1000)),
        }),
        axis(colors, { size: 46, values: (_plot, splits) => splits.map((value) => count(value)) }),
      ],
      series: [
        {},
        ...data.runs.map(
          (_run, place): uPlot.Series => ({
            stroke: colors.runs[place % colors.runs.length] ?? colors.text,
            width: 1.75,
            dash: [...(DASHES[place % DASHES.length] ?? [])],
            spanGaps: isLatency,
            points: { show: isLatency, size: 4 },
            ...(isLatency || steps === undefined ? {} : { paths: steps }),
          }),
        ),
      ],
      hooks: {
        setCursor: [(plot) => this.#read(plot, times, lines)],
        setSelect: [
          (plot) => {
            const { left, width } = plot.select;
            if (width < 4) return;
            this.#state.look({
              fromMs: plot.posToVal(left, 'x'),
              toMs: plot.posToVal(left + width, 'x'),
            });
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
        draw: [(plot) => drawMarks(plot, data, colors)],
      },
    };
    this.#plot = new uPlot(options, [[...times], ...lines.map((line) => [...line])], this.#box);
    // At once, not in the next microtask: a print does not wait for it.
    this.#plot.batch(() => {});
  }

  look(): void {
    const { fromMs, toMs } = this.#state.view;
    this.#plot?.setScale('x', { min: fromMs, max: toMs });
  }

  resize(): void {
    this.#plot?.setSize({ width: this.#width, height: HEIGHT });
  }

  get #width(): number {
    return Math.max(200, this.#box.clientWidth);
  }

  #read(plot: uPlot, times: readonly number[], lines: readonly Values[]): void {
    const at = plot.cursor.idx;
    const time = at === null || at === undefined ? undefined : times[at];
    if (at === null || at === undefined || time === undefined) {
      this.#readout.textContent = '';
      return;
    }
    const parts = this.#state.data.runs.map(({ name }, place) => {
      const value = lines[place]?.[at];
      return `${name} ${value === null || value === undefined ? '–' : count(value)}`;
    });
    this.#readout.textContent = `${span(time)}: ${parts.join(', ')}`;
  }
}

const view0 = ({ view }: PageState): number => view.fromMs;
const view1 = ({ view }: PageState): number => view.toMs;

function axis(colors: Palette, more: uPlot.Axis): uPlot.Axis {
  const grid = { stroke: colors.line, width: 1 };
  const font = '11px ui-sans-serif, system-ui, sans-serif';
  return { stroke: colors.muted, font, grid, ticks: { ...grid, size: 4 }, ...more };
}

/** The end of the faults in each run; usually one line for all. */
function drawMarks(plot: uPlot, { runs }: PageData, colors: Palette): void {
  const { ctx: context, bbox } = plot;
  context.save();
  context.strokeStyle = colors.accent;
  context.setLineDash([6, 4]);
  context.lineWidth = 1;
  for (const { marks } of runs) {
    for (const { kind, atMs } of marks) {
      if (kind !== 'faults-end') continue;
      const x = Math.round(plot.valToPos(atMs, 'x', true)) + 0.5;
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      context.beginPath();
      context.moveTo(x, bbox.top);
      context.lineTo(x, bbox.top + bbox.height);
      context.stroke();
    }
  }
  context.restore();
}

function timesOf({ fromMs, runs }: PageData): readonly number[] {
  const series = runs[0]?.series;
  return series === undefined ? [] : series.connects.map((_, bin) => fromMs + bin * series.binMs);
}

function valuesOf({ series }: PageRun, { name, unit }: Metric): Values {
  const values: Values = series[name];
  if (unit !== 'per second') return values;
  return values.map((value) => (value === null ? null : (value * 1000) / series.binMs));
}

function isThere({ runs }: PageData, { name }: Metric): boolean {
  return runs.some(({ series }) => series[name].some((value) => value !== null && value > 0));
}

/** What has no chart, and why. */
function absent(metrics: readonly Metric[]): readonly HTMLElement[] {
  if (metrics.length === 0) return [];
  const words = metrics.map(({ title }) => title.toLowerCase().replace('connack', 'CONNACK'));
  return [el('p', { class: 'muted' }, `Nothing to draw in any run: ${words.join('; ')}.`)];
}

function inWords(data: PageData, metric: Metric): string {
  const parts = data.runs.map((run) => {
    const values = valuesOf(run, metric).filter((value) => value !== null);
    return `${run.name}: at most ${count(Math.max(0, ...values))} ${metric.unit}`;
  });
  return `${metric.title} over time. ${parts.join('; ')}. The numbers stand in the table below.`;
}

function runLegend({ runs }: PageData): HTMLElement {
  const items = runs.map(({ name }) =>
    el('li', {}, el('canvas', { 'aria-hidden': 'true', width: 60, height: 16 }), name),
  );
  return el('ul', { class: 'legend runs', 'aria-label': 'Lines of the charts' }, ...items);
}

function paintLegend(host: HTMLElement, colors: Palette): void {
  for (const [place, canvas] of host
    .querySelectorAll<HTMLCanvasElement>('.runs canvas')
    .entries()) {
    const context = canvas.getContext('2d');
    if (context === null) continue;
    context.clearRect(0, 0, 60, 16);
    context.strokeStyle = colors.runs[place % colors.runs.length] ?? '';
    context.lineWidth = 4;
    context.setLineDash((DASHES[place % DASHES.length] ?? []).map((dash) => dash * 2));
    context.beginPath();
    context.moveTo(0, 8);
    context.lineTo(60, 8);
    context.stroke();
  }
}

/** The same numbers as text, made when somebody opens it. */
function tableOf(data: PageData, metrics: readonly Metric[]): HTMLElement {
  const details = el('details', {}, el('summary', {}, 'The same numbers as a table'));
  details.addEventListener(
    'toggle',
    () => {
      const region = { class: 'scroll tall', tabindex: 0, role: 'region' };
      const head = ['Run', 'From', ...metrics.map(({ title, unit }) => `${title}, ${unit}`)];
      const heads = head.map((name) => el('th', { scope: 'col' }, name));
      const body = el('tbody');
      for (const run of data.runs) body.append(...runRows(run, timesOf(data), metrics));
      const table = el('table', {}, el('thead', {}, el('tr', {}, ...heads)), body);
      details.append(el('div', { ...region, 'aria-label': 'Table: rates and latencies' }, table));
    },
    { once: true },
  );
  return details;
}

function runRows(
  run: PageRun,
  times: readonly number[],
  metrics: readonly Metric[],
): readonly HTMLElement[] {
  const columns = metrics.map((metric) => valuesOf(run, metric));
  return times.map((ms, bin) => {
    const values = columns.map((column) => column[bin] ?? null);
    const cells = values.map((value) => el('td', {}, value === null ? '–' : count(value)));
    return el('tr', {}, el('td', {}, run.name), el('td', {}, span(ms)), ...cells);
  });
}
