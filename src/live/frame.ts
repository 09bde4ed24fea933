/**
 * A run's progress as a few lines of a terminal of any width from 30 columns up. Everything is said
 * in words and numbers; colour, bars and sparklines only repeat it. Pure.
 */
import { formatDuration } from '../core/time.ts';
import { displayWidth, fitTo } from './display-width.ts';
import { bar, figure, milliseconds, rate, sparkline } from './figures.ts';
import type { RunProgress } from './progress.ts';

export interface FrameOptions {
  /** False where the terminal may know no more than ASCII. */
  readonly unicode: boolean;
  /** Paints the label of a line, which changes no width. */
  readonly label?: (text: string) => string;
  /** Columns of the terminal. */
  readonly width: number;
}

/** Narrower than this nothing is indented, and less is told. */
const ROOMY = 60;
const LABEL = 10;
const PICTURE_MIN = 8;
const PICTURE_MAX = 60;
/** What the words beside a bar or sparkline want. */
const WORDS = 34;
const NOTABLE_ROWS = 3;

type Row = readonly [label: string, parts: readonly string[]];

/** Lines that are narrower than the window by at least one column, so that none wraps. */
export function frame(progress: RunProgress, options: FrameOptions): readonly string[] {
  const roomy = options.width >= ROOMY;
  const indent = roomy ? 2 : 0;
  const room = Math.max(1, options.width - 1 - indent - LABEL);
  const rows = [
    phaseRow(progress, room, options),
    devicesRow(progress),
    connectsRow(progress, room, options),
    takeoversRow(progress, room, options),
    latencyRow(progress),
    ...messagesRow(progress),
    ...groupsRow(progress, room),
    ...newsRows(progress, roomy ? NOTABLE_ROWS : 1),
  ];
  const paint = options.label ?? String;
  return rows.map(([label, parts]) => {
    const text = joined(parts, room, options);
    return `${' '.repeat(indent)}${paint(label.padEnd(LABEL))}${text}`.trimEnd();
  });
}

/** As many parts as there is room for, the first in any case. */
function joined(parts: readonly string[], room: number, { unicode }: FrameOptions): string {
  // Before anything is measured: a mark that combines takes a column as soon as it is a `?`.
  const words = unicode ? parts : parts.map((part) => part.replace(/[^\x20-\x7e]/gu, '?'));
  const [first = '', ...others] = words.filter((part) => part !== '');
  let text = fitTo(first, room, unicode ? '…' : '~');
  for (const part of others) {
    const longer = `${text} ${unicode ? '·' : '|'} ${part}`;
    if (displayWidth(longer) > room) break;
    text = longer;
  }
  return text;
}

function phaseRow(progress: RunProgress, room: number, { unicode }: FrameOptions): Row {
  const { phase, phaseElapsedMs, phaseMs, elapsedMs } = progress;
  if (phaseMs === undefined) {
    return [phase === 'intervening' ? 'changing' : phase, [formatDuration(elapsedMs)]];
  }
  const passed = Math.min(phaseElapsedMs, phaseMs);
  const width = pictureWidth(room);
  const words = `${formatDuration(passed)} of ${formatDuration(phaseMs)}`;
  const left = `${formatDuration(phaseMs - passed)} left`;
  const share = phaseMs === 0 ? 1 : passed / phaseMs;
  return [phase, [width === 0 ? words : `${bar(share, width, unicode)} ${words}`, left]];
}

function devicesRow({ connected, devices, connecting, failed }: RunProgress): Row {
  const parts = [
    `${figure(connected)}/${figure(devices)} connected`,
    connecting > 0 ? `${figure(connecting)} connecting` : '',
    `${figure(failed)} failed`,
  ];
  return ['devices', parts];
}

function connectsRow(progress: RunProgress, room: number, options: FrameOptions): Row {
  const { seconds, accepted, closed } = progress;
  const last = seconds.at(-1);
  const values = seconds.map((one) => one.connects);
  const words = [
    rate(last?.connects ?? 0),
    `${figure(accepted)} in all`,
    `${figure(closed)} closed`,
  ];
  return ['connects', withPicture(values, words, room, options)];
}

function takeoversRow(progress: RunProgress, room: number, options: FrameOptions): Row {
  const { seconds, takeovers, takeoversPerSecond, takeoversVisible } = progress;
  if (!takeoversVisible && takeovers === 0) return ['takeovers', ['told after the run']];
  const values = seconds.map((one) => one.takeovers);
  const words = [rate(takeoversPerSecond), `${figure(takeovers)} in all`];
  return ['takeovers', withPicture(values, words, room, options)];
}

function latencyRow({ latencyMs, latenessP99Ms }: RunProgress): Row {
  const late = latenessP99Ms === undefined ? '' : `late p99 ${milliseconds(latenessP99Ms)}`;
  if (latencyMs === undefined) return ['latency', ['no connect lately', late]];
  const { p50, p99 } = latencyMs;
  return ['latency', [`p50 ${milliseconds(p50)}`, `p99 ${milliseconds(p99)}`, late]];
}

function messagesRow({ published, received, seconds }: RunProgress): readonly Row[] {
  if (published === 0 && received === 0) return [];
  const parts = [
    rate(seconds.at(-1)?.messages ?? 0),
    `${figure(published)} sent`,
    `${figure(received)} received`,
  ];
  return [['messages', parts]];
}

function groupsRow({ groups, groupsLeftOut }: RunProgress, room: number): readonly Row[] {
  if (groups.length < 2) return [];
  const texts = groups.map((one) => `${one.name} ${figure(one.connected)}/${figure(one.devices)}`);
  const more = (shown: number): string => {
    const left = texts.length - shown + groupsLeftOut;
    return left > 0 ? `${left} more` : '';
  };
  let shown = texts.length;
  const full = (): string => [...texts.slice(0, shown), more(shown)].filter(Boolean).join(' · ');
  while (shown > 1 && displayWidth(full()) > room) shown--;
  return [['groups', [...texts.slice(0, shown), more(shown)]]];
}

function newsRows(progress: RunProgress, rows: number): readonly Row[] {
  const { interlude, notable } = progress;
  return [
    ...(interlude === undefined ? [] : [['now', [interlude]] as const]),
    ...notable.slice(-rows).map((one) => [formatDuration(one.atMs), [one.text]] as const),
  ];
}

function withPicture(
  values: readonly number[],
  words: readonly string[],
  room: number,
  { unicode }: FrameOptions,
): readonly string[] {
  const width = pictureWidth(room);
  if (width === 0) return words;
  const [first = '', ...others] = words;
  return [`${sparkline(values, width, unicode)} ${first}`, ...others];
}

function pictureWidth(room: number): number {
  const width = Math.min(PICTURE_MAX, room - WORDS);
  return width < PICTURE_MIN ? 0 : width;
}
