/** Every fix strategy as a pure change of a scenario: what it changes, and that it changes no more. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FixId } from '../../../src/core/ids.ts';
import { isSame } from '../../../src/scenario/fixes/changed-groups.ts';
import { parseFixSpecs } from '../../../src/scenario/fixes/fix-spec.ts';
import { formatFix } from '../../../src/scenario/fixes/format-fix.ts';
import { type FixParams, fixParams } from '../../../src/scenario/fixes/params.ts';
import { FIXES, fixOf } from '../../../src/scenario/fixes/registry.ts';
import { UUID_KINDS } from '../../../src/scenario/group-schema.ts';
import { makePlan } from '../../../src/scenario/plan.ts';
import type { Scenario } from '../../../src/scenario/schema.ts';
import { randomScenario } from '../../support/virtual-scenarios.ts';
import { scenario } from '../helpers.ts';

const WHOLE = scenario(`  a: { devices: 2 }
  b: { devices: 2, identity: { certificate: shared, clientId: same } }
  c: { devices: 2, identity: { cloneOf: b }, reconnect: { policy: none } }
  f: { devices: 2, behaviour: { kind: flapping, period: 4s, close: half-open } }
`);

const parse = (given: object): FixParams => fixParams.parse(given);
const applied = (given: object, to = WHOLE): Scenario | undefined => {
  const params = parse(given);
  return fixOf(params).apply(to, params);
};
const changedGroups = (given: object): readonly string[] => {
  const after = applied(given) ?? WHOLE;
  return Object.keys(WHOLE.fleet).filter((name) => !isSame(WHOLE.fleet[name], after.fleet[name]));
};

describe('strategies of the devices', () => {
  it.each<[FixId, readonly string[]]>([
    ['backoff', ['a', 'b', 'f']],
    ['honour-session-taken-over', ['a', 'b', 'f']],
    ['certificate-rotation', ['a', 'b', 'c']],
  ])('%s changes the groups %s and no others', (strategy, groups) => {
    expect(changedGroups({ strategy })).toEqual(groups);
  });

  it('backoff leaves a device that heeds 0x8E as it was in that', () => {
    const heeding = applied({ strategy: 'honour-session-taken-over' });
    const slower = applied({ strategy: 'backoff' }, heeding);
    expect(slower?.fleet.a?.reconnect).toMatchObject({ honourSessionTakenOver: true, base: 1000 });
  });

  it('one client per process leaves out copies, and only those that are named', () => {
    const strategy = 'one-client-per-process';
    expect(changedGroups({ strategy, on: ['a', 'b', 'c'] })).toEqual(['c']);
    expect(applied({ strategy, on: 'c' })?.fleet.c?.enabled).toBe(false);
    expect(applied({ strategy, on: ['a', 'b'] })).toBeUndefined();
    expect(fixParams.safeParse({ strategy }).success).toBe(false);
  });

  it('a rotation is over well before the duration ends, whatever that is', () => {
    for (const duration of [1000, 5000, 60_000]) {
      const fixed = applied({ strategy: 'certificate-rotation' }, { ...WHOLE, duration });
      const { rotation } = makePlan(fixed ?? WHOLE, '');
      expect(rotation?.atMs).toBe(Math.round(duration / 3));
      expect(rotation?.verifyByMs).toBeLessThanOrEqual(duration);
    }
  });
});

describe('a rotation', () => {
  const plan = (on: string) => {
    const fixed = applied({ strategy: 'certificate-rotation', on, at: '4s', spread: '1s' });
    return makePlan(fixed ?? WHOLE, '');
  };

  it('gives each device a second certificate of its own, also where the first is shared', () => {
    const { devices, certificates } = plan('b');
    expect(devices.filter(({ group }) => group === 'b').map((one) => one.certificates)).toEqual([
      ['b-1', 'b-1.2'],
      ['b-1', 'b-2.2'],
    ]);
    expect(certificates.find(({ name }) => name === 'b-2.2')?.thingName).toBe('b-2');
  });

  it('revokes an old certificate only if all its holders change over', () => {
    // The clones of c go on with the certificates of b.
    expect(plan('b').rotation?.revoke).toEqual([]);
    const both = applied({ strategy: 'certificate-rotation', on: ['b', 'c'] });
    expect(makePlan(both ?? WHOLE, '').rotation?.revoke).toEqual(['b-1']);
    expect(plan('a').rotation?.revoke).toEqual(['a-1', 'a-2']);
  });

  it('plants the sharing that was there before it, and none after it', () => {
    const shared = scenario(
      "  a: { devices: 3, identity: { certificate: shared, clientId: 'a-{{n}}' } }\n",
    );
    const fixed = applied({ strategy: 'certificate-rotation' }, shared);
    expect(makePlan(fixed ?? shared, '').planted).toMatchObject([
      { cause: 'shared-certificate', certificate: 'a-1' },
    ]);
    const late = fixed && {
      ...fixed,
      fleet: Object.fromEntries(
        Object.entries(fixed.fleet).map(([name, group]) => [
          name,
          { ...group, arrival: { start: 5000, staggered: 4000 } },
        ]),
      ),
    };
    // Whoever comes when the rotation is over has the old certificate only for a moment.
    expect(makePlan(late ?? shared, '').planted).toEqual([]);
  });

  it('makes nobody retire that has an identity of its own by then', () => {
    const shared = scenario(
      "  a: { devices: 3, identity: { certificate: shared, clientId: 'a-{{n}}' } }\n",
    );
    const fixed = applied({ strategy: 'certificate-rotation' }, shared);
    const retiring = (one: Scenario) =>
      makePlan(one, '').devices.filter(({ retiresOnHeal }) => retiresOnHeal).length;
    expect([retiring(shared), retiring(fixed ?? shared)]).toEqual([2, 0]);
  });
});

describe('strategies of the broker', () => {
  it.each([
    [{ strategy: 'bind-client-id' }, { rule: 'client-id-bound' }],
    [{ strategy: 'require-certificate' }, { rule: 'certificate-required' }],
    [
      { strategy: 'revoke-certificates', on: 'b' },
      { rule: 'revocation-list', groups: ['b'] },
    ],
    [
      { strategy: 'limit-connections', connections: 9 },
      { rule: 'connection-limit', connectionsMax: 9 },
    ],
    [
      { strategy: 'ban-flapping', window: '2s' },
      { rule: 'flapping-ban', connectsMax: 15, windowMs: 2000, banMs: 300_000 },
    ],
  ])('%j asks for the rule %j and leaves the fleet alone', (given, rule) => {
    const fixed = applied(given);
    expect(fixed).toEqual({ ...WHOLE, broker: { rules: [rule] } });
    expect(fixed && applied(given, fixed)).toBeUndefined();
  });

  it('take the place of a rule of the same kind; revoked groups add up', () => {
    const twice = (first: object, second: object) => applied(second, applied(first))?.broker?.rules;
    expect(
      twice(
        { strategy: 'limit-connections', connections: 9 },
        { strategy: 'limit-connections', connections: 5 },
      ),
    ).toEqual([{ rule: 'connection-limit', connectionsMax: 5 }]);
    expect(
      twice(
        { strategy: 'revoke-certificates', on: 'c' },
        { strategy: 'revoke-certificates', on: 'a' },
      ),
    ).toEqual([{ rule: 'revocation-list', groups: ['a', 'c'] }]);
  });
});

describe('any strategy on any scenario', () => {
  const names = ['alpha', 'beta', 'gamma', 'delta'];
  const anyFix = fc
    .record({
      strategy: fc.constantFrom(...Object.values(FIXES).map(({ id }) => id)),
      on: fc.subarray(names, { minLength: 1 }),
      uuid: fc.constantFrom(...UUID_KINDS),
    })
    .map(({ strategy, on, uuid }) => {
      const { shape } = FIXES[strategy].params;
      return parse({
        strategy,
        ...('on' in shape ? { on } : {}),
        ...('uuid' in shape ? { uuid } : {}),
        ...('connections' in shape ? { connections: 3 } : {}),
      });
    });

  it('changes no group that is not named, nor the seed, nor the plans of the others', () => {
    fc.assert(
      fc.property(randomScenario, anyFix, (one, params) => {
        fc.pre(one !== undefined);
        const fixed = fixOf(params).apply(one, params);
        fc.pre(fixed !== undefined);
        const on = 'on' in params && FIXES[params.strategy].side === 'device' ? params.on : [];
        const others = Object.keys(one.fleet).filter((name) => !on?.includes(name));
        for (const name of others) expect(fixed.fleet[name]).toEqual(one.fleet[name]);
        expect(fixed.seed).toBe(one.seed);
        const plans = (of: Scenario) =>
          makePlan(of, '')
            .devices.filter(({ group }) => others.includes(group) && !takesFrom(one, group, on))
            .map(({ name, certificates, clientId, arrivesAtMs, random }) => ({
              ...{ name, certificates, clientId, arrivesAtMs, random },
            }));
        expect(plans(fixed)).toEqual(plans(one));
      }),
      { numRuns: 500 },
    );
  });

  it('changes nothing more when it is applied again', () => {
    fc.assert(
      fc.property(randomScenario, anyFix, (one, params) => {
        fc.pre(one !== undefined);
        const fixed = fixOf(params).apply(one, params);
        fc.pre(fixed !== undefined);
        expect(fixOf(params).apply(fixed, params)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('leaves the scenario that it is given as it was', () => {
    fc.assert(
      fc.property(randomScenario, anyFix, (one, params) => {
        fc.pre(one !== undefined);
        const before = JSON.stringify(one);
        fixOf(params).apply(one, params);
        expect(JSON.stringify(one)).toBe(before);
      }),
      { numRuns: 200 },
    );
  });
});

/** A group whose identities come from a changed one changes with it, as it must. */
function takesFrom({ fleet }: Scenario, name: string, on: readonly string[] = []): boolean {
  const reached = new Set([name]);
  for (const one of reached) {
    const identity = fleet[one]?.identity;
    if (identity === undefined) continue;
    const halves =
      'cloneOf' in identity
        ? [{ sameAs: identity.cloneOf }]
        : [identity.certificate, identity.clientId];
    for (const half of halves) {
      if (typeof half === 'object' && 'sameAs' in half) reached.add(half.sameAs);
    }
  }
  return [...reached].some((one) => on.includes(one));
}

describe('what strategies say of themselves', () => {
  it.each(Object.values(FIXES))('$id is complete, and its example is what --fix takes', (fix) => {
    expect(FIXES[fix.id]).toBe(fix);
    expect(fix.title.length * fix.addresses.length * fix.costs.length).toBeGreaterThan(0);
    expect('rule' in fix).toBe(fix.side === 'broker');
    const groups = ['applications', 'clones', 'a']
      .map((name) => `  ${name}: { devices: 2, identity: { cloneOf: source } }\n`)
      .join('');
    const flappers =
      '  f: { devices: 1, behaviour: { kind: flapping, period: 4s, close: half-open } }\n';
    const source =
      "  source: { devices: 2, identity: { certificate: shared, clientId: 'x-{{n}}' } }\n";
    const fleet = scenario(source + groups + flappers);
    const [choice] = parseFixSpecs([fix.example], fleet);
    expect(choice?.parts.map(({ strategy }) => strategy)).toEqual([fix.id]);
    const [params] = choice?.parts ?? [];
    // Written back it says the same.
    expect(params && parseFixSpecs([formatFix(params)], fleet)[0]?.parts).toEqual([params]);
  });
});
