/** Waits until a fleet that was told to behave is quiet. */
import type { Clock, EpochMs } from '../core/time.ts';

/** What a fleet does at the moment. */
export interface FleetActivity {
  /** Connects under way. */
  readonly connecting: number;
  /** When a connection was last opened or closed. */
  readonly lastChangeAt: EpochMs;
  /** Up to when that is known. */
  readonly knownTo: EpochMs;
}

interface Waiting {
  readonly clock: Clock;
  readonly activity: () => FleetActivity;
  /** Resolves at the instant, or before if something changed. */
  readonly wait: (at: EpochMs) => Promise<void>;
}

/**
 * Whether nothing opened or closed for `quietMs`, with nothing being opened; gives up at `endsAt`,
 * or when the signal aborts.
 */
export async function untilQuiet(
  { clock, activity, wait }: Waiting,
  { quietMs, endsAt }: { readonly quietMs: number; readonly endsAt: EpochMs },
  signal?: AbortSignal,
): Promise<boolean> {
  while (!signal?.aborted) {
    const { connecting, lastChangeAt, knownTo } = activity();
    const quiet = connecting === 0 && knownTo - lastChangeAt >= quietMs;
    const now = clock.now();
    if (quiet || now >= endsAt) return quiet;
    const wakeAt = connecting === 0 ? lastChangeAt + quietMs : now + quietMs;
    // Of other processes it may be known a little later only.
    await wait(Math.min(endsAt, Math.max(wakeAt, now + (wakeAt <= now ? quietMs / 10 : 0))));
  }
  return false;
}
