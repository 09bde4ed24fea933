/**
 * The story of a matrix on stderr. On a terminal one line that renews itself; elsewhere (CI logs) a
 * line every few cells, so that a log shows life and stays short.
 */
import {
  type CellKey,
  cellName,
  type MatrixObserver,
  plural,
  printable,
  type Style,
  wrap,
} from '../index.ts';
import type { OutputStream } from './environment.ts';

/** About so many lines for a matrix in a log. */
const PLAIN_LINES = 20;

export function matrixObserver(stream: OutputStream, style: Style): MatrixObserver {
  const live = stream.isTTY === true;
  const running = new Map<string, CellKey>();
  const counts = { met: 0, unmet: 0, inconclusive: 0 };
  let lineOpen = false;
  const say = (text: string): void => {
    if (lineOpen) stream.write('\r\u001b[2K');
    lineOpen = false;
    stream.write(`${text}\n`);
  };
  const renew = (text: string): void => {
    stream.write(`\r\u001b[2K${text.slice(0, (stream.columns ?? 80) - 1)}`);
    lineOpen = true;
  };
  const key = (cell: CellKey): string => `${cellName(cell)} ${cell.mqttVersion}`;
  const state = (done: number, total: number): string =>
    `  ${done} of ${total} cells · ${counts.met} met · ${counts.unmet} unmet · ${counts.inconclusive} inconclusive`;
  return {
    planned({ name, cells, pairs, jobs, folder }) {
      const compared = pairs > 0 ? `, ${plural(pairs, 'pair')}` : '';
      say(`\n${style.bold(style.cyan(`▶ matrix ${printable(name)}`))}`);
      const plan = `${plural(cells, 'cell')}${compared}, up to ${jobs} at once, into ${printable(folder)}`;
      for (const line of wrap(plan, style.width - 4)) say(`  ${line}`);
    },
    cellStarted(cell, { done, total }) {
      running.set(key(cell), cell);
      if (live) renew(`${state(done, total)} · ${printable(key(cell))}`);
    },
    cellFinished(result, { done, total }) {
      running.delete(key(result));
      counts[result.outcome]++;
      const [next] = running.keys();
      const every = Math.max(1, Math.ceil(total / PLAIN_LINES));
      if (done === total) say(state(done, total));
      else if (live) renew(`${state(done, total)}${next ? ` · ${printable(next)}` : ''}`);
      else if (done % every === 0) say(state(done, total));
    },
    note: (message) => say(`  ${style.yellow('note')} ${printable(message, 500)}`),
  };
}
