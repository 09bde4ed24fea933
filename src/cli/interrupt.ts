/** Ctrl-C for commands that have something to end in good order. */
import type { CliEnvironment } from './environment.ts';

export interface Interrupt {
  readonly signal: AbortSignal;
  readonly killSignal: AbortSignal;
  /** Does what the first interrupt does, once; never what the second does. */
  readonly stop: (words: string) => void;
  /** Interrupts are the terminal's again. */
  readonly end: () => void;
}

/** The first interrupt heals and stops, the second drops everything. */
export function interruptible(env: Pick<CliEnvironment, 'onInterrupt' | 'stderr'>): Interrupt {
  const controller = new AbortController();
  const kill = new AbortController();
  const stop = (words: string): void => {
    if (controller.signal.aborted) return;
    env.stderr.write(`\n${words}: closing every connection; Ctrl-C drops everything\n`);
    controller.abort();
  };
  const end = env.onInterrupt(() => {
    if (controller.signal.aborted) kill.abort();
    else {
      env.stderr.write('\ninterrupted: closing every connection; once more to drop everything\n');
      controller.abort();
    }
  });
  return { signal: controller.signal, killSignal: kill.signal, stop, end };
}
