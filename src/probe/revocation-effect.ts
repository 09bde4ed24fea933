/** When a revocation list that was changed under the broker takes effect on new connections. */
import type { Probe } from './measurement.ts';
import { isLetIn, reload, revoke } from './revocation.ts';

export const probeRevocationEffect: Probe<'revocationEffect'> = async (bench) => {
  const revoked = bench.identities.party('owner', 'revocationEffect');
  const other = bench.identities.party('intruder', 'revocationEffect');
  await (await bench.mustConnect(revoked)).disconnect();
  const cantChange = await revoke(bench, [revoked]);
  if (cantChange !== undefined) {
    // Nothing can be changed, so nothing can take effect; that the certificate works was seen.
    return { value: 'never', because: `it takes no revocation list (${cantChange})` };
  }
  if (!(await isLetIn(bench, revoked, other))) {
    return { value: 'at-handshake', because: 'the next connection was refused, without a reload' };
  }
  const cantReload = await reload(bench);
  if (cantReload !== undefined) {
    return {
      value: 'never',
      because: `it was still let in, and there is no reload (${cantReload})`,
    };
  }
  return (await isLetIn(bench, revoked, other))
    ? { value: 'never', because: 'a revoked certificate was let in before and after the reload' }
    : { value: 'at-reload', because: 'it was let in before the reload and refused after it' };
};
