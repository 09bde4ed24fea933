/**
 * The story of a run on stderr: plan, progress, findings. On a terminal the progress is one line
 * that renews itself; elsewhere (CI logs) a line every few seconds.
 */
import {
  type BlastRadius,
  formatDuration,
  plural,
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
import type { OutputStream } from './environment.ts';

const PLAIN_EVERY_MS = 2000;

export function progressObserver(stream: OutputStream, style: Style): RunObserver {
  const live = stream.isTTY === true;
  let lineOpen = false;
  let lastPlainMs = 0;
  let before: BlastRadius | undefined;
  const clear = (): void => {
    if (lineOpen) stream.write('\r\u001b[2K');
    lineOpen = false;
  };
  const say = (text: string): void => {
    clear();
    stream.write(`${text}\n`);
  };
  const renew = (text: string): void => {
    stream.write(`\r\u001b[2K${text.slice(0, (stream.columns ?? 80) - 1)}`);
    lineOpen = true;
  };
  return {
    planned(radius, { scenario, purpose, fix }) {
      lastPlainMs = 0;
      const title = fix === undefined ? scenario : `${scenario}, fixed with ${fix}`;
      say(`\n${style.bold(style.cyan(`▶ ${title}`))}`);
      if (before === undefined || fix === undefined) {
        before = radius;
        for (const line of wrap(printable(purpose, 1000), style.width - 2)) say(`  ${line}`);
        stream.write(renderBlastRadius(radius, style));
      } else stream.write(renderFixedRadius(radius, before, style));
    },
    issuing({ total, done, minted }) {
      if (live && done < total) renew(`  certificates  ${done} of ${total}`);
      else if (done >= total) say(`  certificates  ${total} ready, ${minted} of them new`);
    },
    brokerStarted({ version, endpoint }) {
      say(`  broker        ${version} at ${endpoint}`);
    },
    progress(progress) {
      const line = `  ${describe(progress)}`;
      if (live) renew(line);
      else if (
        progress.phase === 'stopping' ||
        progress.elapsedMs - lastPlainMs >= PLAIN_EVERY_MS
      ) {
        lastPlainMs = progress.elapsedMs;
        say(line);
      }
    },
    audited(run) {
      say(`\n${renderRun(run, style)}`);
    },
    finished(report) {
      say(renderReport(report, style));
    },
    warning(message) {
      say(`  ${style.yellow('warning')} ${printable(message, 500)}`);
    },
  };
}

function describe(progress: RunProgress): string {
  const { phase, elapsedMs, totalMs, devices, published, received } = progress;
  const time = `${formatDuration(Math.min(elapsedMs, totalMs))}/${formatDuration(totalMs)}`;
  const parts = [
    `${phase.padEnd(8)} ${time.padEnd(11)}`,
    `${progress.connected}/${devices} connected`,
    `${progress.failed} failed`,
    progress.takeoversVisible || progress.takeovers > 0
      ? `${plural(progress.takeovers, 'takeover')}, ${progress.takeoversPerSecond}/s`
      : 'takeovers told after the run',
    ...(published > 0 ? [`${published} sent, ${received} received`] : []),
  ];
  return parts.join(' · ');
}
