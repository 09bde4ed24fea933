/** Puts the timeline together: toolbar, legend, time axis, a pane for each run, details, table. */
import { byId, el } from '../shared/dom.ts';
import { onThemeChange } from '../shared/theme.ts';
import { legend, toolbar } from './controls.ts';
import { sayClient } from './describe.ts';
import { listenToKeys } from './keys.ts';
import { type Palette, palette } from './palette.ts';
import { Pane } from './pane.ts';
import { listenToPointer } from './pointer.ts';
import { Ruler } from './ruler.ts';
import { SessionTable } from './session-table.ts';
import type { PageState } from './state.ts';
import { detailsList, Tooltip } from './tooltip.ts';

export interface Timeline {
  /** Paints at once, for printing. */
  readonly drawNow: () => void;
}

export function buildTimeline(state: PageState): Timeline {
  let colors: Palette = palette();
  const current = (): Palette => colors;
  const tooltip = new Tooltip();
  const panes = state.models.map((model) => new Pane(state, model, current));
  const ruler = new Ruler(state, current);
  const marks = legend(current);
  const details = el('div', { class: 'chosen', hidden: true });
  const frame = el(
    'div',
    { class: 'panes' },
    ruler.element,
    ...panes.map(({ element }) => element),
  );
  byId('timeline-view').replaceChildren(
    toolbar(state),
    marks.element,
    frame,
    el('p', { class: 'hint muted' }, HINT),
    details,
    new SessionTable(state).element,
  );
  for (const pane of panes) {
    listenToPointer(pane, state, tooltip);
    listenToKeys(pane, state);
  }
  const draw = (): void => {
    ruler.draw();
    for (const pane of panes) pane.draw();
  };
  const resize = (): void => {
    for (const pane of panes) pane.resize();
    ruler.draw();
  };
  const rebuild = (): void => {
    const { run } = state.choice;
    for (const pane of panes) {
      const isShown = run === 'all' || run === pane.model.index;
      pane.element.hidden = !isShown;
      if (isShown) pane.rebuild();
    }
    ruler.draw();
  };
  state.on('view', draw);
  state.on('choice', rebuild);
  state.on('selection', () => {
    showSelected(state, details);
    draw();
  });
  onThemeChange(() => {
    colors = palette();
    marks.redraw();
    draw();
  });
  new ResizeObserver(resize).observe(frame);
  marks.redraw();
  rebuild();
  const drawNow = (): void => {
    ruler.drawNow();
    for (const pane of panes) pane.drawNow();
  };
  return { drawNow };
}

const HINT =
  'Drag to move along, Ctrl or ⌘ and wheel (or pinch) to zoom, drag over the time axis to zoom into a ' +
  'span. With the keyboard: arrows choose lanes and sessions, + and − zoom, Shift and arrows move ' +
  'along, 0 shows all.';

function showSelected(state: PageState, details: HTMLElement): void {
  const { selected, models } = state;
  const model = selected === undefined ? undefined : models[selected.run];
  details.hidden = model === undefined;
  if (selected === undefined || model === undefined) return;
  details.replaceChildren(el('h3', {}, 'Chosen session'), detailsList(model, selected.row));
  byId('live').textContent = sayClient(model, selected.row);
}
