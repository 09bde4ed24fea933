/** Whether the evidence says why a certificate was refused: an expired one, one of a stranger. */
import { describeObserved, isAccepted } from '../script/observe.ts';
import type { ProbeBench } from './bench.ts';
import type { Party } from './identities.ts';
import { control, type Probe } from './measurement.ts';

const DAY_MS = 86_400_000;
const EXPIRED = /expired/i;
/** «unknown CA», «unable to verify», «unknown authority», «self-signed certificate in chain». */
const STRANGER = /unknown|unable|self.signed|issuer|untrusted/i;

export const probeRefusalReasonVisible: Probe<'refusalReasonVisible'> = async (bench) => {
  const { identities } = bench;
  control(identities.authority !== undefined, 'no expired certificate of its authority is at hand');
  const party = identities.party('owner', 'refusalReasonVisible');
  await (await bench.mustConnect(party)).disconnect();
  const yesterday = bench.clock.now() - 0.01 * DAY_MS;
  const expired = identities.authority.issueUntil(party.clientId, yesterday);
  const ofExpired = await recordOfRefusal(bench, party, expired);
  const ofStranger = await recordOfRefusal(bench, party, identities.rogue);
  const told = EXPIRED.test(ofExpired) && STRANGER.test(ofStranger) && !EXPIRED.test(ofStranger);
  return told
    ? { value: true, because: 'an expired certificate and a stranger’s are told apart' }
    : {
        value: false,
        because:
          ofExpired === '' && ofStranger === ''
            ? 'two refused certificates left no record'
            : 'an expired certificate and a stranger’s are not told apart by the records',
      };
};

/** What is recorded of a connect that must be refused; empty if nothing is. */
async function recordOfRefusal(
  bench: ProbeBench,
  party: Party,
  credential: Party['credential'],
): Promise<string> {
  const mark = bench.mark();
  const client = await bench.connect(party, { credential });
  const { observed } = client;
  await client.drop();
  control(!isAccepted(observed), `a bad certificate was ${describeObserved(observed)}`);
  const events = await bench.eventsSince(mark);
  const failures = events.filter((event) => event.kind === 'connect-failed');
  return failures.map((event) => event.raw ?? '').join('\n');
}
