/** The strip above the lanes of a run: takeovers as bars, and the run's instants with their names. */
import type { RunModel } from './decode.ts';
import { xOf } from './draw-lanes.ts';
import { type Palette, SMALL_FONT } from './palette.ts';
import type { TimeView } from './state.ts';

export const STRIP_HEIGHT = 34;

export interface StripFrame {
  readonly context: CanvasRenderingContext2D;
  readonly colors: Palette;
  readonly model: RunModel;
  readonly view: TimeView;
  readonly axisFromMs: number;
  readonly gutter: number;
  readonly width: number;
  readonly height: number;
  /** The most takeovers in a bin of any run: all runs have one scale. */
  readonly takeoversMax: number;
}

export function drawStrip(frame: StripFrame): void {
  const { context, colors, model, gutter, width, takeoversMax } = frame;
  context.fillStyle = colors.surface;
  context.fillRect(0, 0, width, STRIP_HEIGHT);
  const { takeovers, binMs } = model.run.series;
  context.save();
  context.beginPath();
  context.rect(gutter, 0, width - gutter, STRIP_HEIGHT);
  context.clip();
  context.fillStyle = colors.alarm;
  for (const [bin, value] of takeovers.entries()) {
    if (value === 0) continue;
    const from = xOf(frame, frame.axisFromMs + bin * binMs);
    const to = xOf(frame, frame.axisFromMs + (bin + 1) * binMs);
    const height = Math.max(2, (value / takeoversMax) * (STRIP_HEIGHT - 16));
    context.fillRect(from, STRIP_HEIGHT - height - 1, Math.max(1, to - from - 1), height);
  }
  context.restore();
  context.font = SMALL_FONT;
  context.textBaseline = 'middle';
  context.fillStyle = colors.muted;
  const isQuiet = takeovers.every((value) => value === 0);
  context.fillText(isQuiet ? 'no takeovers' : 'takeovers', 9, STRIP_HEIGHT - 10);
  context.fillStyle = colors.line;
  context.fillRect(0, STRIP_HEIGHT - 1, width, 1);
}

/** Lines through all lanes where the faults ended, the fleet was quiet, the recording ended. */
export function drawInstants(frame: StripFrame): void {
  const { context, colors, model, gutter, width, height } = frame;
  context.font = SMALL_FONT;
  context.textBaseline = 'top';
  let free = gutter;
  for (const { atMs, label, kind } of model.run.marks) {
    const x = Math.round(xOf(frame, atMs)) + 0.5;
    if (x < gutter || x > width) continue;
    context.strokeStyle = kind === 'faults-end' ? colors.accent : colors.muted;
    context.lineWidth = 1;
    context.setLineDash(kind === 'end' ? [] : kind === 'quiet' ? [2, 3] : [6, 3]);
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, height);
    context.stroke();
    context.setLineDash([]);
    const words = context.measureText(label).width;
    const left = x + 4 + words > width ? x - 4 - words : x + 4;
    if (left < free) continue;
    context.fillStyle = colors.surface;
    context.fillRect(left - 2, 1, words + 4, 13);
    context.fillStyle = colors.text;
    context.fillText(label, left, 2);
    free = left + words + 6;
  }
}
