/**
 * Interludes: what is done to a broker while a fleet runs on it, such as the revocation that ends a
 * rotation, or mitigation actions. An interlude sees the live run and may wait for its devices.
 */
import { join } from 'node:path';
import type { RunningBroker } from '../broker/adapter.ts';
import type { Clock, EpochMs } from '../core/time.ts';
import type { Fleet, LiveDevice } from '../fleet/fleet.ts';
import { waitUntil } from '../fleet/real-clock.ts';
import type { Credential } from '../identity/types.ts';
import type { FleetPlan } from '../scenario/plan.ts';
import type { Recording } from './recording.ts';

export interface LiveRun {
  readonly plan: FleetPlan;
  readonly clock: Clock;
  /** The instant from which the plan's times count. */
  readonly startedAt: EpochMs;
  readonly broker: RunningBroker;
  /** Every credential by the names of the plan's certificates; truth. */
  readonly credentials: ReadonlyMap<string, Credential>;
  /** Aborted when the run ends early: leave at once. */
  readonly signal: AbortSignal;
  /** The devices that are connected now; truth. */
  devices(): readonly LiveDevice[];
  /** Resolves at the next connect or close of a device, at `at`, or when the run ends early. */
  change(at: EpochMs): Promise<void>;
  /** Writes the history up to now into a file of its own, whole and closed; returns its path. */
  historySoFar(): Promise<string>;
}

export interface Interlude {
  /** For those who watch: `revoking the old certificates`. */
  readonly title: string;
  /** Time of the run, in ms from its start; `end` is after the duration, with the faults still on. */
  readonly atMs: number | 'end';
  run(live: LiveRun): Promise<void>;
}

/**
 * Lets the plan's duration pass, or less if the faults are ended early, with every interlude in its
 * turn. `onInterlude` hears what is being done, and when the duration is over.
 */
export async function passDuration(
  live: LiveRun,
  interludes: readonly Interlude[],
  healSignal: AbortSignal | undefined,
  onInterlude: (title: string | undefined, atEnd: boolean) => void,
): Promise<void> {
  const { clock, startedAt, plan, signal } = live;
  const healed = AbortSignal.any([signal, ...(healSignal === undefined ? [] : [healSignal])]);
  const intervene = async (one: Interlude, atEnd: boolean): Promise<void> => {
    if (signal.aborted) return;
    onInterlude(one.title, atEnd);
    await one.run(live);
    onInterlude(undefined, atEnd);
  };
  for (const one of interludes.filter(isTimed).sort((a, b) => a.atMs - b.atMs)) {
    await waitUntil(clock, startedAt + one.atMs, healed);
    await intervene(one, false);
  }
  await waitUntil(clock, startedAt + plan.durationMs, healed);
  for (const one of interludes) if (!isTimed(one)) await intervene(one, true);
}

function isTimed(one: Interlude): one is Interlude & { readonly atMs: number } {
  return one.atMs !== 'end';
}

/** Copies of a history that is still being written, each a file of its own beside it. */
export function historyCopies(
  broker: Pick<RunningBroker, 'drainEvidence'>,
  fleet: Pick<Fleet, 'caughtUp'>,
  recording: Pick<Recording, 'copyTo'>,
  folder: string,
  clock: Clock,
): LiveRun['historySoFar'] {
  let copies = 0;
  return async () => {
    await broker.drainEvidence();
    await fleet.caughtUp?.();
    copies++;
    const copy = join(folder, `history-so-far${copies === 1 ? '' : `-${copies}`}.ndjson`);
    await recording.copyTo(copy, Math.round(clock.now()));
    return copy;
  };
}
