/** Leaves at a set time of the run and stays away: the first half of a hand-over. */
import { z } from 'zod';
import { formatDuration } from '../core/time.ts';
import type { Behaviour } from './behaviour.ts';
import { durationMs } from './units.ts';

const params = z.strictObject({
  kind: z.literal('leaving'),
  at: durationMs.describe('time of the run, counted from its start, at which it leaves'),
  close: z.enum(['disconnect', 'reset']).default('disconnect'),
});

export const leaving = {
  id: 'leaving',
  title: 'Leaves at a set time and stays away',
  description: 'For hand-overs: the old device goes before its successor comes.',
  example: 'behaviour: { kind: leaving, at: 3s }',
  params,
  certificatesPerDevice: 1,
  describe: ({ at, close }) => `leaves for good at ${formatDuration(at)} by ${close}`,
  nextIntent: ({ at, close }, { startedAt, connectedAt }) => ({
    at: Math.max(startedAt + at, connectedAt),
    close,
    reconnectAfterMs: 'never',
  }),
  presence: ({ at }, arrivesAtMs, endsAtMs) => ({
    fromMs: arrivesAtMs,
    toMs: Math.max(arrivesAtMs, Math.min(at, endsAtMs)),
  }),
  evictsItself: () => false,
  certificateChange: () => undefined,
  scaled: (given, factor) => ({ ...given, at: given.at * factor }),
} satisfies Behaviour<z.output<typeof params>>;
