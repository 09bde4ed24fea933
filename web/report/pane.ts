/**
 * The lanes of one run: a canvas that stays in the window of a scrolling box, so that the browser
 * scrolls and only what is visible is painted.
 */
import { el, oncePerFrame, sizedContext } from '../shared/dom.ts';
import { count } from '../shared/format.ts';
import type { RunModel } from './decode.ts';
import { drawLanes, xOf } from './draw-lanes.ts';
import { drawInstants, drawStrip, STRIP_HEIGHT } from './draw-strip.ts';
import { type Lane, lanesOf } from './lanes.ts';
import { barHeight, LANE_PADDING, type Layout, laneAt, layoutOf } from './layout.ts';
import type { Palette } from './palette.ts';
import type { PageState } from './state.ts';

/** Where the pointer is: a lane, and a session when there is one. */
export interface Hit {
  readonly lane: number;
  readonly row: number;
}

export function gutterFor(width: number): number {
  return width < 560 ? 96 : width < 960 ? 150 : 210;
}

export class Pane {
  readonly model: RunModel;
  readonly element: HTMLElement;
  /** The box that scrolls and takes the keyboard. */
  readonly box: HTMLElement;
  layout: Layout = layoutOf([]);
  hovered = -1;
  readonly draw: () => void;
  readonly #state: PageState;
  readonly #colors: () => Palette;
  readonly #canvas = el('canvas', { 'aria-hidden': 'true' });
  readonly #spacer = el('div', { class: 'spacer' });
  readonly #words = el('span', { class: 'muted' });
  readonly #takeoversMax: number;

  constructor(state: PageState, model: RunModel, colors: () => Palette) {
    this.#state = state;
    this.model = model;
    this.#colors = colors;
    this.#takeoversMax = Math.max(1, ...state.models.flatMap(({ run }) => run.series.takeovers));
    this.box = el(
      'div',
      {
        class: 'pane-box',
        tabindex: 0,
        role: 'application',
        'aria-roledescription': 'timeline',
        'aria-label': `Sessions of the run ${model.run.name}. Arrow keys up and down choose a lane, left and right a session, plus and minus zoom, 0 shows all.`,
      },
      this.#canvas,
      this.#spacer,
    );
    this.element = el(
      'div',
      { class: 'pane' },
      el('h3', { class: 'pane-title' }, `${model.run.name} `, this.#words),
      this.box,
    );
    this.draw = oncePerFrame(() => this.drawNow());
    this.box.addEventListener('scroll', this.draw, { passive: true });
  }

  /** Lanes from what is chosen. */
  rebuild(): void {
    this.layout = layoutOf(lanesOf(this.model, this.#state.choice));
    const lanes = this.layout.lanes.filter(({ kind }) => kind === 'lane');
    const trouble = lanes.filter((lane) => lane.kind === 'lane' && lane.inFinding).length;
    this.#words.textContent = `${count(lanes.length)} ${lanes.length === 1 ? 'lane' : 'lanes'}${trouble > 0 ? `, ${count(trouble)} in findings` : ''}, ${count(this.model.run.sessions)} sessions`;
    this.hovered = -1;
    this.resize();
  }

  /** As high as its lanes, but no higher than its share of the window. */
  resize(): void {
    const share = this.#state.choice.run === 'all' ? this.#state.models.length : 1;
    const room = Math.max(190, Math.min(720, (window.innerHeight * 0.8) / Math.min(3, share)));
    const wanted = this.layout.height + STRIP_HEIGHT + 6;
    this.box.style.height = `${Math.round(Math.min(room, Math.max(90, wanted)))}px`;
    // The canvas lies in the same flow and takes its own height.
    this.#spacer.style.height = `${Math.max(0, wanted - this.box.clientHeight)}px`;
    this.draw();
  }

  /** At once; before printing there is no next frame. */
  drawNow(): void {
    const [width, height] = [this.box.clientWidth, this.box.clientHeight];
    const context = sizedContext(this.#canvas, width, height);
    if (context === undefined || width === 0) return;
    const colors = this.#colors();
    const { selected, view, data, choice } = this.#state;
    const common = {
      context,
      colors,
      model: this.model,
      view,
      axisFromMs: data.fromMs,
      gutter: gutterFor(width),
      width,
      height,
    };
    context.fillStyle = colors.surface;
    context.fillRect(0, 0, width, height);
    drawLanes({
      ...common,
      layout: this.layout,
      grouping: choice.grouping,
      top: STRIP_HEIGHT,
      scrollTop: this.box.scrollTop,
      selected: selected?.run === this.model.index ? selected.row : -1,
      hovered: this.hovered,
    });
    const strip = { ...common, takeoversMax: this.#takeoversMax };
    drawStrip(strip);
    drawInstants(strip);
    if (this.layout.lanes.length === 0) {
      context.fillStyle = colors.muted;
      context.fillText('No session fits the filter.', common.gutter + 12, STRIP_HEIGHT + 18);
    }
  }

  /** The instant under an x of the box. */
  timeAt(x: number): number {
    const { view } = this.#state;
    const width = this.box.clientWidth;
    const gutter = gutterFor(width);
    return view.fromMs + ((x - gutter) / (width - gutter)) * (view.toMs - view.fromMs);
  }

  /** What lies under a point of the box. */
  hit(x: number, y: number): Hit | undefined {
    const width = this.box.clientWidth;
    const within = y - STRIP_HEIGHT + this.box.scrollTop;
    if (y < STRIP_HEIGHT || within > this.layout.height) return undefined;
    const lane = laneAt(this.layout, within);
    const found = this.layout.lanes[lane];
    if (found?.kind !== 'lane') return { lane, row: -1 };
    const gutter = gutterFor(width);
    const inLane = within - (this.layout.tops[lane] ?? 0) - LANE_PADDING + 3;
    const depth = Math.floor(inLane / barHeight(found));
    const frame = { view: this.#state.view, gutter, width };
    let [best, bestGap] = [-1, 7];
    for (let place = 0; place < found.rows.length; place++) {
      if (Math.max(0, Math.min(found.depths - 1, depth)) !== found.depth[place]) continue;
      const row = found.rows[place] ?? 0;
      const from = xOf(frame, this.model.startMs[row] ?? 0);
      const to = xOf(frame, this.model.endMs[row] ?? 0);
      const gap = x < from ? from - x : x > to ? x - to : 0;
      if (gap <= bestGap && (gap < bestGap || gap === 0)) [best, bestGap] = [row, gap];
    }
    return { lane, row: best };
  }

  /** Scrolls so that a lane is in the window. */
  reveal(lane: number): void {
    const top = this.layout.tops[lane] ?? 0;
    const bottom = this.layout.tops[lane + 1] ?? 0;
    const { scrollTop, clientHeight } = this.box;
    const room = clientHeight - STRIP_HEIGHT;
    if (top < scrollTop) this.box.scrollTop = top;
    else if (bottom > scrollTop + room) this.box.scrollTop = bottom - room;
  }

  /** The lane of a row, -1 when it is filtered away. */
  laneOf(row: number): number {
    return this.layout.lanes.findIndex(
      (lane: Lane) => lane.kind === 'lane' && lane.rows.includes(row),
    );
  }
}
