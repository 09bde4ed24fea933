/** Where a fleet's devices live: the port through which a run gets its fleet. */

import type { PausableClock } from '../core/pausable-clock.ts';
import type { Clock } from '../core/time.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Routes } from '../fleet/routes.ts';
import type { TruthRecord } from '../fleet/session.ts';
import type { ObservedEvent } from '../history/event.ts';
import type { Credential } from '../identity/types.ts';
import type { FleetPlan } from '../scenario/plan.ts';

/** What someone who holds an engine may do to a run. */
export interface RunControl {
  /** Connections stay and nothing new is begun, until {@link resume}. */
  pause(): void;
  resume(): void;
  /** Heals, closes every connection, and ends the run as interrupted. */
  cancel(): void;
}

export interface FleetRequest {
  readonly plan: FleetPlan;
  readonly runId: string;
  readonly routes: Routes;
  /** Credentials by the names of the plan's certificates. */
  readonly credentials: ReadonlyMap<string, Credential>;
  /** The wall's clock, which events are stamped with. */
  readonly wall: Clock;
  /** The clock of the plan, which stands while the run is paused. */
  readonly clock: PausableClock;
  readonly control: RunControl;
  readonly record: (event: ObservedEvent) => void;
  readonly truth: (line: TruthRecord) => void;
  /** A part of the fleet was lost in mid-run; the rest goes on. One sentence. */
  readonly onLost: (message: string) => void;
  /** What the run waits for before it starts, as it changes; a few words. */
  readonly tell?: (words: string) => void;
  readonly signal: AbortSignal;
}

export interface FleetEngine {
  /** As people know it: `this process`, `3 worker processes`. */
  readonly title: string;
  /** Into how many processes the devices go. */
  readonly workers: number;
  /** How many of them are on this machine. */
  readonly here: number;
  /**
   * Gets everything ready but the first packet. Throws a `UserError` where workers are missing or
   * do not fit; leaves nothing behind then.
   */
  muster(request: FleetRequest): Promise<Fleet>;
}
