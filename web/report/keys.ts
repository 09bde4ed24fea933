/** The keyboard on a pane: lanes and sessions by arrows, zoom and pan by letters and signs. */
import type { Pane } from './pane.ts';
import type { PageState } from './state.ts';

/** Where the keyboard stands in a pane. */
interface Place {
  readonly lane: number;
  readonly session: number;
}

export function listenToKeys(pane: Pane, state: PageState): void {
  const select = ({ lane, session }: Place): void => {
    const found = pane.layout.lanes[lane];
    pane.reveal(lane);
    if (found?.kind !== 'lane') return;
    const row = found.rows[session] ?? found.rows[0] ?? 0;
    bringIntoView(state, pane, row);
    state.select({ run: pane.model.index, row });
  };
  pane.box.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (actOnView(event.key, event.shiftKey, state)) event.preventDefault();
    else if (event.key === 'Escape') state.select(undefined);
    else {
      const next = move(pane, state, event.key);
      if (next === undefined) return;
      event.preventDefault();
      select(next);
    }
  });
}

function actOnView(key: string, shift: boolean, state: PageState): boolean {
  switch (key) {
    case '+':
    case '=':
      state.zoom(0.6, focusMs(state));
      return true;
    case '-':
    case '_':
      state.zoom(1 / 0.6, focusMs(state));
      return true;
    case '0':
      state.look(state.whole);
      return true;
    case 'ArrowLeft':
    case 'ArrowRight':
      if (!shift) return false;
      state.pan(key === 'ArrowLeft' ? -0.2 : 0.2);
      return true;
    default:
      return false;
  }
}

/** Zooming keeps the chosen session in sight. */
function focusMs({ selected, models, view }: PageState): number | undefined {
  if (selected === undefined) return undefined;
  const startMs = models[selected.run]?.startMs[selected.row];
  const isSeen = startMs !== undefined && startMs >= view.fromMs && startMs <= view.toMs;
  return isSeen ? startMs : undefined;
}

/** The next place, or undefined for a key that moves nothing. */
function move(pane: Pane, state: PageState, key: string): Place | undefined {
  const { lanes } = pane.layout;
  if (lanes.length === 0) return undefined;
  const { selected } = state;
  const row = selected?.run === pane.model.index ? selected.row : -1;
  const lane = row < 0 ? -1 : pane.laneOf(row);
  const last = lanes.length - 1;
  if (lane < 0) return MOVES.has(key) ? { lane: key === 'End' ? last : 0, session: 0 } : undefined;
  const here = lanes[lane];
  const session = here?.kind === 'lane' ? here.rows.indexOf(row) : 0;
  const sessions = here?.kind === 'lane' ? here.rows.length : 1;
  const to = (wanted: number): Place => {
    const target = Math.min(last, Math.max(0, wanted));
    return { lane: target, session: nearestIn(pane, target, row) };
  };
  switch (key) {
    case 'ArrowUp':
      return to(lane - 1);
    case 'ArrowDown':
      return to(lane + 1);
    case 'PageUp':
      return to(lane - 10);
    case 'PageDown':
      return to(lane + 10);
    case 'ArrowLeft':
      return { lane, session: Math.max(0, session - 1) };
    case 'ArrowRight':
      return { lane, session: Math.min(sessions - 1, session + 1) };
    case 'Home':
      return { lane: 0, session: 0 };
    case 'End':
      return { lane: last, session: 0 };
    default:
      return undefined;
  }
}

const MOVES = new Set(['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Home', 'End', 'Enter']);

/** The session of another lane that begins nearest to this one's start. */
function nearestIn({ layout, model }: Pane, lane: number, row: number): number {
  const found = layout.lanes[lane];
  if (found?.kind !== 'lane') return 0;
  const wanted = model.startMs[row] ?? 0;
  let [best, bestGap] = [0, Number.POSITIVE_INFINITY];
  for (let place = 0; place < found.rows.length; place++) {
    const gap = Math.abs((model.startMs[found.rows[place] ?? 0] ?? 0) - wanted);
    if (gap < bestGap) [best, bestGap] = [place, gap];
  }
  return best;
}

function bringIntoView(state: PageState, { model }: Pane, row: number): void {
  const { fromMs, toMs } = state.view;
  const [start, end] = [model.startMs[row] ?? 0, model.endMs[row] ?? 0];
  if (start <= toMs && end >= fromMs) return;
  const length = toMs - fromMs;
  state.look({ fromMs: start - length / 3, toMs: start + (length * 2) / 3 });
}
