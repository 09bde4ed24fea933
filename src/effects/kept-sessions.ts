/**
 * Sessions that brokers keep for devices that are away, and those that nobody will come back for:
 * the device has gone on to another client ID (MQTT 5.0 §3.1.2.11.2, MQTT 3.1.1 §3.1.2.4).
 */
import { keptForMsOf } from '../fleet/session-book.ts';
import type { FleetPlan } from '../scenario/plan.ts';
import { accepted, type DeviceSession } from './device-sessions.ts';

export interface KeptClientIds {
  /** Every client ID under which a session was kept. */
  readonly kept: ReadonlySet<string>;
  /** Those whose last device has another client ID now. */
  readonly leftBehind: ReadonlySet<string>;
  /** Every client ID in use, kept or not. */
  readonly used: ReadonlySet<string>;
}

export function keptClientIds(sessions: readonly DeviceSession[], plan: FleetPlan): KeptClientIds {
  const keeping = new Set(
    plan.groups.filter(({ mqtt }) => keptForMsOf(mqtt) !== undefined).map(({ name }) => name),
  );
  const keeps = new Set(
    plan.devices.filter(({ group }) => keeping.has(group)).map(({ name }) => name),
  );
  const lastDevice = new Map<string, string>();
  const lastClientId = new Map<string, string>();
  const kept = new Set<string>();
  for (const { clientId, device } of accepted(sessions)) {
    lastDevice.set(clientId, device);
    lastClientId.set(device, clientId);
    if (keeps.has(device)) kept.add(clientId);
  }
  const leftBehind = [...kept].filter((clientId) => {
    const device = lastDevice.get(clientId) ?? '';
    return keeps.has(device) && lastClientId.get(device) !== clientId;
  });
  return { kept, leftBehind: new Set(leftBehind), used: new Set(lastDevice.keys()) };
}

/** Sessions of the run before that the devices of a run with a fix come back for no more. */
export function leftByChange(before: KeptClientIds, after: KeptClientIds): number {
  const awaited = [...before.kept].filter((clientId) => !before.leftBehind.has(clientId));
  return awaited.filter((clientId) => !after.used.has(clientId)).length;
}
