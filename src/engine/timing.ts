/** How long the parts of a run on many machines wait for one another, and how much they hold. */

/** Times in ms. Tests give shorter ones. */
export interface EngineTiming {
  /** Each side of a link says that it is alive this often. */
  readonly aliveMs: number;
  /**
   * A side that was silent for so long has gone: ten missed signs of life, and still well below the
   * time in which a half-open broker connection is noticed.
   */
  readonly silenceMs: number;
  /** A worker that does not renew its job for so long has died, and the job is given away again. */
  readonly lockMs: number;
  /** How often workers look for jobs of the dead. */
  readonly stalledMs: number;
  /** Keys of a run outlive the last sign of its commander by so much. */
  readonly ttlMs: number;
  /** A worker of another version lets others have the jobs for so long. */
  readonly refusalPauseMs: number;
}

export const ENGINE_TIMING: EngineTiming = {
  aliveMs: 1_000,
  silenceMs: 10_000,
  lockMs: 10_000,
  stalledMs: 5_000,
  ttlMs: 60_000,
  refusalPauseMs: 5_000,
};

/** Entries that were sent and not confirmed; the sender waits above it. */
export const WINDOW_ENTRIES = 64;
/** One entry of a stream holds at most so much of a message. */
export const PART_BYTES = 192 * 1024;
/** What waits in a worker for a commander that doesn't read; above it the shard fails. */
export const WORKER_OUTBOX_BYTES = 32 * 1024 * 1024;
/** An order of a hundred thousand devices with their keys stays below. */
export const ORDER_BYTES_MAX = 256 * 1024 * 1024;
/** One message from a worker, packed. */
export const REPORT_BYTES_MAX = 32 * 1024 * 1024;
/** What either unpacks to. */
export const UNPACKED_BYTES_MAX = 1024 * 1024 * 1024;
/** Entries that one read takes of each stream. */
export const READ_COUNT = 16;
