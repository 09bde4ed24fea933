/** Ctrl-C for commands that have something to end in good order. */
import type { CliEnvironment } from './environment.ts';

export interface Interrupt {
  readonly signal: AbortSignal;
  readonly killSignal: AbortSignal;
  /** Interrupts are the terminal's again. */
  readonly end: () => void;
}

/** The first interrupt heals and stops, the second drops everything. */
export function interruptible(env: CliEnvironment): Interrupt {
  const stop = new AbortController();
  const kill = new AbortController();
  const end = env.onInterrupt(() => {
    if (stop.signal.aborted) kill.abort();
    else {
      env.stderr.write('\ninterrupted: closing every connection; once more to drop everything\n');
      stop.abort();
    }
  });
  return { signal: stop.signal, killSignal: kill.signal, end };
}
