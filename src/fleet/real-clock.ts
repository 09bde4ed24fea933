/** The clock of a real run: wall time with the resolution of the monotonic clock. */
import type { Clock } from '../core/time.ts';

/** Longer waits overflow Node's timers; they are waited for in parts. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export const realClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  schedule(at, run) {
    let timer: NodeJS.Timeout | undefined;
    const wait = (): void => {
      const ms = at - realClock.now();
      timer = ms > TIMER_MS_MAX ? setTimeout(wait, TIMER_MS_MAX) : setTimeout(run, Math.max(0, ms));
    };
    wait();
    return () => clearTimeout(timer);
  },
};

/** Resolves at `at`, or as soon as the signal aborts. */
export function waitUntil(clock: Clock, at: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.schedule(at, done);
    signal.addEventListener('abort', done);
  });
}
