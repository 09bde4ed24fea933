/** Where each lane lies in the height of its pane. */
import type { Lane, SessionLane } from './lanes.ts';

export const LANE_PADDING = 6;
/** The height of a bar and the room below it. */
export const BAR_HEIGHT = 11;
/** Lanes with something to see have more room for it. */
const TALL_BAR_HEIGHT = 17;
const BAND_HEIGHT = 22;

export function barHeight(lane: SessionLane): number {
  return lane.inFinding || lane.holders.size > 1 || lane.takeovers > 0
    ? TALL_BAR_HEIGHT
    : BAR_HEIGHT;
}

export interface Layout {
  readonly lanes: readonly Lane[];
  /** Top of each lane, and of what would come after the last. */
  readonly tops: Float64Array;
  readonly height: number;
}

export function layoutOf(lanes: readonly Lane[]): Layout {
  const tops = new Float64Array(lanes.length + 1);
  let height = 0;
  for (const [place, lane] of lanes.entries()) {
    tops[place] = height;
    height +=
      lane.kind === 'band' ? BAND_HEIGHT : LANE_PADDING * 2 + lane.depths * barHeight(lane) - 3;
  }
  tops[lanes.length] = height;
  return { lanes, tops, height };
}

/** The lane at a height, the last one for what is below all. */
export function laneAt({ lanes, tops }: Layout, y: number): number {
  let [low, high] = [0, Math.max(0, lanes.length - 1)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tops[middle] ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}
