/** Which certificates a plan revokes: from the start by a rule, or when a rotation is over. Pure. */
import { behaviourOf } from '../behaviour/registry.ts';
import type { BrokerRule } from '../core/broker-rule.ts';
import { PRESENCE_MARGIN_MS } from '../core/limits.ts';
import { assignCertificates } from './assign.ts';
import { findRule } from './broker-effects.ts';
import type { PlannedDevice, PlannedRotation } from './plan.ts';
import type { Scenario } from './schema.ts';

/**
 * Names of the certificates on the revocation list from the start: the first ones of the devices of
 * the rule's groups. A second one is given to whoever replaces the first.
 */
export function revokedCertificates(
  scenario: Scenario,
  rules: readonly BrokerRule[],
): ReadonlySet<string> {
  const groups = findRule(rules, 'revocation-list')?.groups ?? [];
  return new Set(
    groups.flatMap((name) =>
      Array.from({ length: scenario.fleet[name]?.devices ?? 0 }, (_, i) =>
        assignCertificates(scenario, name, i + 1).slice(0, 1),
      ).flatMap((first) => first.map((certificate) => certificate.name)),
    ),
  );
}

/**
 * The rotation that the groups' behaviours ask for; undefined without one. An old certificate is
 * revoked only if every device that has it changes over, as AWS's order of steps demands.
 */
export function plannedRotation(
  { fleet, duration, limits }: Scenario,
  devices: readonly PlannedDevice[],
): PlannedRotation | undefined {
  const changeOf = (device: PlannedDevice) => {
    const behaviour = fleet[device.group]?.behaviour;
    const change = behaviour && behaviourOf(behaviour).certificateChange(behaviour);
    return change?.revokesOld === true && device.certificates.length > 1 ? change : undefined;
  };
  const moving = devices.filter((device) => changeOf(device) !== undefined);
  if (moving.length === 0) return undefined;
  const staying = new Set(
    devices
      .filter((device) => changeOf(device) === undefined && device.refusedBy === undefined)
      .map(({ certificates }) => certificates[0]),
  );
  const old = new Set(moving.flatMap(({ certificates }) => certificates.slice(0, 1)));
  const done = moving.map((device) => {
    const { atMsMax = 0, awayMs = 0 } = changeOf(device) ?? {};
    return Math.max(device.arrivesAtMs, atMsMax) + awayMs;
  });
  return {
    atMs: moving.reduce((first, device) => Math.min(first, changeOf(device)?.atMs ?? 0), duration),
    verifyByMs: Math.min(
      duration,
      done.reduce((latest, ms) => Math.max(latest, ms), 0) +
        PRESENCE_MARGIN_MS +
        limits.connectTimeout,
    ),
    revoke: [...old].filter((certificate) => !staying.has(certificate)),
  };
}
