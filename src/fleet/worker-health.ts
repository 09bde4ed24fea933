/** How a process that drives devices fared itself: a generator that was busy proves nothing. */

/** One process, from its first packet to its last. */
export interface WorkerHealth {
  /** As people know it: `this process`, `worker 2`. */
  readonly worker: string;
  readonly host: string;
  readonly pid: number;
  readonly devices: number;
  /** How long a callback that was due had to wait for the event loop. */
  readonly eventLoopDelayMs: { readonly p99: number; readonly max: number };
  readonly garbageCollection: {
    readonly count: number;
    readonly totalMs: number;
    readonly maxMs: number;
  };
  /** CPU time in ms and the time that passed: their quotient is 1 when one core was busy throughout. */
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly residentBytesMax: number;
  /** Its own lateness against the plan; absent when nothing was due. */
  readonly latenessP99Ms?: number;
  /** How far its clock was ahead of ours, and how far off that may be; absent for one clock. */
  readonly clock?: {
    readonly offsetMs: number;
    readonly uncertaintyMs: number;
    /** By how much the offset has changed during the run. */
    readonly driftMs: number;
  };
  /** Why it ended before the run did; absent when it did not. */
  readonly lost?: string;
}
