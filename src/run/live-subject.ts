/**
 * A live run as the subject of broker actions: what its broker can be made to do, and, as truth, who
 * holds which certificate and is connected with it.
 */
import type { Quarantine } from '../broker/controls.ts';
import type { Authority } from '../identity/authority.ts';
import type { Credential } from '../identity/types.ts';
import type { BrokerUnderTest, Holders } from '../mitigation/broker-under-test.ts';
import { RevocationRegister } from '../mitigation/revocations.ts';
import type { LiveRun } from './interlude.ts';

/** What was prepared before the broker was started. */
export interface Controls {
  readonly brokerId: string;
  readonly cannot: BrokerUnderTest['cannot'];
  readonly quarantine?: Quarantine;
  readonly control?: Credential;
  /** Absent where the store has no key that could sign a revocation list. */
  readonly authority?: Authority;
  /** The list that the broker was started with. */
  readonly crlPem?: string;
}

/** Made once for a run: later actions build on what earlier ones have revoked. */
export function liveSubject(live: LiveRun, controls: Controls): BrokerUnderTest {
  const { brokerId: id, cannot, quarantine, control, authority, crlPem } = controls;
  return {
    broker: live.broker,
    id,
    cannot,
    ...(quarantine === undefined ? {} : { quarantine }),
    ...(authority === undefined ? {} : { revocations: new RevocationRegister(authority, crlPem) }),
    ...(control === undefined ? {} : { control }),
    holders: holdersOf(live),
    clock: live.clock,
    signal: live.signal,
  };
}

function holdersOf(live: LiveRun): Holders {
  const names = new Map<string, string>();
  for (const [name, { certificateId }] of live.credentials) names.set(certificateId, name);
  const planned = (certificateId: string) => {
    const name = names.get(certificateId);
    if (name === undefined) return [];
    return live.plan.devices.filter(({ certificates }) => certificates.includes(name));
  };
  const sessions: Holders['sessions'] = (certificateId) => {
    const name = names.get(certificateId);
    return live
      .devices()
      .filter(({ certificate }) => certificate === name)
      .map(({ name: device, connectedAt }) => ({ device, connectedAt }));
  };
  return {
    credential: (certificateId) => live.credentials.get(names.get(certificateId) ?? ''),
    devices: (certificateId) => {
      const name = names.get(certificateId) ?? '';
      const owner = live.credentials.get(name)?.thingName;
      const open = new Set(sessions(certificateId).map(({ device }) => device));
      return planned(certificateId).map(({ name: device }) => ({
        device,
        certificate: name,
        role: device === owner ? 'owner' : 'sharer',
        live: open.has(device),
      }));
    },
    commonNames: (certificateId) => [
      ...new Set(
        planned(certificateId).flatMap(({ certificates }) =>
          certificates.flatMap((name) => live.credentials.get(name)?.thingName ?? []),
        ),
      ),
    ],
    sessions,
    change: (at) => live.change(at),
  };
}
