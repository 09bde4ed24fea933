/** What a verb of a script is: it acts in the world and says what it saw. */
import type { Step } from '../step-schema.ts';
import type { World } from '../world.ts';

/** How long an answer, a message or an end is waited for if the step does not say. */
export const PATIENCE_MS = 5000;
/** How long CONNACK is waited for if the step does not say. */
export const CONNECT_MS = 10_000;

export interface Seen {
  /** Whether what the step expects is so; undefined if it can't be told. */
  readonly holds: boolean | undefined;
  /** What was seen, as a sentence without its full stop. */
  readonly because: string;
  /** Time until what was waited for, where it is not the step's own duration. */
  readonly elapsedMs?: number;
}

export type VerbAction = (step: Step, world: World) => Promise<Seen>;

export function seen(holds: boolean | undefined, because: string): Seen {
  return { holds, because };
}
