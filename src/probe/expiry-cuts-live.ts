/** Whether a session ends when the certificate that it was opened with expires. */
import { describeObserved, isAccepted } from '../script/observe.ts';
import { isAlive } from './bench.ts';
import { control, type Probe } from './measurement.ts';

const VALID_MS = 3_000;
/** How long after the expiry a session may still be ended because of it. */
const CUT_MS = 2_000;

export const probeExpiryCutsLive: Probe<'expiryCutsLive'> = async (bench) => {
  const { identities, clock } = bench;
  control(identities.authority !== undefined, 'no certificate that expires soon is at hand');
  const party = identities.party('owner', 'expiryCutsLive');
  const other = identities.party('intruder', 'expiryCutsLive');
  // Certificates expire at whole seconds.
  const notAfter = Math.ceil((clock.now() + VALID_MS) / 1000) * 1000;
  const credential = identities.authority.issueUntil(party.clientId, notAfter);
  const bystander = await bench.mustConnect(other);
  const live = await bench.mustConnect(party, { credential });
  const left = notAfter + CUT_MS - clock.now();
  await live.until(() => !live.isOpen, left);
  const [stays, otherStays] = [await isAlive(live), await isAlive(bystander)];
  control(otherStays, 'control: a session with a valid certificate ended, too');
  const anew = await bench.connect({ ...party, clientId: other.clientId }, { credential });
  const { observed } = anew;
  await anew.drop();
  control(
    !isAccepted(observed),
    `control: an expired certificate was ${describeObserved(observed)}`,
  );
  return stays
    ? { value: false, because: `it answered ${CUT_MS / 1000} s after the certificate had expired` }
    : { value: true, because: 'it was ended when the certificate expired' };
};
