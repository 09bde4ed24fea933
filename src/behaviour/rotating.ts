/**
 * Changes its certificate once, under the same client ID. Closing before it reconnects is
 * compliant; connecting first evicts its own session, a conflict by the words of the check.
 */
import { z } from 'zod';
import { formatDuration } from '../core/time.ts';
import type { Behaviour } from './behaviour.ts';
import { durationMs } from './units.ts';

const params = z.strictObject({
  kind: z.literal('rotating'),
  at: durationMs.describe('time of the run, counted from its start, at which it rotates'),
  order: z
    .enum(['close-first', 'connect-first'])
    .default('close-first')
    .describe('whether the old session is closed before the new certificate connects'),
  gap: durationMs.prefault('500ms').describe('close-first: time between the close and the connect'),
});

export const rotating = {
  id: 'rotating',
  title: 'Replaces its certificate once',
  description:
    'Same client ID, new certificate; closes first (compliant) or connects first (takeover).',
  example: 'behaviour: { kind: rotating, at: 3s, order: close-first }',
  params,
  certificatesPerDevice: 2,
  describe: ({ at, order }) => `rotates its certificate at ${formatDuration(at)}, ${order}`,
  nextIntent: ({ at, order, gap }, { startedAt, connectedAt, certificateIndex }) =>
    certificateIndex > 0
      ? undefined
      : {
          at: Math.max(startedAt + at, connectedAt),
          close: order === 'close-first' ? 'disconnect' : 'leave-open',
          reconnectAfterMs: order === 'close-first' ? gap : 0,
          nextCertificate: true,
        },
  presence: (_params, arrivesAtMs, endsAtMs) => ({ fromMs: arrivesAtMs, toMs: endsAtMs }),
  evictsItself: ({ order }) => order === 'connect-first',
  certificateChange: ({ at, order, gap }) => ({
    atMs: at,
    awayMs: order === 'close-first' ? gap : 0,
  }),
  scaled: (given, factor) => ({ ...given, at: given.at * factor, gap: given.gap * factor }),
} satisfies Behaviour<z.output<typeof params>>;
