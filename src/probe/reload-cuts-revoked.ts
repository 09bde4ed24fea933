/** Whether a reload ends the live sessions of certificates that have been revoked. */
import { isAlive } from './bench.ts';
import { control, type Probe } from './measurement.ts';
import { isLetIn, reload, revoke } from './revocation.ts';

/** How long after the reload a session may still be ended because of it. */
const CUT_MS = 2_000;

export const probeReloadCutsRevoked: Probe<'reloadCutsRevoked'> = async (bench) => {
  const revoked = bench.identities.party('owner', 'reloadCutsRevoked');
  const other = bench.identities.party('intruder', 'reloadCutsRevoked');
  const [live, bystander] = [await bench.mustConnect(revoked), await bench.mustConnect(other)];
  const cantChange = await revoke(bench, [revoked]);
  if (cantChange !== undefined) {
    return { value: false, because: `it takes no revocation list (${cantChange})` };
  }
  const cantReload = await reload(bench);
  await live.until(() => !live.isOpen, CUT_MS);
  const [stays, othersStay] = [await isAlive(live), await isAlive(bystander)];
  // Another client ID: the live session would be taken over by its own.
  const again = { ...revoked, clientId: `${revoked.clientId}-again` };
  control(!(await isLetIn(bench, again, other)) || stays, 'control: the list took no effect');
  if (!stays) {
    control(othersStay, 'the reload ended sessions that were not revoked, too');
    return { value: true, because: 'the revoked session was ended, another one stayed' };
  }
  const after = `${CUT_MS / 1000} s after the ${cantReload === undefined ? 'reload' : 'change'}`;
  return { value: false, because: `the live session of a revoked certificate answered ${after}` };
};
