/** A device in the hands of the driver: its state, its timers, and the session it has. */
import { assert } from '../core/assert.ts';
import type { EpochMs } from '../core/time.ts';
import type { Credential } from '../identity/types.ts';
import type { FleetPlan } from '../scenario/plan.ts';
import { type DeviceContext, type DeviceState, type DeviceTimer, newDevice } from './device.ts';
import { GroupMessages } from './messages.ts';
import type { DeviceSession } from './session.ts';

export interface DrivenDevice {
  readonly context: DeviceContext;
  readonly messages: GroupMessages;
  readonly timers: Map<DeviceTimer, () => void>;
  state: DeviceState;
  /** The session of its newest connection, as long as that lasts. */
  current: { readonly number: number; readonly session: DeviceSession } | undefined;
}

/** Every device of a plan, before its arrival. */
export function drivenDevices(
  plan: FleetPlan,
  credential: (certificate: string) => Credential,
  startedAt: EpochMs,
): readonly DrivenDevice[] {
  const groups = new Map(
    plan.groups.map((group) => [group.name, { group, messages: new GroupMessages(group) }]),
  );
  return plan.devices.map((device) => {
    const found = groups.get(device.group);
    assert(found, `group ${device.group} of ${device.name} is in the plan`);
    const certificates = device.certificates.map(credential);
    const context = { device, group: found.group, certificates, startedAt };
    const { state } = newDevice(context);
    return { context, messages: found.messages, timers: new Map(), state, current: undefined };
  });
}

/** The session of that connection, if it is still the device's own. */
export function currentSession(
  device: DrivenDevice,
  connection: number,
): DeviceSession | undefined {
  return device.current?.number === connection ? device.current.session : undefined;
}
