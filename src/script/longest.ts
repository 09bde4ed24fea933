/** How long a script may take if every wait lasts to its end: what a cap can be put on. Pure. */
import type { Script } from './schema.ts';
import type { Step } from './step-schema.ts';
import { CONNECT_MS, PATIENCE_MS } from './verbs/verb.ts';

/** Milliseconds; the answers of a broker that answers at once are not counted. */
export function longestMs({ steps }: Pick<Script, 'steps'>): number {
  return steps.reduce((sum, step) => sum + stepMs(step), 0);
}

function stepMs(step: Step): number {
  const { connect, receive, session, duel, wait, repeat } = step;
  if (repeat !== undefined) return repeat.times * longestMs(repeat);
  if (wait !== undefined) return wait;
  if (duel !== undefined) return duel.for;
  if (receive !== undefined) return receive.within ?? PATIENCE_MS;
  if (session?.is === 'closed') return session.within ?? PATIENCE_MS;
  return connect === undefined ? 0 : (step.within ?? CONNECT_MS);
}
