/** Revoking a certificate under a running broker: what the two probes of revocation share. */
import { UserError } from '../core/errors.ts';
import { isAccepted } from '../script/observe.ts';
import type { ProbeBench } from './bench.ts';
import type { Party } from './identities.ts';
import { control } from './measurement.ts';

/** What kept a revocation list from being changed, as a clause; undefined if it was changed. */
export async function revoke(
  bench: ProbeBench,
  parties: readonly Party[],
): Promise<string | undefined> {
  const { authority } = bench.identities;
  control(authority !== undefined, 'the revocation list of its authority is not ours to change');
  const crlPem = authority.revoke(parties.map((party) => party.credential));
  return refusalOf(() => bench.broker.change({ crlPem }));
}

/** What kept the broker from being told to read its files again; undefined if it was told. */
export async function reload(bench: ProbeBench): Promise<string | undefined> {
  return refusalOf(async () => {
    const errors = await bench.broker.reload();
    control(errors.length === 0, `the reload went wrong: ${errors[0] ?? ''}`);
  });
}

/** Whether the party is let in, with one that was not revoked as the control. */
export async function isLetIn(bench: ProbeBench, party: Party, other: Party): Promise<boolean> {
  const client = await bench.connect(party);
  const accepted = isAccepted(client.observed);
  await client.disconnect();
  await (await bench.mustConnect(other)).disconnect();
  return accepted;
}

async function refusalOf(attempt: () => Promise<void>): Promise<string | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error.problems[0]?.message ?? error.message;
    throw error;
  }
}
