/**
 * Whether a kept session belongs to the certificate that it was made with. The owner leaves a
 * subscription behind, a message is queued for it, and a client with another certificate connects
 * with its client ID. Judged by delivery: who gets the message, and whether the owner ever does.
 */
import { describeObserved, isAccepted } from '../script/observe.ts';
import type { WireClient } from '../script/wire-client.ts';
import type { ConnectOptions, ProbeBench } from './bench.ts';
import type { Party } from './identities.ts';
import { control, type Measurement, type Probe } from './measurement.ts';

const DELIVERY_MS = 2_000;
const KEPT: ConnectOptions = { cleanStart: false, sessionExpirySeconds: 300 };

export const probeBindsSessionToCertificate: Probe<'bindsSessionToCertificate'> = async (bench) => {
  const owner = bench.identities.party('owner', 'bindsSessionToCertificate');
  const intruder = bench.identities.party('intruder', 'bindsSessionToCertificate');
  const service = bench.identities.party('service', 'bindsSessionToCertificate');
  const topic = `fleet/${owner.clientId}/probe`;
  const publisher = await bench.mustConnect(service);
  try {
    await leaveSession(bench, owner, publisher, topic);
    await publisher.publish({ topic, payload: 'for the owner', qos: 1 });
    const thief = await bench.connect({ ...intruder, clientId: owner.clientId }, KEPT);
    const stolen = await gets(thief, 'for the owner');
    const seen = describeObserved(thief.observed);
    const accepted = isAccepted(thief.observed);
    await thief.disconnect();
    if (stolen) return { value: false, because: 'another certificate got the queued message' };
    return await judge(bench, owner, { accepted, seen });
  } finally {
    await removeSession(bench, owner);
    await publisher.disconnect();
  }
};

/** Control: the owner itself gets what is queued for it, so that a message can be missed. */
async function leaveSession(
  bench: ProbeBench,
  owner: Party,
  publisher: WireClient,
  topic: string,
): Promise<void> {
  await removeSession(bench, owner);
  const first = await bench.mustConnect(owner, KEPT);
  await first.subscribe(topic, 1);
  await first.disconnect();
  await publisher.publish({ topic, payload: 'control', qos: 1 });
  const again = await bench.mustConnect(owner, KEPT);
  const delivered = await gets(again, 'control');
  await again.disconnect();
  control(delivered, `control: a message queued on ${topic} did not reach its own owner`);
}

async function judge(
  bench: ProbeBench,
  owner: Party,
  { accepted, seen }: { readonly accepted: boolean; readonly seen: string },
): Promise<Measurement<boolean>> {
  const back = await bench.mustConnect(owner, KEPT);
  const kept = await gets(back, 'for the owner');
  await back.disconnect();
  if (kept)
    return { value: true, because: `another certificate was ${seen}; the owner got its message` };
  if (accepted) {
    return { value: false, because: 'another certificate was accepted, and the message was lost' };
  }
  return { unknown: `another certificate was ${seen}, but the message was lost all the same` };
}

async function gets(client: WireClient, payload: string): Promise<boolean> {
  return client.until(() => client.received.some((one) => one.payload === payload), DELIVERY_MS);
}

/** A clean start ends whatever session is kept (MQTT 5.0 §3.1.2.4). */
async function removeSession(bench: ProbeBench, owner: Party): Promise<void> {
  await (await bench.connect(owner)).disconnect();
}
