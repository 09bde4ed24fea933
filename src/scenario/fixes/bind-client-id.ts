/** The broker accepts a client ID only from the certificate that it belongs to, or puts it there. */
import { z } from 'zod';
import { withRule } from './broker-change.ts';
import type { Fix } from './fix.ts';

export const bindClientIdParams = z.strictObject({ strategy: z.literal('bind-client-id') });

export const bindClientId = {
  id: 'bind-client-id',
  title: 'The broker binds the client ID to the certificate',
  side: 'broker',
  application: 'suggestion',
  addresses: ['CONFLICTING_CLIENT_IDS_CHECK'],
  costs: [
    'devices whose client ID is not the common name of their certificate are refused or renamed',
    'devices that share a certificate collapse onto one client ID where the broker renames them',
    'a copy of both certificate and key is still let in',
  ],
  example: 'bind-client-id',
  rule: 'client-id-bound',
  params: bindClientIdParams,
  apply: (scenario) => withRule(scenario, { rule: 'client-id-bound' }),
} satisfies Fix<z.output<typeof bindClientIdParams>>;
