/** The broker holds no more than so many connections. */
import { z } from 'zod';
import { CONNECTIONS_MAX } from '../../core/limits.ts';
import { withRule } from './broker-change.ts';
import type { Fix } from './fix.ts';

export const limitConnectionsParams = z.strictObject({
  strategy: z.literal('limit-connections'),
  connections: z.int().min(1).max(CONNECTIONS_MAX).describe('at most so many at one time'),
});

export const limitConnections = {
  id: 'limit-connections',
  title: 'The broker limits its connections',
  side: 'broker',
  application: 'suggestion',
  addresses: ['CONFLICTING_CLIENT_IDS_CHECK'],
  costs: [
    'whoever comes late is refused, be it a clone or a healthy device',
    'a conflict needs no more connections than there are devices, so that none is cured',
  ],
  example: 'limit-connections:connections=100',
  rule: 'connection-limit',
  params: limitConnectionsParams,
  apply: (scenario, { connections }) =>
    withRule(scenario, { rule: 'connection-limit', connectionsMax: connections }),
} satisfies Fix<z.output<typeof limitConnectionsParams>>;
