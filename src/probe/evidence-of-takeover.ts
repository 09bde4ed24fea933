/** What the evidence of takeovers says: asked by two probes, each with parties of its own. */
import type { CapabilityId } from '../broker/capabilities.ts';
import type { ObservedEvent } from '../history/event.ts';
import type { ProbeBench } from './bench.ts';
import { type Party, TAKEOVERS } from './identities.ts';
import { control } from './measurement.ts';

/** Events of the contested client ID; what is not recorded is undefined. */
export interface TakeoverEvidence {
  readonly end: ObservedEvent | undefined;
  /** Whether the end was recorded before the new session; undefined unless both were recorded. */
  readonly endFirst: boolean | undefined;
}

/** The end of the old session may come a little after CONNACK of the new one. */
const EVICTION_MS = 1_000;

/**
 * Lets several client IDs be taken over, each once and with its own certificate. Brokers whose
 * sessions are processes of their own may write the two records either way round now and then.
 */
export async function evidenceOfTakeovers(
  bench: ProbeBench,
  probe: CapabilityId,
): Promise<readonly TakeoverEvidence[]> {
  const all: TakeoverEvidence[] = [];
  for (let number = 1; number <= TAKEOVERS; number++) {
    all.push(await evidenceOfTakeover(bench, bench.identities.party('owner', probe, number)));
  }
  return all;
}

async function evidenceOfTakeover(bench: ProbeBench, party: Party): Promise<TakeoverEvidence> {
  const mark = bench.mark();
  const first = await bench.mustConnect(party);
  const second = await bench.connect(party);
  await first.until(() => !first.isOpen, EVICTION_MS);
  control(second.observed.kind === 'accepted' && !first.isOpen, 'there was no takeover to record');
  const events = (await bench.eventsSince(mark)).filter((one) => one.clientId === party.clientId);
  await second.disconnect();
  const connects = events.filter((one) => one.kind === 'connected');
  const [opened, newcomer] = connects;
  const end = events.find(
    (one) => one.kind === 'closed' && (opened === undefined || one.sessionId === opened.sessionId),
  );
  const both = end !== undefined && newcomer !== undefined;
  return { end, endFirst: both ? events.indexOf(end) < events.indexOf(newcomer) : undefined };
}
