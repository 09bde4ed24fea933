/**
 * The marks on sessions, the same on the timeline and in its legend: each has a shape of its own, so
 * that none rests on colour.
 */
import type { Palette } from './palette.ts';

export type MarkKind = 'takeover' | 'inferred' | 'failed' | 'lost';

/** Draws a mark with its point at (x, y). */
export function drawMark(
  context: CanvasRenderingContext2D,
  kind: MarkKind,
  { x, y, height }: { readonly x: number; readonly y: number; readonly height: number },
  colors: Palette,
): void {
  context.lineWidth = 1.6;
  switch (kind) {
    case 'takeover':
    case 'inferred': {
      const size = 4.5;
      context.beginPath();
      context.moveTo(x - size, y - 3.5);
      context.lineTo(x + size, y - 3.5);
      context.lineTo(x, y + 3.5);
      context.closePath();
      context.strokeStyle = colors.alarm;
      context.fillStyle = kind === 'takeover' ? colors.alarm : colors.surface;
      context.fill();
      context.stroke();
      context.fillStyle = colors.alarm;
      context.fillRect(x - 0.75, y, 1.5, height);
      break;
    }
    case 'failed': {
      const [size, middle] = [3.5, y + height / 2];
      context.strokeStyle = colors.warning;
      context.beginPath();
      context.moveTo(x - size, middle - size);
      context.lineTo(x + size, middle + size);
      context.moveTo(x + size, middle - size);
      context.lineTo(x - size, middle + size);
      context.stroke();
      break;
    }
    case 'lost': {
      context.strokeStyle = colors.warning;
      context.fillStyle = colors.surface;
      context.beginPath();
      context.arc(x, y + height / 2, 3.2, 0, Math.PI * 2);
      context.fill();
      context.stroke();
      break;
    }
  }
}
