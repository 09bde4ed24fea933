/** Whether the broker's own records show a connection, with its client ID. */
import type { Probe } from './measurement.ts';

export const probeBrokerEvidence: Probe<'brokerEvidence'> = async (bench) => {
  const party = bench.identities.party('owner', 'brokerEvidence');
  const mark = bench.mark();
  const client = await bench.mustConnect(party);
  const events = await bench.eventsSince(mark);
  await client.disconnect();
  const shown = events.some(
    (event) => event.kind === 'connected' && event.clientId === party.clientId,
  );
  return shown
    ? { value: true, because: 'a connection was recorded with its client ID' }
    : { value: false, because: 'a connection that was accepted left no record' };
};
