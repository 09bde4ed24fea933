/** A plan in shards: who goes where, and that nothing is changed or lost on the way. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitPlan } from '../../src/shards/split.ts';
import { planOf } from '../scenario/helpers.ts';

const FLEET = `  unique: { devices: 40 }
  clones: { devices: 12, identity: { clientId: { shared: 3 } } }
  batch: { devices: 8, identity: { certificate: shared } }
`;

describe('splitPlan', () => {
  it('gives every device to one shard, just as it was', () => {
    const plan = planOf(FLEET);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), (shards) => {
        const parts = splitPlan(plan, shards);
        expect(parts).toHaveLength(shards);
        const devices = parts.flatMap((part) => part.devices);
        expect(new Map(devices.map((one) => [one.name, one]))).toEqual(
          new Map(plan.devices.map((one) => [one.name, one])),
        );
        expect(devices).toHaveLength(plan.devices.length);
      }),
    );
  });

  it('gives a shard the certificates of its devices and no other', () => {
    for (const { devices, certificates } of splitPlan(planOf(FLEET), 3)) {
      expect(new Set(certificates.map(({ name }) => name))).toEqual(
        new Set(devices.flatMap((device) => device.certificates)),
      );
    }
  });

  it('leaves what is planted with the whole', () => {
    const plan = planOf(FLEET);
    expect(plan.planted.length).toBeGreaterThan(0);
    expect(splitPlan(plan, 2).flatMap((part) => part.planted)).toEqual([]);
  });

  it('spreads a fleet evenly', () => {
    const sizes = splitPlan(planOf('  many: { devices: 6000 }\n'), 3).map(
      ({ devices }) => devices.length,
    );
    for (const size of sizes) expect(Math.abs(size - 2000)).toBeLessThan(200);
  });

  it('keeps rivals for a client ID together where their connects are throttled', () => {
    const plan = planOf(`${FLEET}limits: { connectsPerClientId: 1/s }\n`);
    const homes = new Map<string, Set<number>>();
    for (const [shard, { devices }] of splitPlan(plan, 4).entries()) {
      for (const { clientId } of devices) {
        if (clientId.kind !== 'literal') continue;
        homes.set(clientId.value, (homes.get(clientId.value) ?? new Set()).add(shard));
      }
    }
    expect([...homes.values()].every((shards) => shards.size === 1)).toBe(true);
    expect(new Set([...homes.values()].flatMap((shards) => [...shards])).size).toBeGreaterThan(1);
  });
});
