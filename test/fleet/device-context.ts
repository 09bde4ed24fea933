/** A device of a plan as its state machine wants it. */
import type { DeviceContext } from '../../src/fleet/device.ts';
import type { FleetPlan } from '../../src/scenario/plan.ts';

export const STARTED_AT = 1_000_000;

/** What the device at `index` of a plan is, with certificates that are only names. */
export function contextOf(plan: FleetPlan, index = 0): DeviceContext {
  const device = plan.devices[index];
  const group = plan.groups.find(({ name }) => name === device?.group);
  if (device === undefined || group === undefined) throw new Error('no such device');
  return {
    device,
    group,
    certificates: device.certificates.map((name) => ({
      certificateId: `id of ${name}`,
      serialNumber: `serial of ${name}`,
    })),
    startedAt: STARTED_AT,
  };
}
