/** Something that is done every so often on a clock, and that knows when it was held up itself. */
import type { Clock } from '../core/time.ts';

/**
 * Calls `look` every `everyMs` until the returned function is called; `lateMs` is by how much this
 * process was behind.
 */
export function lookRegularly(
  clock: Clock,
  everyMs: number,
  look: (lateMs: number) => void,
): () => void {
  let cancel = (): void => {};
  const next = (): void => {
    const dueAt = clock.now() + everyMs;
    cancel = clock.schedule(dueAt, () => {
      const lateMs = Math.max(0, clock.now() - dueAt);
      next();
      look(lateMs);
    });
  };
  next();
  return () => cancel();
}
