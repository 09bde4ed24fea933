/** A device that is told that its session was taken over stays away (MQTT 5.0 §3.14.2.1, 0x8E). */
import { z } from 'zod';
import { changedGroups } from './changed-groups.ts';
import { type Fix, onGroups } from './fix.ts';

export const honourSessionTakenOverParams = z.strictObject({
  strategy: z.literal('honour-session-taken-over'),
  on: onGroups,
});

export const honourSessionTakenOver = {
  id: 'honour-session-taken-over',
  title: 'Stays away after DISCONNECT 0x8E (Session taken over)',
  side: 'device',
  // Whoever comes last keeps the others out.
  application: 'suggestion',
  addresses: ['CONFLICTING_CLIENT_IDS_CHECK'],
  costs: [
    'the evicted devices stay away until somebody looks after them; the last to come wins',
    'nothing changes with MQTT 3.1.1, or on a broker that sends no 0x8E',
    'the first takeover is a conflict all the same',
  ],
  example: 'honour-session-taken-over',
  params: honourSessionTakenOverParams,
  apply: (scenario, { on }) =>
    changedGroups(scenario, on, (group) =>
      group.reconnect.policy === 'none'
        ? undefined
        : { ...group, reconnect: { ...group.reconnect, honourSessionTakenOver: true } },
    ),
} satisfies Fix<z.output<typeof honourSessionTakenOverParams>>;
