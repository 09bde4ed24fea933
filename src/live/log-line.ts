/** A run's progress as one complete line, for logs: everything that a line of it needs, no more. */
import { plural } from '../core/text.ts';
import { formatDuration } from '../core/time.ts';
import { milliseconds } from './figures.ts';
import type { RunProgress } from './progress.ts';

export function logLine(progress: RunProgress): string {
  const { phase, elapsedMs, totalMs, devices, published, received, latencyMs } = progress;
  const time = `${formatDuration(Math.min(elapsedMs, totalMs))}/${formatDuration(totalMs)}`;
  const parts = [
    `${phase.padEnd(8)} ${time.padEnd(11)}`,
    `${progress.connected}/${devices} connected`,
    `${progress.failed} failed`,
    progress.takeoversVisible || progress.takeovers > 0
      ? `${plural(progress.takeovers, 'takeover')}, ${Math.round(progress.takeoversPerSecond)}/s`
      : 'takeovers told after the run',
    ...(latencyMs === undefined ? [] : [`p99 ${milliseconds(latencyMs.p99)}`]),
    ...(published > 0 ? [`${published} sent, ${received} received`] : []),
  ];
  return parts.join(' · ');
}

const LOG_MS_MIN = 2000;
const LOG_MS_MAX = 10_000;

/** How long after a line the next one is due: 2 s at first, 10 s when the run has gone on for 40 s. */
export function logPauseMs(elapsedMs: number): number {
  return Math.min(LOG_MS_MAX, Math.max(LOG_MS_MIN, elapsedMs / 4));
}
