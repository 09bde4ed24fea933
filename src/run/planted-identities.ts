/** Planted findings with the identities that the devices really used, once certificates exist. */
import type { Credential } from '../identity/types.ts';
import { resolveClientId } from '../scenario/client-id.ts';
import type { FleetPlan } from '../scenario/plan.ts';
import type { PlantedFinding } from '../scenario/planted.ts';
import type { ExpectedPlanted } from '../verdict/expectation.ts';

const DEVICES_NEEDED: Readonly<Record<PlantedFinding['cause'], number>> = {
  'rival-devices': 2,
  'shared-certificate': 2,
  'self-takeover': 1,
  'half-open-ghost': 1,
};

/** `findings` of the plan: what it plants, or what it leaves undecided. */
export function resolvePlanted(
  plan: FleetPlan,
  credentials: ReadonlyMap<string, Credential>,
  findings: readonly PlantedFinding[] = plan.planted,
): readonly ExpectedPlanted[] {
  const devices = new Map(plan.devices.map((device) => [device.name, device]));
  return findings.flatMap((finding) => {
    const credential = credentials.get(finding.certificate);
    const device = devices.get(finding.devices[0] ?? '');
    if (credential === undefined || device === undefined) return [];
    const byClientId = finding.check === 'CONFLICTING_CLIENT_IDS_CHECK';
    // A broker that replaces client IDs knows the device by its certificate's common name.
    const clientId =
      plan.clientIdBinding === 'replaced'
        ? credential.thingName
        : resolveClientId(device.clientId, credential, device.random)[0];
    const resource = byClientId ? clientId : credential.certificateId;
    return [
      {
        check: finding.check,
        resource,
        label: byClientId ? resource : `the certificate of ${finding.certificate}`,
        devices: finding.devices,
        devicesNeeded: DEVICES_NEEDED[finding.cause],
      },
    ];
  });
}

/** Devices that come within the duration and whose every connect a rule of the broker refuses. */
export function mustBeRefused({ devices, durationMs }: FleetPlan): readonly string[] {
  return devices
    .filter(({ refusedBy, arrivesAtMs }) => refusedBy !== undefined && arrivesAtMs < durationMs)
    .map(({ name }) => name);
}
