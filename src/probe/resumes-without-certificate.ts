/**
 * Whether a TLS session ticket is as good as the certificate and key that it was issued for
 * (RFC 8446 §2.2, RFC 5077): one client's ticket is shown by a client without any certificate.
 */
import { describeObserved, isAccepted } from '../script/observe.ts';
import type { ProbeBench } from './bench.ts';
import type { Party } from './identities.ts';
import { control, type Probe } from './measurement.ts';

const TLS_VERSIONS = ['1.2', '1.3'] as const;
const NOT_SPOKEN = 'not spoken';

export const probeResumesWithoutCertificate: Probe<'resumesWithoutCertificate'> = async (bench) => {
  const party = bench.identities.party('owner', 'resumesWithoutCertificate');
  const bare = await bench.connect(party, { credential: null });
  await bare.drop();
  control(!isAccepted(bare.observed), 'it asks for no certificate at all');
  const outcomes = [];
  for (const tls of TLS_VERSIONS) outcomes.push(await resume(bench, party, tls));
  control(
    outcomes.some(({ seen }) => seen !== NOT_SPOKEN),
    'control: the owner of a ticket could not connect with TLS 1.2 or 1.3',
  );
  const because = outcomes.map(({ tls, seen }) => `TLS ${tls}: ${seen}`).join('; ');
  return { value: outcomes.some(({ stolen }) => stolen), because };
};

interface Resumption {
  readonly tls: (typeof TLS_VERSIONS)[number];
  readonly stolen: boolean;
  readonly seen: string;
}

async function resume(
  bench: ProbeBench,
  party: Party,
  tls: (typeof TLS_VERSIONS)[number],
): Promise<Resumption> {
  const owner = await bench.connect(party, { tls });
  if (!isAccepted(owner.observed)) return { tls, stolen: false, seen: NOT_SPOKEN };
  const ticket = await owner.ticket();
  await owner.disconnect();
  if (ticket === undefined) return { tls, stolen: false, seen: 'nothing to resume was issued' };
  const thief = await bench.connect(party, { tls, ticket, credential: null });
  const { observed, resumed } = thief;
  await thief.drop();
  const how = `${resumed ? 'resumed' : 'not resumed'}, the bearer was`;
  return { tls, stolen: isAccepted(observed), seen: `${how} ${describeObserved(observed)}` };
}
