/** Overrides from the command line and fixes: what they change, and that they change no more. */
import { describe, expect, it } from 'vitest';
import { EXIT, UserError } from '../../src/core/errors.ts';
import { applyFix, overrideScenario, type ScenarioOverrides } from '../../src/scenario/change.ts';
import { FIXES } from '../../src/scenario/fixes/registry.ts';
import { makePlan } from '../../src/scenario/plan.ts';
import { scenario } from './helpers.ts';

const WHOLE = scenario(`  flappers:
    devices: 3
    behaviour: { kind: flapping, period: 4s, downtime: 500ms, close: half-open }
    reconnect: { policy: exponential, base: 1s, max: 8s, resetAfter: 3s }
    publish: { every: 2s }
    mqtt: { keepAlive: 20s, version: 3.1.1 }
  movers:
    devices: 2
    behaviour: { kind: rotating, at: 4s, gap: 600ms }
    reconnect: { policy: fixed, delay: 700ms }
    arrival: { start: 1s, storm: 3s }
  leavers:
    devices: 2
    identity: { certificate: shared }
    behaviour: { kind: leaving, at: 6s }
    arrival: { start: 500ms, staggered: 2s }
seed: 5
arrival: { start: 200ms, rate: 10/s }
settle: 2s
mqtt: { keepAlive: 30s, sessionExpiry: 90s }
limits: { connectsPerClientId: 2/s, latenessP99: 100ms, connectTimeout: 5s }
fixes:
  slower: { strategy: backoff, base: 2s, max: 20s, resetAfter: 5s }
  own: { strategy: unique-certificates }
`);

function refusal(work: () => unknown): UserError {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('a UserError was expected');
}

/** Doubles every time of a plan, by name, so that none is forgotten when one is added. */
function doubled(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((inner) => doubled(inner, key));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, doubled(one, name)]),
    );
  }
  if (typeof value !== 'number') return value;
  if (key === 'connectsPerClientIdPerSecond') return value / 2;
  return TIMES.has(key) ? value * 2 : value;
}

const TIMES = new Set([
  'durationMs',
  'settleMs',
  'arrivesAtMs',
  'keepAliveSeconds',
  'sessionExpirySeconds',
  'period',
  'downtime',
  'at',
  'gap',
  'delay',
  'base',
  'max',
  'resetAfter',
  'every',
]);

describe('a time scale', () => {
  it('of 2 gives the plan with every time doubled, and nothing else changed', () => {
    for (const fix of [undefined, 'slower', 'own']) {
      const plan = (timeScale?: number) => {
        const changed = overrideScenario(WHOLE, timeScale === undefined ? {} : { timeScale });
        return makePlan(fix === undefined ? changed : applyFix(changed, fix), 'digest');
      };
      expect(plan(2)).toEqual(doubled(plan()));
    }
  });

  it('of 1 is no change', () => {
    expect(overrideScenario(WHOLE, { timeScale: 1 })).toEqual(WHOLE);
  });

  it('there and back is no change', () => {
    const back = overrideScenario(overrideScenario(WHOLE, { timeScale: 4 }), { timeScale: 0.25 });
    expect(back).toEqual(WHOLE);
  });

  it('keeps the keep-alive to whole seconds that go over the wire, and off where it is off', () => {
    const keepAlive = (written: string, timeScale: number) =>
      overrideScenario(scenario(`  a: { devices: 1 }\nmqtt: { keepAlive: ${written} }\n`), {
        timeScale,
      }).mqtt.keepAlive;
    expect(keepAlive('60s', 0.01)).toBe(1);
    expect(keepAlive('3s', 0.5)).toBe(2);
    expect(keepAlive('65535s', 1000)).toBe(65_535);
    expect(keepAlive('0s', 2)).toBe(0);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1001])('of %d is refused', (timeScale) => {
    const error = refusal(() => overrideScenario(WHOLE, { timeScale }));
    expect(error.exitCode).toBe(EXIT.usage);
    expect(error.message).toContain('is not a factor');
  });
});

describe('the number of devices', () => {
  it('is changed for the groups that are named', () => {
    const { fleet } = overrideScenario(WHOLE, { devices: { flappers: 7, leavers: 9 } });
    expect(Object.values(fleet).map(({ devices }) => devices)).toEqual([7, 2, 9]);
    expect({ ...fleet.flappers, devices: 3 }).toEqual(WHOLE.fleet.flappers);
  });

  it.each<[string, ScenarioOverrides, string]>([
    ['of a group that there is not', { devices: { flapper: 1 } }, 'did you mean flappers?'],
    [
      'of a word that every object knows',
      { devices: { constructor: 1 } },
      'there is no group "constructor"',
    ],
    ['that is none', { devices: { movers: 0 } }, '0 is no number of devices'],
    ['that is not whole', { devices: { movers: 1.5 } }, '1.5 is no number of devices'],
    ['that is beyond all bounds', { devices: { movers: 1_000_001 } }, 'no number of devices'],
    ['seed of more than 32 bits', { seed: 2 ** 32 }, 'is not a whole number of 32 bits'],
    ['seed that is not whole', { seed: 0.5 }, 'is not a whole number of 32 bits'],
  ])('%s is refused', (_what, overrides, words) => {
    const error = refusal(() => overrideScenario(WHOLE, overrides));
    expect(error.exitCode).toBe(EXIT.usage);
    expect(error.message).toContain(words);
  });

  it('can break what the file means, and then says so', () => {
    const shared = scenario('  a: { devices: 4, identity: { certificate: { shared: 3 } } }\n');
    const error = refusal(() => overrideScenario(shared, { devices: { a: 2 } }));
    expect(error.message).toContain('fleet.a.identity.certificate: one certificate over 3 devices');
  });

  it('is refused together with all else that is wrong', () => {
    const overrides = { timeScale: 0, seed: -1, devices: { nobody: 0, movers: 0 } };
    expect(refusal(() => overrideScenario(WHOLE, overrides)).problems).toHaveLength(5);
  });
});

it('an MQTT version holds for every group, also for one with a version of its own', () => {
  const version = (mqttVersion?: '3.1.1' | '5') =>
    makePlan(overrideScenario(WHOLE, mqttVersion ? { mqttVersion } : {}), '').groups.map(
      (group) => group.mqtt.protocolVersion,
    );
  expect(version()).toEqual([4, 5, 5]);
  expect(version('3.1.1')).toEqual([4, 4, 4]);
  expect(version('5')).toEqual([5, 5, 5]);
});

it('a seed changes what is random and nothing else', () => {
  const plan = (seed: number) => makePlan(overrideScenario(WHOLE, { seed }), '');
  const bare = (seed: number) => ({
    ...plan(seed),
    seed: 0,
    devices: plan(seed).devices.map(({ random: _random, arrivesAtMs: _at, ...rest }) => rest),
  });
  expect(bare(9)).toEqual(bare(5));
  expect(plan(9)).not.toEqual({ ...plan(5), seed: 9 });
});

describe('a fix', () => {
  const fleet = `  a: { devices: 2 }
  b: { devices: 2, identity: { certificate: shared, clientId: same } }
  c: { devices: 2, identity: { cloneOf: b } }
  f: { devices: 2, behaviour: { kind: flapping, period: 4s, close: half-open } }
  r: { devices: 2, behaviour: { kind: rotating, at: 4s, order: connect-first } }
`;
  const fixed = (params: string) =>
    applyFix(scenario(`${fleet}fixes: { x: { ${params} } }\n`), 'x').fleet;
  const before = scenario(fleet).fleet;

  it.each([
    ['strategy: unique-certificates', ['b', 'c']],
    ['strategy: unique-certificates, on: c', ['c']],
    ['strategy: client-id-from-thing-name', ['b', 'c']],
    ['strategy: client-id-uuid', ['a', 'b', 'c', 'f', 'r']],
    ['strategy: close-before-reconnect', ['f', 'r']],
    ['strategy: backoff, on: [a, b]', ['a', 'b']],
  ])('%s changes groups %s and no others', (params, groups) => {
    const after = fixed(params);
    const changed = Object.keys(after).filter(
      (name) => JSON.stringify(after[name]) !== JSON.stringify(before[name]),
    );
    expect(changed).toEqual(groups);
  });

  it('of certificates leaves a clone the client IDs that it took, and the other way round', () => {
    expect(fixed('strategy: unique-certificates, on: c').c?.identity).toEqual({
      certificate: 'unique',
      clientId: { sameAs: 'b' },
      keyType: 'P-256',
    });
    expect(fixed('strategy: client-id-from-thing-name, on: c').c?.identity).toEqual({
      certificate: { sameAs: 'b' },
      clientId: '{{thingName}}',
      keyType: 'P-256',
    });
  });

  it('of how devices leave makes them close first', () => {
    const { f, r } = fixed('strategy: close-before-reconnect');
    expect(f?.behaviour).toMatchObject({ kind: 'flapping', close: 'disconnect' });
    expect(r?.behaviour).toMatchObject({ kind: 'rotating', order: 'close-first' });
  });

  it('that the scenario has not is refused, whatever it is called', () => {
    const named = (name: string) => refusal(() => applyFix(WHOLE, name));
    expect(named('slowr').message).toContain('did you mean slower?');
    expect(named('constructor').exitCode).toBe(EXIT.usage);
    expect(named('__proto__').exitCode).toBe(EXIT.usage);
  });

  it('says what it costs, for every strategy', () => {
    for (const [id, fix] of Object.entries(FIXES)) {
      expect(fix.id).toBe(id);
      expect(fix.title && fix.addresses.length > 0 && fix.costs.length > 0).toBe(true);
    }
  });
});
