/**
 * The fleet port: what a run needs of a fleet, whether its devices live in this process, in others,
 * or on other machines.
 */
import type { EpochMs } from '../core/time.ts';
import type { ObservedEvent } from '../history/event.ts';
import type { FleetCounters, FleetStatistics } from './statistics.ts';
import type { WorkerHealth } from './worker-health.ts';

/** A device that is connected now, with the identity it uses; truth. */
export interface LiveDevice {
  readonly name: string;
  readonly group: string;
  /** Name of the certificate in the plan. */
  readonly certificate: string;
  readonly clientId: string;
  readonly connectedAt: EpochMs;
}

export interface Fleet {
  /** The instant from which the plan's times count. */
  readonly startedAt: EpochMs;
  /** Sets every device's arrival; from here on the clock drives the fleet. */
  start(): void;
  /**
   * Ends the faults and waits until the fleet is quiet: nothing opened or closed for `quietMs` and
   * nothing being opened. Gives up at the end of the plan's settle time.
   */
  settle(quietMs: number, signal?: AbortSignal): Promise<void>;
  /** No message goes out any more; waits for those under way. */
  finishMessages(signal?: AbortSignal): Promise<void>;
  /**
   * Disconnects every device and resolves when all have gone; after `timeoutMs` their sockets are
   * destroyed.
   */
  stop(timeoutMs: number): Promise<void>;
  /** Destroys every socket and timer at once; no device does anything after it. */
  kill(): void;
  counters(): FleetCounters;
  statistics(): FleetStatistics;
  /** How every process that drives devices fares so far. */
  health(): readonly WorkerHealth[];
  /** The devices that are connected at this moment. */
  live(): readonly LiveDevice[];
  /** Resolves at the next connect or close, at `at`, or when the signal aborts. */
  change(at: EpochMs, signal?: AbortSignal): Promise<void>;
  /** Stops the time of the plan in other processes, as that of this one is stopped by its clock. */
  pause?(): void;
  resume?(): void;
  /**
   * Records what someone else saw in its place among what the devices saw, where that comes in
   * batches; absent where everything is recorded as it happens.
   */
  interleave?(event: ObservedEvent): void;
  /** Resolves when everything that has happened so far is recorded. */
  caughtUp?(): Promise<void>;
}
