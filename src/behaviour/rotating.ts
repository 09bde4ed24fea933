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
  spread: durationMs.optional().describe('each device rotates at random within this time after at'),
  revoke: z
    .boolean()
    .optional()
    .describe('the broker refuses the old certificates once all their holders have rotated'),
});

export const rotating = {
  id: 'rotating',
  title: 'Replaces its certificate once',
  description:
    'Same client ID, new certificate; closes first (compliant) or connects first (takeover).',
  example: 'behaviour: { kind: rotating, at: 3s, order: close-first }',
  params,
  certificatesPerDevice: 2,
  describe: ({ at, order, spread = 0, revoke = false }) =>
    `rotates its certificate ${
      spread === 0
        ? `at ${formatDuration(at)}`
        : `between ${formatDuration(at)} and ${formatDuration(at + spread)}`
    }, ${order}${revoke ? ', and the old one is revoked' : ''}`,
  nextIntent: (
    { at, order, gap, spread: spreadMs = 0 },
    { startedAt, connectedAt, certificateIndex, spread },
  ) =>
    certificateIndex > 0
      ? undefined
      : {
          at: Math.max(startedAt + at + spreadMs * ((spread + 1) / 2), connectedAt),
          close: order === 'close-first' ? 'disconnect' : 'leave-open',
          reconnectAfterMs: order === 'close-first' ? gap : 0,
          nextCertificate: true,
        },
  presence: (_params, arrivesAtMs, endsAtMs) => ({ fromMs: arrivesAtMs, toMs: endsAtMs }),
  evictsItself: ({ order }) => order === 'connect-first',
  certificateChange: ({ at, order, gap, spread = 0, revoke = false }) => ({
    atMs: at,
    atMsMax: at + spread,
    awayMs: order === 'close-first' ? gap : 0,
    revokesOld: revoke,
  }),
  scaled: (given, factor) => ({
    ...given,
    at: given.at * factor,
    gap: given.gap * factor,
    ...(given.spread === undefined ? {} : { spread: given.spread * factor }),
  }),
} satisfies Behaviour<z.output<typeof params>>;
