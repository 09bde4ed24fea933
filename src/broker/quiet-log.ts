/**
 * Waits until everything that reached a broker is in its log, for brokers that serve each connection
 * in a thread of its own. A marker is a connection of ours that leaves its trace in the log; it goes
 * the way that others go, so its trace comes after theirs unless a thread is held up. No order is
 * promised, so that one marker proves little: many follow one another until none of them finds the
 * log changed by others for a while.
 */

/** Markers in a row that must find the log unchanged. */
const QUIET_ROUNDS = 8;
/** For at least this long, as a commit to disk may hold up an end that has begun. */
const QUIET_MS = 60;
/** On a broker that is never quiet, evidence of the time before the drain is there long since. */
const ROUNDS_MAX = 400;
const PAUSE_MS = 5;

export interface MarkedLog {
  /** Lines read so far that tell of somebody else's connections. */
  foreignLines(): number;
  /** Something that the log has begun to tell, and will tell the end of soon. */
  isTelling(): boolean;
  /** Makes a connection of ours; resolves when its trace stands in the log. */
  mark(signal: AbortSignal): Promise<void>;
}

/** Resolves when the log has caught up or `signal` aborts; rejects when a marker can't be made. */
export async function untilQuiet(log: MarkedLog, signal: AbortSignal): Promise<void> {
  let [rounds, since, seen] = [0, performance.now(), log.foreignLines()];
  for (let round = 0; round < ROUNDS_MAX && !signal.aborted; round++) {
    await log.mark(signal);
    const lines = log.foreignLines();
    if (lines !== seen || log.isTelling()) {
      [rounds, since, seen] = [0, performance.now(), lines];
    } else {
      rounds += 1;
    }
    if (rounds >= QUIET_ROUNDS && performance.now() - since >= QUIET_MS) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
