/** A finished run's history, joined with itself: what the broker's records were worth. */
import { UserError } from '../core/errors.ts';
import { joinHistory } from '../history/join/join-histories.ts';
import { type Observability, observabilityOf } from '../history/join/observability.ts';

/**
 * To be spread into a report: nothing when one of the two sides has no events (an external broker's,
 * or of a run that was cut short), or when they are too many.
 */
export async function observeBothSides(
  history: string,
): Promise<{ readonly observability?: Observability }> {
  try {
    return { observability: observabilityOf(await joinHistory(history)) };
  } catch (error) {
    if (error instanceof UserError) return {};
    throw error;
  }
}
