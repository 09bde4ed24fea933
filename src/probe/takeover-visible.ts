/** Whether the evidence itself names a takeover, rather than leaving it to be inferred. */
import { evidenceOfTakeovers } from './evidence-of-takeover.ts';
import type { Probe } from './measurement.ts';

export const probeTakeoverVisible: Probe<'takeoverVisible'> = async (bench) => {
  const all = await evidenceOfTakeovers(bench, 'takeoverVisible');
  const ends = all.flatMap(({ end }) => (end === undefined ? [] : [end]));
  const named = ends.filter(
    (end) => end.reason === 'session-taken-over' && !end.inferred?.includes('reason'),
  );
  const because = `of ${all.length} takeovers ${ends.length} ends were recorded, ${named.length} by name`;
  return { value: named.length > all.length / 2, because };
};
