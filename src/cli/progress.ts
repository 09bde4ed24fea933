/**
 * The story of a run on stderr: plan, progress, findings. On a terminal the progress is a block of
 * lines that renews itself; elsewhere (CI logs, `TERM=dumb`) a complete line every few seconds, with
 * one for each change of phase and each thing that happens for the first time, and no control codes.
 */
import {
  type BlastRadius,
  formatDuration,
  frame,
  logLine,
  logPauseMs,
  printable,
  type RunObserver,
  type RunProgress,
  renderBlastRadius,
  renderFixedRadius,
  renderReport,
  renderRun,
  type Style,
  wrap,
} from '../index.ts';
import type { CliEnvironment, OutputStream } from './environment.ts';
import { LiveDisplay } from './live-display.ts';

/** At most five frames a second. */
const FRAME_MS = 200;

export interface ProgressView {
  readonly observer: RunObserver;
  /** Where everything else that is for people goes as long as the view is open. */
  readonly stream: OutputStream;
  /** Leaves the terminal as it was. */
  readonly end: () => void;
}

type Environment = Pick<CliEnvironment, 'env' | 'stderr' | 'onExit'>;

/** How the progress itself is shown, apart from the lines that stay. */
interface Gauge {
  readonly stream: OutputStream;
  issuing(done: number, total: number): void;
  started(): void;
  progress(progress: RunProgress): void;
  /** Until there is more to show. */
  pause(): void;
  end(): void;
}

export function openProgress(env: Environment, style: Style): ProgressView {
  const gauge = isLiveTerminal(env) ? displayGauge(env, style) : logGauge(env.stderr);
  const { stream } = gauge;
  const say = (text: string): void => void stream.write(`${text}\n`);
  let before: BlastRadius | undefined;
  let last: RunProgress | undefined;
  const settleGauge = (): void => {
    gauge.pause();
    if (last !== undefined) say(`  ${logLine(last)}`);
    last = undefined;
  };
  const observer: RunObserver = {
    planned(radius, { scenario, purpose, fix }) {
      settleGauge();
      const title = fix === undefined ? scenario : `${scenario}, fixed with ${fix}`;
      say(`\n${style.bold(style.cyan(`▶ ${title}`))}`);
      if (before === undefined || fix === undefined) {
        before = radius;
        for (const line of wrap(printable(purpose, 1000), style.width - 2)) say(`  ${line}`);
        stream.write(renderBlastRadius(radius, style));
      } else stream.write(renderFixedRadius(radius, before, style));
    },
    issuing({ total, done, minted }) {
      if (done < total) return gauge.issuing(done, total);
      gauge.pause();
      say(`  certificates  ${total} ready, ${minted} of them new`);
    },
    mustering(words) {
      say(`  workers       ${printable(words, 200)}`);
    },
    brokerStarted({ version, endpoint }) {
      say(`  broker        ${version} at ${endpoint}`);
      gauge.started();
    },
    progress(progress) {
      last = progress;
      gauge.progress(progress);
    },
    audited(run) {
      settleGauge();
      say(`\n${renderRun(run, style)}`);
    },
    finished(report) {
      say(renderReport(report, style));
    },
    warning(message) {
      say(`  ${style.yellow('warning')} ${printable(message, 500)}`);
    },
  };
  return { observer, stream, end: () => gauge.end() };
}

function displayGauge(env: Environment, style: Style): Gauge {
  const display = new LiveDisplay(env);
  const unicode = speaksUnicode(env.env);
  let drawnAt = Number.NEGATIVE_INFINITY;
  const draw = (lines: () => readonly string[]): void => {
    if (performance.now() - drawnAt < FRAME_MS / 2) return;
    drawnAt = performance.now();
    display.show(lines());
  };
  return {
    stream: display,
    issuing: (done, total) => draw(() => [`  certificates  ${done} of ${total}`]),
    started: () => {},
    progress: (progress) =>
      draw(() => frame(progress, { width: display.columns, unicode, label: style.dim })),
    pause: () => display.clear(),
    end: () => display.end(),
  };
}

function logGauge(stream: OutputStream): Gauge {
  let saidAtMs = 0;
  let notedUpTo = 0;
  const note = (progress: RunProgress): void => {
    for (const { seq, kind, first, text, atMs } of progress.notable) {
      if (seq <= notedUpTo) continue;
      notedUpTo = seq;
      if (first || kind === 'phase' || kind === 'interlude' || kind === 'generator') {
        stream.write(`  ${`at ${formatDuration(atMs)}`.padEnd(13)} ${text}\n`);
      }
    }
  };
  return {
    stream,
    issuing: () => {},
    started: () => {
      saidAtMs = 0;
      notedUpTo = 0;
    },
    progress: (progress) => {
      const { elapsedMs } = progress;
      note(progress);
      if (elapsedMs - saidAtMs < logPauseMs(saidAtMs)) return;
      saidAtMs = elapsedMs;
      stream.write(`  ${logLine(progress)}\n`);
    },
    pause: () => {},
    end: () => {},
  };
}

/** A terminal that can go back up; a CI system that gives its jobs a terminal still keeps a log. */
function isLiveTerminal({ stderr, env }: Environment): boolean {
  const isCi = (env.CI ?? '') !== '' && env.CI !== 'false';
  return stderr.isTTY === true && env.TERM !== 'dumb' && !isCi;
}

/** As the locale says; without one it is ASCII (POSIX). */
function speaksUnicode(env: CliEnvironment['env']): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return /utf-?8/i.test(locale) || env.WT_SESSION !== undefined;
}
