/** Both sides' lines of one client ID, interleaved: `D` is the device's view, `B` the broker's. */
import { TIMELINE_LINES_MAX } from '../core/limits.ts';
import { plural, printable } from '../core/text.ts';
import type { SideLine } from '../history/join/disagreement.ts';
import type { TimelineLine } from '../history/join/timeline.ts';
import { type Style, wrap } from './style.ts';

/** `device #12: closed, unknown: FIN`, safe to show. */
export function describeLine({ vantage, event, kind, reason, raw }: SideLine): string {
  const said = raw === undefined ? '' : `: ${printable(raw, 200)}`;
  return `${vantage} #${event}: ${kind}${reason === undefined ? '' : `, ${reason}`}${said}`;
}

/** Times are on the device's clock; the number after them is the connection's. */
export function renderTimeline(
  clientId: string,
  lines: readonly TimelineLine[],
  style: Style,
): string {
  const head = style.bold(`Both sides of ${printable(clientId, 100)}`);
  if (lines.length === 0) return `${head}\nneither side has seen this client ID\n`;
  const shown = lines.slice(0, TIMELINE_LINES_MAX);
  const digits = String(shown.reduce((most, one) => Math.max(most, one.connection), 0)).length;
  const left = lines.length - shown.length;
  return [
    `${head}  (D device, B broker; times on the device's clock, #n is the connection)`,
    ...shown.flatMap((line) => rowOf(line, digits, style)),
    ...(left > 0 ? [style.dim(`${plural(left, 'line')} more; --json has all`)] : []),
    '',
  ].join('\n');
}

function rowOf(line: TimelineLine, digits: number, style: Style): readonly string[] {
  const time = new Date(line.correctedAt).toISOString().slice(11, 23);
  const mark = line.vantage === 'device' ? 'D' : '    B';
  const number = `#${line.connection}`.padStart(digits + 1);
  const about = line.approximate === true ? '~' : ' ';
  const prefix = `${about}${time} ${number} ${mark.padEnd(5)} │ `;
  const paint = line.vantage === 'device' ? style.cyan : style.yellow;
  const body = wrap(textOf(line), Math.max(30, style.width - prefix.length));
  return body.map((text, i) =>
    paint(`${i === 0 ? prefix : `${' '.repeat(prefix.length - 2)}│ `}${text}`),
  );
}

function textOf(line: TimelineLine): string {
  const { kind, reason, raw, ip, port, certificateId, certificateFrom, joinedBy } = line;
  const parts: string[] = [kind];
  if (kind === 'connected') {
    if (port !== undefined) parts.push(`from ${printable(ip ?? '', 50)}:${port}`);
    if (certificateId !== undefined) {
      const from = certificateFrom === undefined ? '' : ` (${certificateFrom})`;
      parts.push(`certificate ${certificateId.slice(0, 12)}…${from}`);
    }
  }
  if (reason !== undefined) parts.push(reason);
  if (joinedBy === undefined) parts.push('not joined');
  const said = raw === undefined ? '' : ` «${printable(raw.replaceAll('\n', ' ⏎ '), 300)}»`;
  return `${parts.join(', ')}${said}`;
}
