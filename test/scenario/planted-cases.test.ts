/** «Planted», case by case: what is sure, what is left to chance, and that it comes about so. */
import { describe, expect, it } from 'vitest';
import type { FleetPlan } from '../../src/scenario/plan.ts';
import { compareWithTruth } from '../support/virtual-oracle.ts';
import { planOf } from './helpers.ts';

/** The planted and the undecided of a plan, as `<cause>: <devices>`. */
function said(body: string): { planted: readonly string[]; open: readonly string[] } {
  const plan = planOf(body);
  const words = (findings: FleetPlan['planted']) =>
    findings.map(({ cause, devices }) => `${cause}: ${devices.toSorted().join(' ')}`);
  return { planted: words(plan.planted), open: words(plan.undecided) };
}

const STORM = 'arrival: { storm: 0ms }\n';
const same = 'identity: { clientId: same }';
const shared = 'identity: { certificate: shared }';

describe.each<[string, string, readonly string[], readonly string[]]>([
  ['rivals that stay', `  a: { devices: 3, ${same} }\n`, ['rival-devices: a-1 a-2 a-3'], []],
  [
    'one certificate, devices that stay',
    `  a: { devices: 2, ${shared} }\n`,
    ['shared-certificate: a-1 a-2'],
    [],
  ],
  [
    'a full clone: one client ID on one certificate never overlaps itself',
    '  a: { devices: 1 }\n  b: { devices: 1, identity: { cloneOf: a } }\n',
    ['rival-devices: a-1 b-1'],
    [],
  ],
  [
    'a hand-over after the first has gone',
    `  a: { devices: 1, behaviour: { kind: leaving, at: 3s } }
  b: { devices: 1, identity: { cloneOf: a }, arrival: { start: 3300ms, storm: 0ms } }
`,
    [],
    [],
  ],
  [
    'a hand-over closer than a broker can be relied upon to tell',
    `  a: { devices: 1, behaviour: { kind: leaving, at: 3s } }
  b: { devices: 1, identity: { cloneOf: a }, arrival: { start: 3100ms, storm: 0ms } }
`,
    [],
    ['rival-devices: a-1 b-1'],
  ],
  [
    'flapping rivals of which one is always there when the other comes',
    `  a: { devices: 2, ${same}, behaviour: { kind: flapping, period: 3s, downtime: 500ms } }\n`,
    ['rival-devices: a-1 a-2'],
    [],
  ],
  [
    'clean flapping rivals whose up-times might never meet',
    `  a: { devices: 2, ${same}, behaviour: { kind: flapping, period: 2s, downtime: 1500ms } }\n`,
    [],
    ['rival-devices: a-1 a-2'],
  ],
  [
    'flapping devices on one certificate that surely meet',
    `  a: { devices: 2, ${shared}, behaviour: { kind: flapping, period: 3s, downtime: 500ms } }\n`,
    ['shared-certificate: a-1 a-2'],
    [],
  ],
  [
    'flapping devices on one certificate that might never meet',
    `  a: { devices: 1 , arrival: { start: 700ms, storm: 0ms }, behaviour: &f { kind: flapping, period: 2s, downtime: 1500ms } }
  b: { devices: 1, identity: { certificate: { sameAs: a } }, behaviour: *f }
`,
    [],
    ['shared-certificate: a-1 b-1'],
  ],
  [
    'half-open flapping',
    '  a: { devices: 1, behaviour: { kind: flapping, period: 2s, close: half-open } }\n',
    ['self-takeover: a-1'],
    [],
  ],
  [
    'half-open flapping in a run that ends before the first return',
    '  a: { devices: 1, behaviour: { kind: flapping, period: 15s, close: half-open } }\n',
    [],
    [],
  ],
  [
    'half-open flapping in a run that may end before the first return',
    '  a: { devices: 1, behaviour: { kind: flapping, period: 10s, close: half-open } }\n',
    [],
    ['self-takeover: a-1'],
  ],
  [
    'half-open flapping with a downtime that outlasts the keep-alive',
    '  a: { devices: 1, mqtt: { keepAlive: 1s }, behaviour: { kind: flapping, period: 3s, downtime: 2s, close: half-open } }\n',
    [],
    [],
  ],
  [
    'half-open flapping with a downtime about as long as the keep-alive',
    '  a: { devices: 1, mqtt: { keepAlive: 2s }, behaviour: { kind: flapping, period: 3s, downtime: 2s, close: half-open } }\n',
    [],
    ['self-takeover: a-1'],
  ],
  [
    'half-open flapping without keep-alive, however long the downtime',
    '  a: { devices: 1, mqtt: { keepAlive: 0s }, behaviour: { kind: flapping, period: 6s, downtime: 5s, close: half-open } }\n',
    ['self-takeover: a-1'],
    [],
  ],
  [
    'clean flapping with hardly any downtime',
    '  a: { devices: 1, behaviour: { kind: flapping, period: 2s, downtime: 100ms } }\n',
    [],
    ['self-takeover: a-1'],
  ],
  [
    'half-open flapping with a new UUID each time: ghosts on one certificate',
    '  a: { devices: 1, identity: { clientId: { uuid: v4-per-connect } }, behaviour: { kind: flapping, period: 2s, close: half-open } }\n',
    ['half-open-ghost: a-1'],
    [],
  ],
  [
    'rivals that do not come back, of whom one takes the other’s place',
    `  a: { devices: 2, ${same}, reconnect: { policy: none } }\n`,
    ['rival-devices: a-1 a-2'],
    [],
  ],
  [
    'rivals of whom the second comes after the end',
    `  a: { devices: 1, ${same} }\n  b: { devices: 1, ${same}, arrival: { start: 11s, storm: 0ms } }\n`,
    [],
    [],
  ],
  [
    'half-open flapping that begins after the end',
    '  a: { devices: 1, arrival: { start: 11s, storm: 0ms }, behaviour: { kind: flapping, period: 1s, close: half-open } }\n',
    [],
    [],
  ],
  [
    'UUIDs of the serial on a shared certificate: one client ID for all',
    '  a: { devices: 2, identity: { certificate: shared, clientId: { uuid: v5-serial } } }\n',
    ['rival-devices: a-1 a-2'],
    [],
  ],
  [
    'UUIDs of serial and of certificate, both on one certificate: two client IDs',
    `  a: { devices: 1, identity: { clientId: { uuid: v5-serial } } }
  b: { devices: 1, identity: { certificate: { sameAs: a }, clientId: { uuid: v5-certificate } } }
`,
    ['shared-certificate: a-1 b-1'],
    [],
  ],
  [
    'UUIDs on certificates of their own',
    '  a: { devices: 3, identity: { clientId: { uuid: v5-certificate } } }\n',
    [],
    [],
  ],
  [
    'a rotation that connects first, under one client ID',
    '  a: { devices: 1, behaviour: { kind: rotating, at: 4s, order: connect-first } }\n',
    ['self-takeover: a-1'],
    [],
  ],
  [
    'a rotation that connects first, under a client ID made from the certificate',
    '  a: { devices: 1, identity: { clientId: { uuid: v5-certificate } }, behaviour: { kind: rotating, at: 4s, order: connect-first } }\n',
    [],
    [],
  ],
  [
    'a rotation that closes first',
    '  a: { devices: 1, behaviour: { kind: rotating, at: 4s } }\n',
    [],
    [],
  ],
  [
    'a rotation with a gap too short to be told',
    '  a: { devices: 1, behaviour: { kind: rotating, at: 4s, gap: 100ms } }\n',
    [],
    ['self-takeover: a-1'],
  ],
  [
    'a visitor in the gap of a rotation, gone before it ends',
    `  a: { devices: 1, ${same}, behaviour: { kind: rotating, at: 4s, gap: 3s } }
  b: { devices: 1, ${same}, arrival: { start: 5s, storm: 0ms }, behaviour: { kind: leaving, at: 6s } }
`,
    [],
    [],
  ],
  [
    'rivals that a throttle keeps apart until the second has given up',
    `  a: { devices: 2, ${same}, reconnect: { policy: none } }\nlimits: { connectsPerClientId: 1/s }\n`,
    [],
    ['rival-devices: a-1 a-2'],
  ],
  [
    'rivals that a throttle only delays',
    `  a: { devices: 2, ${same}, reconnect: { policy: fixed, delay: 1s } }\nlimits: { connectsPerClientId: 1/s }\n`,
    ['rival-devices: a-1 a-2'],
    [],
  ],
  [
    'half-open flapping faster than a throttle lets through, without a second try',
    '  a: { devices: 1, reconnect: { policy: none }, behaviour: { kind: flapping, period: 800ms, downtime: 300ms, close: half-open } }\nlimits: { connectsPerClientId: 1/s }\n',
    [],
    ['self-takeover: a-1'],
  ],
  [
    'a throttle that the fleet never feels',
    '  a: { devices: 1, behaviour: { kind: flapping, period: 3s, close: half-open } }\nlimits: { connectsPerClientId: 1/s }\n',
    ['self-takeover: a-1'],
    [],
  ],
  [
    'a certificate shared with a rival that may be gone for good',
    `  a: { devices: 1, ${same}, reconnect: { policy: none } }
  b: { devices: 1, ${same}, arrival: { start: 1s, storm: 0ms }, behaviour: { kind: leaving, at: 3s } }
  c: { devices: 1, identity: { certificate: { sameAs: a } }, arrival: { start: 5s, storm: 0ms } }
`,
    ['rival-devices: a-1 b-1'],
    ['shared-certificate: a-1 c-1'],
  ],
  [
    'a certificate shared with a device that may be evicted by one that should long be gone',
    `  a: { devices: 2, ${same}, reconnect: { policy: fixed, delay: 1550ms }, arrival: { start: 3300ms, storm: 0ms }, behaviour: { kind: leaving, at: 3s } }
  b: { devices: 1, ${same}, arrival: { start: 4s, storm: 0ms } }
  c: { devices: 1, identity: { certificate: { sameAs: b } }, arrival: { start: 6s, storm: 0ms } }
`,
    [],
    ['rival-devices: a-1 a-2', 'shared-certificate: b-1 c-1'],
  ],
  [
    'a session that a rotation left open, on a certificate that another comes to use',
    `  a: { devices: 1, identity: { clientId: { uuid: v5-certificate } }, behaviour: { kind: rotating, at: 4s, order: connect-first } }
  b: { devices: 1, identity: { certificate: { sameAs: a } }, arrival: { start: 6s, storm: 0ms } }
`,
    ['shared-certificate: a-1 b-1'],
    [],
  ],
  [
    'a session that a rotation left open, on a certificate that another uses at the very end',
    `  a: { devices: 1, identity: { clientId: { uuid: v5-certificate } }, behaviour: { kind: rotating, at: 4s, order: connect-first } }
  b: { devices: 1, identity: { certificate: { sameAs: a } }, arrival: { start: 9850ms, storm: 0ms } }
`,
    [],
    ['shared-certificate: a-1 b-1'],
  ],
  [
    'half-open flapping that a throttle keeps out because a rival was there just before',
    `  a: { devices: 1, ${same}, reconnect: { policy: none }, arrival: { start: 2s, storm: 0ms }, behaviour: { kind: flapping, period: 3s, close: half-open } }
  b: { devices: 1, ${same}, arrival: { start: 1800ms, storm: 0ms }, behaviour: { kind: leaving, at: 1900ms } }
limits: { connectsPerClientId: 1/s }
`,
    [],
    ['rival-devices: a-1 b-1'],
  ],
])('%s', (_what, body, planted, open) => {
  const text = body.includes('\narrival:') ? body : body + STORM;

  it(
    planted.length > 0 ? 'is planted' : open.length > 0 ? 'is left to chance' : 'is nothing',
    () => {
      expect(said(text)).toEqual({ planted, open });
    },
  );

  it('comes about as the plan says, on any network', async () => {
    for (const networkSeed of [1, 2, 3, 4, 5]) {
      const result = await compareWithTruth(planOf(text), networkSeed);
      expect(result.decided).toEqual(result.planted.toSorted());
    }
  });
});

describe('what is left to chance', () => {
  it('is said in one sentence for a thousand devices alike, with what to do', () => {
    const { uncertain, undecided } = planOf(
      `  a: { devices: 1000, behaviour: { kind: flapping, period: 2s, downtime: 100ms } }\n${STORM}`,
    );
    expect(undecided).toHaveLength(1000);
    expect(uncertain).toHaveLength(1);
    expect(uncertain[0]).toMatch(/^whether a-\d+ connects .*, and .* cases like it; give it time/);
  });

  it('shows no control characters of a client ID', () => {
    const { uncertain } = planOf(
      '  a: { devices: 2, identity: { clientId: "x\\e[2J" }, behaviour: { kind: flapping, period: 2s, downtime: 1500ms } }\n',
    );
    expect(uncertain.join()).toContain('\\x1b[2J');
    expect(uncertain.join()).not.toContain('\u001b');
  });
});

describe('ten thousand devices with one identity', () => {
  const causes = (body: string) =>
    planOf(body + STORM).planted.map(({ cause, devices }) => [cause, devices.length]);

  it('are decided on without comparing all with all', () => {
    const one = `  a: { devices: 10000, ${shared} }\n`;
    const other =
      '  b: { devices: 10000, identity: { certificate: { sameAs: a }, clientId: same } }\n';
    expect(causes(one)).toEqual([['shared-certificate', 10_000]]);
    expect(causes(one + other)).toEqual([
      ['rival-devices', 10_000],
      ['shared-certificate', 10_000],
    ]);
  });

  it('are decided on even where nothing is sure', () => {
    const flapping = 'behaviour: { kind: flapping, period: 4s, downtime: 3s }';
    expect(causes(`  a: { devices: 10000, ${shared}, ${flapping} }\n`)).toEqual([]);
  });
});
