/** Of two connections with one client ID and one certificate: who stays (MQTT 5.0 §3.1.4). */
import { describeObserved, isAccepted } from '../script/observe.ts';
import { isAlive } from './bench.ts';
import type { Probe } from './measurement.ts';

/** The end of the old session may come a little after CONNACK of the new one. */
const EVICTION_MS = 1_000;

export const probeTakeoverWinner: Probe<'takeoverWinner'> = async (bench) => {
  const party = bench.identities.party('owner', 'takeoverWinner');
  const first = await bench.mustConnect(party);
  const second = await bench.connect(party);
  await first.until(() => !first.isOpen, EVICTION_MS);
  const [ownerStays, newcomerStays] = [await isAlive(first), await isAlive(second)];
  const newcomer = describeObserved(second.observed);
  await second.disconnect();
  await first.disconnect();
  if (ownerStays && newcomerStays) return { value: 'both', because: 'both answered afterwards' };
  if (newcomerStays) {
    return { value: 'newcomer', because: 'the owner was closed, the newcomer answered afterwards' };
  }
  if (ownerStays) {
    return {
      value: 'owner',
      because: `the owner answered afterwards, the newcomer was ${newcomer}`,
    };
  }
  return {
    unknown: `neither answered afterwards${isAccepted(second.observed) ? '' : `, the newcomer was ${newcomer}`}`,
  };
};
