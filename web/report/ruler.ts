/** The time axis above all panes. Dragging over it shows what was dragged over. */
import { el, oncePerFrame, sizedContext } from '../shared/dom.ts';
import { tickLabel, timeTicks } from '../shared/format.ts';
import { type Palette, SMALL_FONT } from './palette.ts';
import { gutterFor } from './pane.ts';
import { onWheel } from './pointer.ts';
import type { PageState } from './state.ts';

const HEIGHT = 26;

export class Ruler {
  readonly element = el('canvas', { class: 'ruler', 'aria-hidden': 'true' });
  readonly draw: () => void;
  readonly #state: PageState;
  readonly #colors: () => Palette;
  #dragged: { readonly from: number; to: number } | undefined;

  constructor(state: PageState, colors: () => Palette) {
    this.#state = state;
    this.#colors = colors;
    this.draw = oncePerFrame(() => this.drawNow());
    const { element } = this;
    element.addEventListener('pointerdown', (event) => {
      element.setPointerCapture(event.pointerId);
      this.#dragged = { from: event.offsetX, to: event.offsetX };
    });
    element.addEventListener('pointermove', (event) => {
      if (this.#dragged === undefined) return;
      this.#dragged.to = event.offsetX;
      this.draw();
    });
    element.addEventListener('pointerup', () => this.#drop());
    element.addEventListener('dblclick', () => state.look(state.whole));
    element.addEventListener(
      'wheel',
      (event) => onWheel(event, state, this.#timeAt(event.offsetX)),
      {
        passive: false,
      },
    );
  }

  drawNow(): void {
    const width = this.#width;
    const context = sizedContext(this.element, width, HEIGHT);
    if (context === undefined || width <= 0) return;
    const { view } = this.#state;
    const colors = this.#colors();
    const gutter = gutterFor(width);
    const x = (ms: number): number =>
      gutter + ((ms - view.fromMs) / (view.toMs - view.fromMs)) * (width - gutter);
    context.fillStyle = colors.surface;
    context.fillRect(0, 0, width, HEIGHT);
    if (this.#dragged !== undefined) {
      const { from, to } = this.#dragged;
      context.fillStyle = colors.accent;
      context.globalAlpha = 0.25;
      context.fillRect(Math.min(from, to), 0, Math.abs(to - from), HEIGHT);
      context.globalAlpha = 1;
    }
    context.font = SMALL_FONT;
    context.textBaseline = 'middle';
    context.fillStyle = colors.muted;
    context.fillText('since start', 9, HEIGHT / 2);
    const { at, stepMs } = timeTicks(view.fromMs, view.toMs, (width - gutter) / 74);
    for (const ms of at) {
      context.fillStyle = colors.line;
      context.fillRect(Math.round(x(ms)), HEIGHT - 6, 1, 6);
      context.fillStyle = colors.text;
      const label = tickLabel(ms, stepMs);
      const half = context.measureText(label).width / 2;
      const middle = Math.min(width - half - 2, Math.max(gutter + half, x(ms)));
      context.fillText(label, middle - half, HEIGHT / 2 - 2);
    }
    context.fillStyle = colors.line;
    context.fillRect(0, HEIGHT - 1, width, 1);
  }

  get #width(): number {
    return this.element.parentElement?.clientWidth ?? 0;
  }

  #timeAt(x: number): number {
    const { view } = this.#state;
    const gutter = gutterFor(this.#width);
    return view.fromMs + ((x - gutter) / (this.#width - gutter)) * (view.toMs - view.fromMs);
  }

  #drop(): void {
    const dragged = this.#dragged;
    this.#dragged = undefined;
    this.draw();
    if (dragged === undefined || Math.abs(dragged.to - dragged.from) < 5) return;
    const [from, to] = [Math.min(dragged.from, dragged.to), Math.max(dragged.from, dragged.to)];
    this.#state.look({ fromMs: this.#timeAt(from), toMs: this.#timeAt(to) });
  }
}
