/** The certificates of the groups stand on the broker's revocation list from the start. */
import { z } from 'zod';
import { withRule } from './broker-change.ts';
import { type Fix, onNamedGroups } from './fix.ts';

export const revokeCertificatesParams = z.strictObject({
  strategy: z.literal('revoke-certificates'),
  on: onNamedGroups.describe('the groups whose certificates are revoked'),
});

export const revokeCertificates = {
  id: 'revoke-certificates',
  title: 'The broker refuses revoked certificates',
  side: 'broker',
  application: 'suggestion',
  addresses: ['CONFLICTING_CLIENT_IDS_CHECK', 'DEVICE_CERTIFICATE_SHARED_CHECK'],
  costs: [
    'every device that holds one of these certificates is locked out, also those that share it',
    'the list has to be renewed before it runs out',
  ],
  example: 'revoke-certificates:on=clones',
  rule: 'revocation-list',
  params: revokeCertificatesParams,
  apply: (scenario, { on }) => {
    const groups = on.filter((name) => Object.hasOwn(scenario.fleet, name));
    if (groups.length === 0) return undefined;
    const before = scenario.broker?.rules.find((one) => one.rule === 'revocation-list');
    const all = [...new Set([...(before?.groups ?? []), ...groups])].sort();
    return withRule(scenario, { rule: 'revocation-list', groups: all });
  },
} satisfies Fix<z.output<typeof revokeCertificatesParams>>;
