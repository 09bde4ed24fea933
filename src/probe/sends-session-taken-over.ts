/** Whether an evicted MQTT 5 client is told so: DISCONNECT 0x8E (MQTT 5.0 §3.14.2.1). */
import { describeObserved } from '../script/observe.ts';
import { control, type Probe } from './measurement.ts';

export const probeSendsSessionTakenOver: Probe<'sendsSessionTakenOver'> = async (bench) => {
  if (bench.measured.protocolVersions?.includes(5) === false) {
    return { value: false, because: 'it does not speak MQTT 5' };
  }
  const party = bench.identities.party('owner', 'sendsSessionTakenOver');
  const first = await bench.mustConnect(party, { protocolVersion: 5 });
  const second = await bench.mustConnect(party, { protocolVersion: 5 });
  await first.until(() => !first.isOpen, EVICTION_MS);
  control(!first.isOpen, 'nobody was evicted');
  const end = await first.ended;
  await second.disconnect();
  const told = end.kind === 'disconnect' && end.detail === '0x8e';
  return { value: told, because: `the evicted client was ${describeObserved(end)}` };
};

/** The end of the old session may come a little after CONNACK of the new one. */
const EVICTION_MS = 2_000;
