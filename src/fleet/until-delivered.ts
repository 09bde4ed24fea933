/** Waits at the end of a run for messages under way: only what does not come then is lost. */
import type { Clock, EpochMs } from '../core/time.ts';

/** Nothing came for so long: what is missing will not come. */
const SILENCE_MS = 500;
/** A broker with this much in hand is behind, which the lost messages then tell. */
const GRACE_MS_MAX = 10_000;
const POLL_MS = 20;

interface UnderWay {
  /** Publishes that PUBACK may still come for. */
  unanswered(): number;
  /** Absent when nobody subscribes. */
  readonly ledger?: { readonly expects: boolean; readonly receivedSoFar: number } | undefined;
}

interface Waiting {
  readonly clock: Clock;
  /** Resolves at the instant, or before if something changed. */
  readonly wait: (at: EpochMs) => Promise<void>;
}

/** Resolves when nothing is due, nothing comes any more, or on abort; publishing has ended. */
export async function untilDelivered(
  { unanswered, ledger }: UnderWay,
  { clock, wait }: Waiting,
  signal?: AbortSignal,
): Promise<void> {
  const count = (): number => (ledger?.receivedSoFar ?? 0) - unanswered();
  const endsAt = clock.now() + GRACE_MS_MAX;
  let [before, since] = [count(), clock.now()];
  while (!signal?.aborted && (unanswered() > 0 || ledger?.expects === true)) {
    const now = clock.now();
    if (count() !== before) [before, since] = [count(), now];
    if (now - since >= SILENCE_MS || now >= endsAt) return;
    await wait(now + POLL_MS);
  }
}
