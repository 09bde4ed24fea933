/** The broker refuses a client ID for a while once it has connected too often; EMQX's defaults. */
import { z } from 'zod';
import { positiveDurationMs } from '../../behaviour/units.ts';
import { BAN_CONNECTS_MAX } from '../../core/limits.ts';
import { withRule } from './broker-change.ts';
import type { Fix } from './fix.ts';

export const banFlappingParams = z.strictObject({
  strategy: z.literal('ban-flapping'),
  connects: z
    .int()
    .min(2)
    .max(BAN_CONNECTS_MAX)
    .default(15)
    .describe('connects with one client ID that are let through within the window'),
  window: positiveDurationMs.prefault('1m'),
  ban: positiveDurationMs.prefault('5m').describe('how long the client ID is refused'),
});

export const banFlapping = {
  id: 'ban-flapping',
  title: 'The broker bans client IDs that connect too often',
  side: 'broker',
  application: 'suggestion',
  addresses: ['CONFLICTING_CLIENT_IDS_CHECK'],
  costs: [
    'the ban hits the owner of a client ID as well as its clones: anybody can lock a device out',
    'a client ID that is new with every connect is never counted',
    'devices just below the limit go on',
  ],
  example: 'ban-flapping:connects=15,window=1m,ban=5m',
  rule: 'flapping-ban',
  params: banFlappingParams,
  apply: (scenario, { connects, window, ban }) =>
    withRule(scenario, {
      rule: 'flapping-ban',
      connectsMax: connects,
      windowMs: window,
      banMs: ban,
    }),
  scaled: (given, factor) => ({
    ...given,
    window: given.window * factor,
    ban: given.ban * factor,
  }),
} satisfies Fix<z.output<typeof banFlappingParams>>;
