/** Devices end their session before they open the next: no takeover of their own sessions. */
import { z } from 'zod';
import { changedGroups } from './changed-groups.ts';
import { type Fix, onGroups } from './fix.ts';

export const closeBeforeReconnectParams = z.strictObject({
  strategy: z.literal('close-before-reconnect'),
  on: onGroups,
});

export const closeBeforeReconnect = {
  id: 'close-before-reconnect',
  title: 'Sends DISCONNECT before it connects again',
  side: 'device',
  application: 'automatic',
  addresses: ['CONFLICTING_CLIENT_IDS_CHECK', 'DEVICE_CERTIFICATE_SHARED_CHECK'],
  costs: ['the device still flaps', 'of no help where the link itself breaks'],
  example: 'close-before-reconnect',
  params: closeBeforeReconnectParams,
  apply: (scenario, { on }) =>
    changedGroups(scenario, on, ({ behaviour, ...group }) => {
      if (behaviour.kind === 'flapping' && behaviour.close === 'half-open') {
        return { ...group, behaviour: { ...behaviour, close: 'disconnect' } };
      }
      return behaviour.kind === 'rotating' && behaviour.order === 'connect-first'
        ? { ...group, behaviour: { ...behaviour, order: 'close-first' } }
        : undefined;
    }),
} satisfies Fix<z.output<typeof closeBeforeReconnectParams>>;
