/** Which of the two records of a takeover comes first: the end of the old session or the new one. */
import { evidenceOfTakeovers } from './evidence-of-takeover.ts';
import type { Probe } from './measurement.ts';

export const probeTakeoverOrder: Probe<'takeoverOrder'> = async (bench) => {
  const all = await evidenceOfTakeovers(bench, 'takeoverOrder');
  // An end whose time was inferred has no place of its own.
  const shown = all.filter(
    ({ end, endFirst }) => endFirst !== undefined && !end?.inferred?.includes('at'),
  );
  const endFirst = shown.filter((one) => one.endFirst).length;
  const because = `of ${all.length} takeovers ${shown.length} show an order, ${endFirst} the end first`;
  if (shown.length < all.length / 2) return { value: 'not-shown', because };
  return { value: endFirst > shown.length / 2 ? 'close-first' : 'connect-first', because };
};
