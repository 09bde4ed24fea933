/**
 * A plan in shards, by a stable hash: the same seed gives the same devices and the same timeline
 * whatever the number of shards, because a device carries its randomness and its times with it.
 */
import { hash32 } from '../core/random.ts';
import type { FleetPlan, PlannedDevice } from '../scenario/plan.ts';

/**
 * One plan per shard with only its devices and their certificates; what is planted stays with the
 * whole. Where connects are throttled per client ID, rivals for one stay together.
 */
export function splitPlan(plan: FleetPlan, shards: number): readonly FleetPlan[] {
  const together = plan.limits.connectsPerClientIdPerSecond !== undefined;
  const devices: PlannedDevice[][] = Array.from({ length: shards }, () => []);
  for (const device of plan.devices) devices[shardOf(device, shards, together)]?.push(device);
  return devices.map((own) => {
    const names = new Set(own.flatMap(({ certificates }) => certificates));
    return {
      ...plan,
      devices: own,
      certificates: plan.certificates.filter(({ name }) => names.has(name)),
      planted: [],
      undecided: [],
      uncertain: [],
    };
  });
}

/** From 0. */
function shardOf({ name, clientId }: PlannedDevice, shards: number, together: boolean): number {
  const rivals = together && clientId.kind === 'literal' ? `client ${clientId.value}` : name;
  return hash32(`shard ${rivals}`) % shards;
}
