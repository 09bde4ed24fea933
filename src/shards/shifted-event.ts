/** An event on another clock. */
import type { ObservedEvent } from '../history/event.ts';

/** The same event with its times `byMs` later. */
export function shiftedEvent(event: ObservedEvent, byMs: number): ObservedEvent {
  if (byMs === 0) return event;
  const { at, abandonedAt } = event;
  return {
    ...event,
    at: at + byMs,
    ...(abandonedAt === undefined ? {} : { abandonedAt: abandonedAt + byMs }),
  };
}
