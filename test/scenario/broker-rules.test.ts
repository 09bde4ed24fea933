/**
 * Rules of the broker in the plan: who is refused, under which client ID the others are known, what
 * is left to chance. Held against a broker in virtual time that enforces them.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientIdBinding } from '../../src/core/broker-rule.ts';
import { mustBeRefused } from '../../src/run/planted-identities.ts';
import { type FleetPlan, makePlan } from '../../src/scenario/plan.ts';
import { compareWithTruth } from '../support/virtual-oracle.ts';
import { randomRuledScenario } from '../support/virtual-scenarios.ts';
import { problemsOf, scenario } from './helpers.ts';

const HEAD = 'name: t\npurpose: p\nduration: 10s\nfleet: { a: { devices: 2 } }\n';

function planned(body: string, rules: string, clientIdBinding?: ClientIdBinding): FleetPlan {
  const one = scenario(`${body}broker: { rules: [${rules}] }\n`);
  return makePlan(one, 'digest', clientIdBinding === undefined ? {} : { clientIdBinding });
}

const said = ({ planted }: FleetPlan) =>
  planted.map(({ cause, devices }) => `${cause}: ${devices.toSorted().join(' ')}`);
const refused = ({ devices }: FleetPlan) =>
  devices.flatMap(({ name, refusedBy }) => (refusedBy ? [`${name} by ${refusedBy}`] : []));

describe('random scenarios under rules', () => {
  it.each(['refused', 'replaced'] as const)(
    'plant what comes about where foreign client IDs are %s, and keep out whom they must',
    async (clientIdBinding) => {
      await fc.assert(
        fc.asyncProperty(randomRuledScenario, fc.nat(), async (one, networkSeed) => {
          fc.pre(one !== undefined);
          const plan = makePlan(one, '', { clientIdBinding });
          const { planted, decided, letIn } = await compareWithTruth(plan, networkSeed);
          expect({ letIn, decided }).toEqual({ letIn: [], decided: planted.toSorted() });
        }),
        { numRuns: 800, seed: 20_260_102 },
      );
    },
  );

  it('that honour 0x8E plant the same, whether the broker sends it or not', async () => {
    await fc.assert(
      fc.asyncProperty(randomRuledScenario, fc.nat(), async (one, networkSeed) => {
        fc.pre(one !== undefined);
        const { planted, decided } = await compareWithTruth(makePlan(one, ''), networkSeed, {
          tellsOfTakeover: true,
        });
        expect(decided).toEqual(planted.toSorted());
      }),
      { numRuns: 400, seed: 20_260_103 },
    );
  });
});

describe('a bound client ID', () => {
  const clones = '  a: { devices: 2 }\n  b: { devices: 2, identity: { clientId: same } }\n';
  const shared = "  a: { devices: 3, identity: { certificate: shared, clientId: 'a-{{n}}' } }\n";
  const rule = '{ rule: client-id-bound }';

  it('keeps out who claims another name, if the broker refuses it', () => {
    const plan = planned(clones, rule, 'refused');
    expect(refused(plan)).toEqual(['b-1 by client-id-bound', 'b-2 by client-id-bound']);
    expect(said(plan)).toEqual([]);
    expect(mustBeRefused(plan)).toEqual(['b-1', 'b-2']);
  });

  it('gives everybody a name of its own, if the broker replaces it', () => {
    const plan = planned(clones, rule, 'replaced');
    expect(refused(plan)).toEqual([]);
    expect(said(plan)).toEqual([]);
  });

  it('makes devices with one certificate fight, if the broker replaces it', () => {
    expect(said(planned(shared, rule, 'replaced'))).toEqual(['rival-devices: a-1 a-2 a-3']);
    const plan = planned(shared, rule, 'refused');
    expect(said(plan)).toEqual([]);
    expect(refused(plan)).toEqual(['a-2 by client-id-bound', 'a-3 by client-id-bound']);
  });

  it('ends UUIDs that are new with every connect, if the broker replaces them', () => {
    const body =
      '  a: { devices: 2, identity: { certificate: shared, clientId: { uuid: v4-per-connect } } }\n';
    expect(said(planned(body, rule, 'replaced'))).toEqual(['rival-devices: a-1 a-2']);
  });
});

describe('a revocation list', () => {
  it('keeps out everybody who holds a certificate of the groups, copies included', () => {
    const plan = planned(
      `  a: { devices: 2 }
  b: { devices: 1, identity: { certificate: { sameAs: a } } }
  c: { devices: 1 }
`,
      '{ rule: revocation-list, groups: [b] }',
    );
    expect(refused(plan)).toEqual(['a-1 by revocation-list', 'b-1 by revocation-list']);
    expect(plan.revoked).toEqual(['a-1']);
  });

  it('goes before the name, as TLS goes before MQTT', () => {
    const plan = planned(
      '  a: { devices: 1, identity: { clientId: other } }\n',
      '{ rule: client-id-bound }, { rule: revocation-list, groups: [a] }',
    );
    expect(refused(plan)).toEqual(['a-1 by revocation-list']);
  });

  it('lets nobody change over who never came in', () => {
    const plan = planned(
      '  a: { devices: 1, behaviour: { kind: rotating, at: 3s } }\n  b: { devices: 1 }\n',
      '{ rule: revocation-list, groups: [a] }',
    );
    expect(refused(plan)).toEqual(['a-1 by revocation-list']);
  });
});

describe('limits and bans leave to chance', () => {
  const fight = '  a: { devices: 4, identity: { clientId: same } }\n';

  it('nothing where there is room for all', () => {
    const plan = planned(fight, '{ rule: connection-limit, connectionsMax: 8 }');
    expect(plan.uncertain).toEqual([]);
    expect(said(plan)).toHaveLength(1);
  });

  it('whatever a limit may prevent', () => {
    const plan = planned(fight, '{ rule: connection-limit, connectionsMax: 7 }');
    expect(said(plan)).toEqual([]);
    expect(plan.undecided).toHaveLength(1);
    expect(plan.uncertain).toEqual([expect.stringContaining('limit of 7 connections')]);
  });

  it('no conflict that is there before anybody is banned', () => {
    expect(said(planned(fight, '{ rule: flapping-ban, connectsMax: 4 }'))).toHaveLength(1);
    expect(said(planned(fight, '{ rule: flapping-ban, connectsMax: 3 }'))).toEqual([]);
  });
});

describe('rules in a file', () => {
  it('have defaults, and durations with units', () => {
    const { brokerRules } = planned('  a: { devices: 1 }\n', '{ rule: flapping-ban }');
    expect(brokerRules).toEqual([
      { rule: 'flapping-ban', connectsMax: 15, windowMs: 60_000, banMs: 300_000 },
    ]);
  });

  it.each([
    [
      '{ rule: flaping-ban }',
      'f.yaml:5:27 broker.rules.0.rule: "flaping-ban" is not allowed here — did you mean flapping-ban?',
    ],
    ['{ rule: connection-limit }', 'broker.rules.0.connectionsMax: this key is required'],
    ['{ rule: revocation-list, groups: [b] }', 'broker.rules.0.groups: there is no group "b"'],
    [
      '{ rule: client-id-bound }, { rule: client-id-bound }',
      'the rule client-id-bound is there twice',
    ],
    ['', 'broker.rules: must be at least 1 entries'],
  ])('are refused with a place and a hint: %s', (rules, words) => {
    expect(problemsOf(`${HEAD}broker: { rules: [${rules}] }\n`)).toEqual([
      expect.stringContaining(words),
    ]);
  });
});

describe('a group that is not enabled', () => {
  const body = (enabled: string) => `  a: { devices: 2 }
  b: { devices: 2${enabled} }
  c: { devices: 2, identity: { cloneOf: b } }
`;

  it('has no devices, and leaves those of the others as they were', () => {
    const without = makePlan(scenario(body(', enabled: false')), 'd');
    const whole = makePlan(scenario(body('')), 'd');
    const kept = whole.devices.filter(({ group }) => group !== 'b');
    const bare = (devices: FleetPlan['devices']) =>
      devices.map(({ retiresOnHeal: _retires, ...device }) => device);
    expect(bare(without.devices)).toEqual(bare(kept));
    expect(without.groups.map(({ name }) => name)).toEqual(['a', 'c']);
  });

  it('is refused when it is the only one', () => {
    expect(
      problemsOf(
        'name: t\npurpose: p\nduration: 9s\nfleet: { a: { devices: 1, enabled: false } }\n',
      ),
    ).toEqual([expect.stringContaining('no group is enabled')]);
  });
});
