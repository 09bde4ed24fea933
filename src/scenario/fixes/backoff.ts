/** Exponential back-off with full jitter that an accept which is evicted at once does not reset. */
import { z } from 'zod';
import { durationMs } from '../../behaviour/units.ts';
import { changedGroups } from './changed-groups.ts';
import { type Fix, onGroups } from './fix.ts';

export const backoffParams = z.strictObject({
  strategy: z.literal('backoff'),
  on: onGroups,
  base: durationMs.prefault('1s'),
  max: durationMs.prefault('30s'),
  resetAfter: durationMs.prefault('10s').describe('how long a connection must last to reset it'),
});

export const backoff = {
  id: 'backoff',
  title: 'Exponential back-off with full jitter',
  side: 'device',
  application: 'automatic',
  addresses: ['CONFLICTING_CLIENT_IDS_CHECK'],
  costs: ['slows a conflict down, cures none', 'a device that lost its link comes back later'],
  example: 'backoff:base=1s,max=30s,resetAfter=10s',
  params: backoffParams,
  apply: (scenario, { on, base, max, resetAfter }) =>
    changedGroups(scenario, on, ({ reconnect, ...group }) =>
      // A device that never comes back has no delays.
      reconnect.policy === 'none'
        ? undefined
        : {
            ...group,
            reconnect: {
              policy: 'exponential',
              base,
              max,
              resetAfter,
              jitter: 'full',
              honourSessionTakenOver: reconnect.honourSessionTakenOver,
            },
          },
    ),
  scaled: (given, factor) => ({
    ...given,
    base: given.base * factor,
    max: given.max * factor,
    resetAfter: given.resetAfter * factor,
  }),
} satisfies Fix<z.output<typeof backoffParams>>;
