/** Exponential back-off with full jitter that an accept which is evicted at once does not reset. */
import { z } from 'zod';
import { durationMs } from '../../behaviour/units.ts';
import { type Fix, onGroups } from './fix.ts';

const params = z.strictObject({
  strategy: z.literal('backoff'),
  on: onGroups,
  base: durationMs.prefault('1s'),
  max: durationMs.prefault('30s'),
  resetAfter: durationMs.prefault('10s').describe('how long a connection must last to reset it'),
});

export const backoff = {
  id: 'backoff',
  title: 'Exponential back-off with full jitter',
  addresses: ['CONFLICTING_CLIENT_IDS_CHECK'],
  costs: ['slows a conflict down, cures none', 'a device that lost its link comes back later'],
  params,
  apply: (group, { base, max, resetAfter }) => ({
    ...group,
    reconnect: {
      policy: 'exponential',
      base,
      max,
      resetAfter,
      jitter: 'full',
      honourSessionTakenOver: false,
    },
  }),
  scaled: (given, factor) => ({
    ...given,
    base: given.base * factor,
    max: given.max * factor,
    resetAfter: given.resetAfter * factor,
  }),
} satisfies Fix<z.output<typeof params>>;
