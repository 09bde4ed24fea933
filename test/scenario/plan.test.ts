/** The plan: the same seed gives the same one, and what it says of each device. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrivalTimesMs, peakPerSecond } from '../../src/scenario/arrivals.ts';
import { resolveClientId, uuidV4, uuidV5 } from '../../src/scenario/client-id.ts';
import type { Arrival } from '../../src/scenario/group-schema.ts';
import { makePlan } from '../../src/scenario/plan.ts';
import { randomScenario } from '../support/virtual-scenarios.ts';
import { planOf, scenario } from './helpers.ts';

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const UUID_V5 = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const literals = (body: string): readonly string[] =>
  planOf(body).devices.map(({ clientId }) =>
    clientId.kind === 'literal' ? clientId.value : clientId.kind,
  );
const certificates = (body: string): readonly string[] =>
  planOf(body).devices.map((device) => device.certificates.join(' '));

describe('determinism', () => {
  it('the same scenario gives the same plan byte for byte', () => {
    fc.assert(
      fc.property(randomScenario, (one) => {
        if (one === undefined) return;
        const again = structuredClone(one);
        expect(JSON.stringify(makePlan(again, 'd'))).toBe(JSON.stringify(makePlan(one, 'd')));
      }),
      { numRuns: 200 },
    );
  });

  it('a plan is plain data: it survives JSON', () => {
    fc.assert(
      fc.property(randomScenario, (one) => {
        if (one === undefined) return;
        const plan = makePlan(one, 'd');
        expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
      }),
      { numRuns: 200 },
    );
  });

  it('another seed gives other randomness to every device', () => {
    const body =
      '  a: { devices: 50, identity: { clientId: { uuid: v4-kept } } }\narrival: { storm: 9s }\n';
    const one = planOf(`${body}seed: 1\n`).devices;
    const other = planOf(`${body}seed: 2\n`).devices;
    for (const [i, device] of one.entries()) {
      expect(device.random).not.toBe(other[i]?.random);
      expect(device.arrivesAtMs).not.toBe(other[i]?.arrivesAtMs);
      expect(device.clientId).not.toEqual(other[i]?.clientId);
    }
  });

  it.each(['{ rate: 20/s }', '{ storm: 3s }'])(
    'a group added at the end leaves the devices of the others as they were (arrival %s)',
    (arrival) => {
      const body = `  a: { devices: 5, identity: { clientId: { uuid: v4-kept } } }
  b: { devices: 5, identity: { certificate: shared }, arrival: { storm: 1s } }
`;
      const rest = `arrival: ${arrival}\n`;
      const before = planOf(body + rest).devices;
      const more = `  c: { devices: 5, identity: { cloneOf: a } }\n`;
      expect(planOf(body + more + rest).devices.slice(0, 10)).toEqual(before);
    },
  );

  it('more devices in a group leave the randomness and IDs of the first ones as they were', () => {
    const pick = (count: number) =>
      planOf(`  a: { devices: ${count}, identity: { clientId: { uuid: v4-kept } } }\n`).devices.map(
        ({ name, clientId, random, certificates: own }) => ({ name, clientId, random, own }),
      );
    expect(pick(9).slice(0, 4)).toEqual(pick(4));
  });
});

describe('ten thousand devices', () => {
  const plan = planOf(`  a: { devices: 6000, identity: { clientId: { uuid: v4-kept } } }
  a-1: { devices: 3000, behaviour: { kind: rotating, at: 3s } }
  b: { devices: 1000, identity: { certificate: { shared: 10 } } }
`);

  it('have names, certificates and client IDs of their own', () => {
    expect(new Set(plan.devices.map((device) => device.name)).size).toBe(10_000);
    expect(new Set(plan.devices.map(({ clientId }) => JSON.stringify(clientId))).size).toBe(10_000);
    expect(plan.certificates).toHaveLength(6000 + 2 * 3000 + 100);
    expect(new Set(plan.certificates.map(({ name }) => name)).size).toBe(plan.certificates.length);
  });

  it('use certificates that the plan asks for, and all of them', () => {
    const used = new Set(plan.devices.flatMap((device) => device.certificates));
    expect(used).toEqual(new Set(plan.certificates.map(({ name }) => name)));
  });
});

describe('identities', () => {
  it('certificates are dealt one each, one for all, one for every k, or as another group has them', () => {
    expect(certificates('  a: { devices: 3 }\n')).toEqual(['a-1', 'a-2', 'a-3']);
    expect(certificates('  a: { devices: 3, identity: { certificate: shared } }\n')).toEqual([
      'a-1',
      'a-1',
      'a-1',
    ]);
    expect(certificates('  a: { devices: 5, identity: { certificate: { shared: 2 } } }\n')).toEqual(
      ['a-1', 'a-1', 'a-3', 'a-3', 'a-5'],
    );
    expect(
      certificates(
        '  a: { devices: 2 }\n  b: { devices: 3, identity: { certificate: { sameAs: a } } }\n',
      ),
    ).toEqual(['a-1', 'a-2', 'a-1', 'a-2', 'a-1']);
    expect(certificates('  a: { devices: 1, behaviour: { kind: rotating, at: 3s } }\n')).toEqual([
      'a-1 a-1.2',
    ]);
  });

  it('client IDs are dealt by template, one for every k, or as another group has them', () => {
    expect(literals("  a: { devices: 2, identity: { clientId: '{{group}}/{{n:4}}' } }\n")).toEqual([
      'a/0001',
      'a/0002',
    ]);
    expect(literals('  a: { devices: 3, identity: { clientId: { shared: 2 } } }\n')).toEqual([
      'a-shared-1',
      'a-shared-1',
      'a-shared-2',
    ]);
    expect(
      literals(
        "  a: { devices: 2, identity: { clientId: 'x{{n}}' } }\n  b: { devices: 3, identity: { cloneOf: a } }\n",
      ),
    ).toEqual(['x1', 'x2', 'x1', 'x2', 'x1']);
  });

  it('UUIDs are of the version they say (RFC 9562)', () => {
    const uuids = (kind: string) =>
      literals(`  a: { devices: 2, identity: { clientId: { uuid: ${kind} } } }\n`);
    for (const uuid of uuids('v4-kept')) expect(uuid).toMatch(UUID_V4);
    expect(uuids('v5-thing-name')).toEqual([uuidV5('a-1'), uuidV5('a-2')]);
    for (const uuid of uuids('v5-thing-name')) expect(uuid).toMatch(UUID_V5);
    expect(uuids('v4-per-connect')).toEqual(['uuid-v4-per-connect', 'uuid-v4-per-connect']);
  });

  it('a fleet of a hundred thousand never draws a UUID twice, kept or new with every connect', () => {
    const drawn = new Set<string>();
    for (let n = 0; n < 50_000; n++) {
      drawn.add(uuidV4(`7 pumps-${n}`));
      const source = { kind: 'uuid-v4-per-connect', device: `pumps-${n}` } as const;
      // Equal randomness, as any two of so many devices may have.
      drawn.add(resolveClientId(source, { serialNumber: '', certificateId: '' }, 12_345)[0]);
    }
    expect(drawn.size).toBe(100_000);
  });

  it('a device gets a new UUID with every connect, and the same ones again from its seed', () => {
    const source = { kind: 'uuid-v4-per-connect', device: 'a-1' } as const;
    const draw = () => {
      const uuids: string[] = [];
      let random = 99;
      for (let i = 0; i < 5; i++) {
        const [uuid, next] = resolveClientId(
          source,
          { serialNumber: '', certificateId: '' },
          random,
        );
        uuids.push(uuid);
        random = next;
      }
      return uuids;
    };
    expect(new Set(draw()).size).toBe(5);
    expect(draw()).toEqual(draw());
    for (const uuid of draw()) expect(uuid).toMatch(UUID_V4);
  });

  it('UUIDs of serial and certificate follow the certificate and leave the randomness alone', () => {
    const certificate = { serialNumber: 'ab', certificateId: 'cd' };
    const resolve = (of: 'serial' | 'certificate') =>
      resolveClientId({ kind: 'uuid-v5', of }, certificate, 7);
    expect(resolve('serial')).toEqual([uuidV5('ab'), 7]);
    expect(resolve('certificate')).toEqual([uuidV5('cd'), 7]);
  });
});

describe('arrivals', () => {
  const times = (arrival: Partial<Arrival>, count: number, seed = 1) =>
    arrivalTimesMs({ start: 0, ...arrival }, count, seed, 'test');

  it('by rate come evenly, from the start on', () => {
    expect(times({ rate: 4, start: 1000 }, 5)).toEqual([1000, 1250, 1500, 1750, 2000]);
  });

  it('staggered are spread over the time, the last one before its end', () => {
    expect(times({ staggered: 1000, start: 500 }, 4)).toEqual([500, 750, 1000, 1250]);
  });

  it('in a storm come at random within it', () => {
    const storm = times({ storm: 2000, start: 1000 }, 2000);
    expect(Math.min(...storm)).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...storm)).toBeLessThan(3000);
    const firstHalf = storm.filter((at) => at < 2000).length;
    expect(Math.abs(firstHalf - 1000)).toBeLessThan(150);
    expect(times({ storm: 2000 }, 50, 1)).not.toEqual(times({ storm: 2000 }, 50, 2));
    expect(times({ storm: 0, start: 70 }, 3)).toEqual([70, 70, 70]);
  });

  it('of groups without an arrival of their own come one group after the other', () => {
    const plan = planOf(`  a: { devices: 2 }
  b: { devices: 2, arrival: { start: 9s, rate: 1/s } }
  c: { devices: 2 }
arrival: { rate: 10/s }
`);
    expect(plan.devices.map((device) => device.arrivesAtMs)).toEqual([
      0, 100, 9000, 10_000, 200, 300,
    ]);
  });

  it('peak as high as the busiest second', () => {
    expect(peakPerSecond([])).toBe(0);
    expect(peakPerSecond([0, 999, 1000, 1001])).toBe(3);
    expect(peakPerSecond(times({ rate: 50 }, 500))).toBe(50);
    expect(peakPerSecond(times({ storm: 0 }, 500))).toBe(500);
  });

  it('peak as a count of all windows would have it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5000), { maxLength: 40 }), (list) => {
        const windows = list.map(
          (from) => list.filter((at) => at >= from && at < from + 1000).length,
        );
        expect(peakPerSecond(list)).toBe(Math.max(0, ...windows));
      }),
    );
  });
});

describe('groups of a plan', () => {
  it('have the connection settings of the scenario but for what they say themselves', () => {
    const plan = planOf(`  a: { devices: 1 }
  b: { devices: 1, mqtt: { version: 3.1.1, keepAlive: 5s } }
mqtt: { keepAlive: 30s, sessionExpiry: 1500ms, tls: '1.2', cleanStart: false }
`);
    const common = { cleanStart: false, sessionExpirySeconds: 2, tls: '1.2' };
    expect(plan.groups.map((group) => group.mqtt)).toEqual([
      { protocolVersion: 5, keepAliveSeconds: 30, ...common },
      { protocolVersion: 4, keepAliveSeconds: 5, ...common },
    ]);
  });

  it('give up shared identities when the faults end, all but the first device of each', () => {
    const plan = planOf(`  a: { devices: 3, identity: { certificate: shared } }
  b: { devices: 2 }
  c: { devices: 2, identity: { cloneOf: b } }
`);
    const retiring = plan.devices.filter((device) => device.retiresOnHeal).map(({ name }) => name);
    expect(retiring).toEqual(['a-2', 'a-3', 'c-1', 'c-2']);
  });

  it('follow the scenario, whose keys stand in the order of the file', () => {
    expect(scenario('  z: { devices: 1 }\n  a: { devices: 1 }\n').fleet).toHaveProperty('z');
    expect(
      planOf('  z: { devices: 1 }\n  a: { devices: 1 }\n').groups.map(({ name }) => name),
    ).toEqual(['z', 'a']);
  });
});
