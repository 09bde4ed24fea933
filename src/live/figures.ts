/** Numbers, rates and small pictures as the live view writes them, each as short as it can be. */
import { formatDuration } from '../core/time.ts';

export function figure(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `0/s`, `4.2/s`, `1,203/s` */
export function rate(perSecond: number): string {
  return `${perSecond < 10 ? Math.round(perSecond * 10) / 10 : figure(perSecond)}/s`;
}

export function milliseconds(ms: number): string {
  if (ms >= 1000) return formatDuration(ms);
  return `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)}ms`;
}

const LEVELS = { unicode: '▁▂▃▄▅▆▇█', ascii: '_.:-=+*#' } as const;
const BAR = { unicode: ['█', '░'], ascii: ['#', '.'] } as const;

/** The last `width` values beside one another, the largest of them highest; only zero is lowest. */
export function sparkline(values: readonly number[], width: number, unicode: boolean): string {
  const levels = unicode ? LEVELS.unicode : LEVELS.ascii;
  const shown = values.slice(-width);
  const most = Math.max(...shown, 0);
  const marks = shown.map((value) => {
    const level = value <= 0 ? 0 : Math.ceil((value / most) * (levels.length - 1));
    return levels[Math.min(level, levels.length - 1)] ?? '';
  });
  return marks.join('').padStart(width);
}

/** A bar of `width` columns; `share` is a fraction of one. */
export function bar(share: number, width: number, unicode: boolean): string {
  const [full, empty] = unicode ? BAR.unicode : BAR.ascii;
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return full.repeat(filled) + empty.repeat(width - filled);
}
