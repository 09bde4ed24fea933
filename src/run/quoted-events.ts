/** Some events of a history by their numbers, as findings name them. */
import { UserError } from '../core/errors.ts';
import type { ConnectionEvent } from '../history/event.ts';
import { readHistory } from '../history/reader.ts';

/** In the file's order; a history that can't be read has none. */
export async function quotedEvents(
  history: string,
  numbers: readonly number[],
): Promise<readonly ConnectionEvent[]> {
  const wanted = new Set(numbers);
  const found: ConnectionEvent[] = [];
  try {
    await readHistory(history, {
      header: () => {},
      events: (events) => {
        found.push(...events.filter(({ event }) => wanted.has(event)));
      },
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
  return found;
}
