/** Paints the visible lanes of a pane: bars, overlaps, marks, names. */
import { FLAG, REASONS } from '../../src/page/columns.ts';
import type { RunModel } from './decode.ts';
import { type BandLane, HOLDER, type SessionLane } from './lanes.ts';
import { BAR_HEIGHT, barHeight, LANE_PADDING, type Layout, laneAt } from './layout.ts';
import { drawMark, type MarkKind } from './marks.ts';
import { type Palette, SMALL_FONT } from './palette.ts';
import type { Grouping, TimeView } from './state.ts';

export interface LaneFrame {
  readonly context: CanvasRenderingContext2D;
  readonly colors: Palette;
  readonly model: RunModel;
  readonly layout: Layout;
  readonly grouping: Grouping;
  readonly view: TimeView;
  /** The page's axis, which bands are counted on. */
  readonly axisFromMs: number;
  /** Width of the names, and of all. */
  readonly gutter: number;
  readonly width: number;
  /** Where lanes begin on the canvas, and where it ends. */
  readonly top: number;
  readonly height: number;
  readonly scrollTop: number;
  /** The row that is chosen, and the one under the pointer; -1 for none. */
  readonly selected: number;
  readonly hovered: number;
}

const LOST = ['connection-lost', 'keep-alive-timeout', 'protocol-error', 'auth-error'].map(
  (reason) => REASONS.indexOf(reason as (typeof REASONS)[number]),
);
/** Between bars of one lane. */
const BAR_GAP = 3;

export function drawLanes(frame: LaneFrame): void {
  const { context, layout, scrollTop, top, height, width, gutter, colors } = frame;
  context.save();
  context.beginPath();
  context.rect(0, top, width, height - top);
  context.clip();
  const first = laneAt(layout, scrollTop);
  for (let place = first; place < layout.lanes.length; place++) {
    const y = top + (layout.tops[place] ?? 0) - scrollTop;
    if (y > height) break;
    const laneHeight = (layout.tops[place + 1] ?? 0) - (layout.tops[place] ?? 0);
    if (place % 2 === 1) {
      context.fillStyle = colors.stripe;
      context.fillRect(0, y, width, laneHeight);
    }
    const lane = layout.lanes[place];
    if (lane === undefined) continue;
    context.save();
    context.beginPath();
    context.rect(gutter, Math.max(top, y), width - gutter, laneHeight);
    context.clip();
    if (lane.kind === 'lane') drawSessions(frame, lane, y, laneHeight);
    else drawBand(frame, lane, y, laneHeight);
    context.restore();
    drawName(frame, lane, y);
  }
  context.restore();
}

/** The x of an instant. */
export function xOf(
  { view, gutter, width }: Pick<LaneFrame, 'view' | 'gutter' | 'width'>,
  ms: number,
) {
  return gutter + ((ms - view.fromMs) / (view.toMs - view.fromMs)) * (width - gutter);
}

/** A session as it is painted. */
interface Bar {
  readonly row: number;
  readonly x1: number;
  readonly x2: number;
  readonly y: number;
  readonly height: number;
  readonly fill: string;
}

function drawSessions(frame: LaneFrame, lane: SessionLane, y: number, laneHeight: number): void {
  const { context, model, view, colors } = frame;
  const step = barHeight(lane);
  const marks: PlacedMark[] = [];
  const bars: Bar[] = [];
  const ink = new Ink();
  for (let place = 0; place < lane.rows.length; place++) {
    const row = lane.rows[place] ?? 0;
    const [start, end] = [model.startMs[row] ?? 0, model.endMs[row] ?? 0];
    if (start > view.toMs) break;
    if (end < view.fromMs) continue;
    const depth = lane.depth[place] ?? 0;
    const bar: Bar = {
      row,
      x1: Math.max(frame.gutter - 2, xOf(frame, start)),
      x2: xOf(frame, end),
      y: y + LANE_PADDING + depth * step,
      height: step - BAR_GAP,
      fill: barColor(frame, lane, row),
    };
    const kind = markOf(model, row);
    if (kind !== undefined) marks.push({ kind, bar });
    if (kind === 'failed' || (depth === 0 && ink.covers(bar) && !isPointedAt(frame, row))) continue;
    if (depth > 0) {
      context.fillStyle = colors.alarmBack;
      context.fillRect(bar.x1, y, Math.max(1, bar.x2 - bar.x1), laneHeight);
    }
    bars.push(bar);
    if (depth === 0) ink.add(bar);
  }
  // Above the grounds of all overlaps.
  for (const bar of bars) drawBar(frame, bar);
  drawMarks(frame, marks);
}

/** Sessions too short to be told apart at this zoom are painted once. */
class Ink {
  #to = -1;
  #fill = '';

  covers({ x2, fill }: Bar): boolean {
    return x2 <= this.#to && fill === this.#fill;
  }

  add({ x1, x2, fill }: Bar): void {
    [this.#to, this.#fill] = [Math.max(x1 + 1, x2), fill];
  }
}

interface PlacedMark {
  readonly kind: MarkKind;
  readonly bar: Bar;
}

function drawMarks({ context, colors }: LaneFrame, marks: readonly PlacedMark[]): void {
  let lastX = Number.NEGATIVE_INFINITY;
  for (const { kind, bar } of marks) {
    const x = kind === 'failed' ? bar.x1 : bar.x2;
    // A heap of marks on one spot says no more than one of them.
    if (kind === 'takeover' && x - lastX < 1.5) continue;
    if (kind === 'takeover') lastX = x;
    drawMark(context, kind, { x, y: bar.y - 2, height: bar.height + 2 }, colors);
  }
}

function isPointedAt({ selected, hovered }: LaneFrame, row: number): boolean {
  return row === selected || row === hovered;
}

function drawBar(frame: LaneFrame, { row, x1, x2, y, height, fill }: Bar): void {
  const { context, model, colors, selected, width } = frame;
  const w = Math.max(1, Math.min(width + 4, x2) - x1 - (x2 - x1 > 3 ? 0.75 : 0));
  context.fillStyle = fill;
  context.fillRect(x1, y, w, height);
  const abandoned = model.abandonedMs[row] ?? Number.NaN;
  if (!Number.isNaN(abandoned)) {
    // The device has gone, the broker does not know: an empty bar with a broken edge.
    const x = Math.max(x1, xOf(frame, abandoned));
    context.fillStyle = colors.surface;
    context.fillRect(x, y + 1, Math.max(0, x1 + w - x), height - 2);
    context.setLineDash([3, 2]);
    context.strokeStyle = fill;
    context.lineWidth = 1;
    context.strokeRect(x, y + 0.5, Math.max(0, x1 + w - x - 0.5), height - 1);
    context.setLineDash([]);
  }
  if (!isPointedAt(frame, row)) return;
  context.strokeStyle = row === selected ? colors.accent : colors.text;
  context.lineWidth = row === selected ? 2.5 : 1.5;
  context.strokeRect(x1 - 1, y - 1.5, w + 2, height + 3);
}

function markOf(model: RunModel, row: number): MarkKind | undefined {
  const flags = model.columns.flags[row] ?? 0;
  if ((flags & FLAG.failed) !== 0) return 'failed';
  if ((flags & FLAG.takeoverInferred) !== 0) return 'inferred';
  if ((flags & FLAG.takenOver) !== 0) return 'takeover';
  return LOST.includes(model.columns.reason[row] ?? -1) ? 'lost' : undefined;
}

/** Calm where a lane has one holder; a colour for each where it has several. */
function barColor({ model, grouping, colors }: LaneFrame, lane: SessionLane, row: number): string {
  if (lane.holders.size <= 1) return colors.calm;
  const place = lane.holders.get(model.columns[HOLDER[grouping]][row] ?? -1) ?? 0;
  return colors.holders[place % colors.holders.length] ?? colors.calm;
}

/** How many sessions of the band were open, as darkness. */
function drawBand(frame: LaneFrame, { band }: BandLane, y: number, laneHeight: number): void {
  const { context, model, axisFromMs, colors } = frame;
  const most = Math.max(1, ...band.open);
  const { binMs } = model.run.series;
  context.fillStyle = colors.calm;
  for (const [bin, open] of band.open.entries()) {
    if (open === 0) continue;
    const x1 = xOf(frame, axisFromMs + bin * binMs);
    const x2 = xOf(frame, axisFromMs + (bin + 1) * binMs);
    context.globalAlpha = 0.15 + 0.75 * (open / most);
    context.fillRect(x1, y + 3, x2 - x1 + 0.5, laneHeight - 6);
  }
  context.globalAlpha = 1;
}

function drawName(frame: LaneFrame, lane: SessionLane | BandLane, y: number): void {
  const { context, colors, gutter, top } = frame;
  context.font = SMALL_FONT;
  context.textBaseline = 'middle';
  const bar = (lane.kind === 'lane' ? barHeight(lane) : BAR_HEIGHT) - BAR_GAP;
  const middle = y + LANE_PADDING + bar / 2 + 0.5;
  if (middle < top) return;
  const isTrouble = lane.kind === 'lane' && lane.inFinding;
  if (isTrouble) {
    context.fillStyle = colors.alarm;
    context.fillRect(0, y + 3, 3, LANE_PADDING + bar);
  }
  context.fillStyle = lane.kind === 'band' ? colors.muted : colors.text;
  context.fillText(fitted(context, lane.label, gutter - 18), 9, middle);
}

/** Cut in the middle: the ends of client IDs are what tells them apart. */
function fitted(context: CanvasRenderingContext2D, label: string, room: number): string {
  if (context.measureText(label).width <= room) return label;
  const letters = [...label.slice(0, 200)];
  let keep = Math.max(2, Math.floor(room / 6.2));
  while (keep > 2) {
    const half = Math.floor((keep - 1) / 2);
    const cut = `${letters.slice(0, keep - 1 - half).join('')}…${letters.slice(-half).join('')}`;
    if (context.measureText(cut).width <= room) return cut;
    keep -= 1;
  }
  return '…';
}
