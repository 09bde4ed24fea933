/** Mouse, wheel, pen and fingers on a pane: hover, choose, drag along time, pinch. */
import type { Pane } from './pane.ts';
import type { PageState } from './state.ts';
import type { Tooltip } from './tooltip.ts';

const DRAG_PX = 4;

export function listenToPointer(pane: Pane, state: PageState, tooltip: Tooltip): void {
  const { box } = pane;
  const down = new Map<number, number>();
  let moved = 0;
  const place = (event: MouseEvent): { x: number; y: number } => {
    const { left, top } = box.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const hover = (row: number): void => {
    if (pane.hovered === row) return;
    pane.hovered = row;
    pane.draw();
  };

  box.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    // The scroll bar is the browser's.
    if (place(event).x > box.clientWidth) return;
    down.set(event.pointerId, event.clientX);
    moved = 0;
  });
  box.addEventListener('pointermove', (event) => {
    const before = down.get(event.pointerId);
    if (before === undefined) {
      const { x, y } = place(event);
      const hit = pane.hit(x, y);
      hover(hit?.row ?? -1);
      if (hit === undefined || hit.row < 0) tooltip.hide();
      else tooltip.show(pane.model, hit.row, event.clientX, event.clientY);
      return;
    }
    tooltip.hide();
    const dx = event.clientX - before;
    moved += Math.abs(dx);
    if (moved > DRAG_PX) {
      if (!box.hasPointerCapture(event.pointerId)) box.setPointerCapture(event.pointerId);
      drag(pane, state, { pointers: down, id: event.pointerId, dx, x: place(event).x });
    }
    down.set(event.pointerId, event.clientX);
  });
  const up = (event: PointerEvent): void => {
    const wasDown = down.delete(event.pointerId);
    if (!wasDown || moved > DRAG_PX || event.type !== 'pointerup') return;
    const { x, y } = place(event);
    const hit = pane.hit(x, y);
    state.select(
      hit === undefined || hit.row < 0 ? undefined : { run: pane.model.index, row: hit.row },
    );
  };
  box.addEventListener('pointerup', up);
  box.addEventListener('pointercancel', up);
  box.addEventListener('pointerleave', () => {
    hover(-1);
    tooltip.hide();
  });
  box.addEventListener('dblclick', (event) => state.zoom(0.4, pane.timeAt(place(event).x)));
  box.addEventListener('wheel', (event) => onWheel(event, state, pane.timeAt(place(event).x)), {
    passive: false,
  });
}

interface Drag {
  /** The last x of every finger that is down. */
  readonly pointers: ReadonlyMap<number, number>;
  readonly id: number;
  readonly dx: number;
  readonly x: number;
}

/** One finger moves the time along, two stretch it. */
function drag(pane: Pane, state: PageState, { pointers, id, dx, x }: Drag): void {
  const { view } = state;
  const perPixel = pane.timeAt(1) - pane.timeAt(0);
  const other = [...pointers].find(([pointer]) => pointer !== id);
  if (other === undefined) {
    state.look({ fromMs: view.fromMs - dx * perPixel, toMs: view.toMs - dx * perPixel });
    return;
  }
  const { left } = pane.box.getBoundingClientRect();
  const otherX = other[1] - left;
  const [before, after] = [Math.abs(x - dx - otherX), Math.abs(x - otherX)];
  if (before > 8 && after > 8) state.zoom(before / after, pane.timeAt((x + otherX) / 2));
}

/** With Ctrl or ⌘ (and a pinch on a touchpad) it zooms, with Shift or sideways it moves along. */
export function onWheel(event: WheelEvent, state: PageState, aroundMs: number): void {
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    state.zoom(Math.exp(Math.max(-50, Math.min(50, event.deltaY)) * 0.01), aroundMs);
    return;
  }
  const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
  if (Math.abs(sideways) <= Math.abs(event.shiftKey ? 0 : event.deltaY)) return;
  event.preventDefault();
  state.pan(sideways / 800);
}
