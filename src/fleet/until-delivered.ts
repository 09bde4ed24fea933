/** Waits at the end of a run for messages under way: only what does not come then is lost. */
import type { Clock, EpochMs } from '../core/time.ts';
import type { SessionBook } from './session-book.ts';
import type { FleetTally } from './statistics.ts';

/** Nothing came for so long: what is missing will not come. */
const SILENCE_MS = 500;
/** A broker with this much in hand is behind, which the lost messages then tell. */
const GRACE_MS_MAX = 10_000;
const POLL_MS = 20;

interface Waiting {
  readonly clock: Clock;
  /** Resolves at the instant, or before if something changed. */
  readonly wait: (at: EpochMs) => Promise<void>;
}

/** Ends publishing, and resolves when nothing is due, nothing comes any more, or on abort. */
export async function untilDelivered(
  book: SessionBook,
  tally: FleetTally,
  { clock, wait }: Waiting,
  signal?: AbortSignal,
): Promise<void> {
  book.close();
  const count = (): number => (book.ledger?.receivedSoFar ?? 0) - tally.unanswered;
  const endsAt = clock.now() + GRACE_MS_MAX;
  let [before, since] = [count(), clock.now()];
  while (!signal?.aborted && (tally.unanswered > 0 || book.ledger?.expects === true)) {
    const now = clock.now();
    if (count() !== before) [before, since] = [count(), now];
    if (now - since >= SILENCE_MS || now >= endsAt) return;
    await wait(now + POLL_MS);
  }
}
