/** Whether the evidence tells a client's DISCONNECT from a connection that was lost (TCP RST). */
import type { ObservedEvent } from '../history/event.ts';
import type { Probe } from './measurement.ts';

export const probeCloseReasonVisible: Probe<'closeReasonVisible'> = async (bench) => {
  const leaver = bench.identities.party('owner', 'closeReasonVisible');
  const loser = bench.identities.party('intruder', 'closeReasonVisible');
  const mark = bench.mark();
  const [leaving, losing] = [await bench.mustConnect(leaver), await bench.mustConnect(loser)];
  await leaving.disconnect();
  await losing.drop();
  const events = await bench.eventsSince(mark);
  const endOf = (clientId: string): ObservedEvent | undefined =>
    events.find((one) => one.kind === 'closed' && one.clientId === clientId);
  const [left, lost] = [endOf(leaver.clientId), endOf(loser.clientId)];
  if (left === undefined || lost === undefined) {
    return { value: false, because: 'the two ends were not both recorded' };
  }
  const words = `DISCONNECT was recorded as ${wordOf(left)}, a reset as ${wordOf(lost)}`;
  const told =
    left.reason === 'client-initiated' && lost.reason !== left.reason && !isInferred(left);
  return { value: told, because: words };
};

function isInferred(event: ObservedEvent): boolean {
  return event.inferred?.includes('reason') === true;
}

function wordOf(event: ObservedEvent): string {
  return `${event.reason ?? 'nothing'}${isInferred(event) ? ' (in doubt)' : ''}`;
}
