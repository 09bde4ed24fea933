/** Which MQTT versions a broker speaks: a CONNECT in each (MQTT 5.0 §3.1.2.2). */
import type { ProtocolVersion } from '../history/event.ts';
import { describeObserved, isAccepted } from '../script/observe.ts';
import { control, type Probe } from './measurement.ts';

export const VERSION_NAMES: Readonly<Record<ProtocolVersion, string>> = {
  3: '3.1',
  4: '3.1.1',
  5: '5',
};
const VERSIONS = [3, 4, 5] as const satisfies readonly ProtocolVersion[];

export const probeProtocolVersions: Probe<'protocolVersions'> = async (bench) => {
  const party = bench.identities.party('owner', 'protocolVersions');
  const spoken: ProtocolVersion[] = [];
  const seen: string[] = [];
  for (const protocolVersion of VERSIONS) {
    const client = await bench.connect(party, { protocolVersion });
    const { observed } = client;
    if (isAccepted(observed)) spoken.push(protocolVersion);
    else seen.push(`${VERSION_NAMES[protocolVersion]} was ${describeObserved(observed)}`);
    await client.disconnect();
  }
  control(spoken.length > 0, `no version was accepted: ${seen.join(', ')}`);
  const all = seen.length === 0 ? 'each was accepted' : seen.join(', ');
  return { value: spoken, because: all };
};
