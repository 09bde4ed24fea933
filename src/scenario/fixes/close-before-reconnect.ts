/** Devices end their session before they open the next: no takeover of their own sessions. */
import { z } from 'zod';
import { type Fix, onGroups } from './fix.ts';

const params = z.strictObject({ strategy: z.literal('close-before-reconnect'), on: onGroups });

export const closeBeforeReconnect = {
  id: 'close-before-reconnect',
  title: 'Sends DISCONNECT before it connects again',
  addresses: ['CONFLICTING_CLIENT_IDS_CHECK'],
  costs: ['the device still flaps', 'of no help where the link itself breaks'],
  params,
  apply: ({ behaviour, ...group }) => {
    if (behaviour.kind === 'flapping' && behaviour.close === 'half-open') {
      return { ...group, behaviour: { ...behaviour, close: 'disconnect' } };
    }
    return behaviour.kind === 'rotating' && behaviour.order === 'connect-first'
      ? { ...group, behaviour: { ...behaviour, order: 'close-first' } }
      : undefined;
  },
} satisfies Fix<z.output<typeof params>>;
