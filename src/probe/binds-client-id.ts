/** Whether a client ID that is not the certificate's common name is refused or replaced. */
import { describeObserved, isAccepted } from '../script/observe.ts';
import type { Probe } from './measurement.ts';

export const probeBindsClientId: Probe<'bindsClientId'> = async (bench) => {
  const party = bench.identities.party('owner', 'bindsClientId');
  await (await bench.mustConnect(party)).disconnect();
  const clientId = `${party.clientId}-under-another-name`;
  const mark = bench.mark();
  const client = await bench.connect({ ...party, clientId });
  const { observed, connack } = client;
  if (!isAccepted(observed))
    return { value: true, because: `it was ${describeObserved(observed)}` };
  const assigned = connack?.assignedClientId;
  const events = bench.evidenceIsRead ? await bench.eventsSince(mark) : [];
  await client.disconnect();
  const recorded = events.find((one) => one.kind === 'connected' && one.port === client.port);
  const used = assigned ?? recorded?.clientId ?? clientId;
  if (used !== clientId) return { value: true, because: 'it was replaced by the common name' };
  const proved = recorded === undefined ? 'accepted' : 'accepted and recorded as it was claimed';
  return { value: false, because: `a client ID that is not the common name was ${proved}` };
};
