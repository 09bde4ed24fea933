/** What a broker action starts from: the certificates of its finding, and whoever they would hit. */
import { printable } from '../core/text.ts';
import type { Credential } from '../identity/types.ts';
import type { BrokerUnderTest, LiveSession } from './broker-under-test.ts';
import { findingCertificates } from './finding-certificates.ts';
import { type ActionFacts, ActionFailed } from './journal.ts';
import type { ActionRequest } from './performer.ts';
import type { HitDevice } from './task.ts';

/** How long a broker gets to end sessions because of a change. */
const CUT_MS = 2_000;

export interface Attached {
  readonly credentials: readonly Credential[];
  readonly hit: readonly HitDevice[];
  readonly commonNames: readonly string[];
  readonly sessions: readonly LiveSession[];
}

/** Throws `ActionFailed` for a finding without a certificate, or with one that is not the fleet's. */
export function attachedTo({ holders }: BrokerUnderTest, { finding }: ActionRequest): Attached {
  const certificateIds = findingCertificates(finding);
  if (certificateIds.length === 0) {
    const message = 'the finding names no device certificate that could be acted upon';
    throw new ActionFailed('NO_CERTIFICATE', message);
  }
  const credentials = certificateIds.map((id) => {
    const credential = holders.credential(id);
    if (credential !== undefined) return credential;
    const message = `certificate ${printable(id, 16)} is none of this fleet's`;
    throw new ActionFailed('UNKNOWN_CERTIFICATE', message);
  });
  const unique = new Map(certificateIds.flatMap(holders.devices).map((one) => [one.device, one]));
  const names = [
    ...credentials.map(({ thingName }) => thingName),
    ...certificateIds.flatMap(holders.commonNames),
  ];
  return {
    credentials,
    hit: [...unique.values()],
    commonNames: [...new Set(names)],
    sessions: certificateIds.flatMap(holders.sessions),
  };
}

/** Waits a little for sessions to end; how many of them did. */
export async function cutSessions(
  { holders, clock, signal }: BrokerUnderTest,
  certificateIds: readonly string[],
  before: readonly LiveSession[],
): Promise<number> {
  const deadline = clock.now() + CUT_MS;
  for (;;) {
    const cut = endedSessions(holders, certificateIds, before);
    if (cut === before.length || clock.now() >= deadline || signal.aborted) return cut;
    await holders.change(deadline);
  }
}

/** How many of the sessions have ended by now. */
export function endedSessions(
  holders: BrokerUnderTest['holders'],
  certificateIds: readonly string[],
  before: readonly LiveSession[],
): number {
  const now = new Set(certificateIds.flatMap(holders.sessions).map(keyOf));
  return before.filter((session) => !now.has(keyOf(session))).length;
}

function keyOf({ device, connectedAt }: LiveSession): string {
  return `${connectedAt} ${device}`;
}

/** Who is hit, in words: AWS acts on every thing of a certificate, the innocent among them. */
export function hitSentence({ hit }: Pick<ActionFacts, 'hit'>): string {
  if (hit.length === 0) return 'no device of the fleet holds it';
  const owners = hit.filter(({ role }) => role === 'owner').map(({ device }) => device);
  const sharers = hit.filter(({ role }) => role === 'sharer').map(({ device }) => device);
  const some = (names: readonly string[]) =>
    `${names.slice(0, 10).join(', ')}${names.length > 10 ? `, … (${names.length})` : ''}`;
  const owner = owners.length === 0 ? 'its owner is not in the fleet' : `owner ${some(owners)}`;
  return sharers.length === 0 ? owner : `${owner}, shared with ${some(sharers)}`;
}
