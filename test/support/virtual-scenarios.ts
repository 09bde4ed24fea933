/**
 * Random small scenarios as a person might write them, odd ones included: every behaviour, policy
 * and way to deal identities, close in time and crowded on few client IDs and certificates.
 */
import fc from 'fast-check';
import type { BrokerRule } from '../../src/core/broker-rule.ts';
import { UserError } from '../../src/core/errors.ts';
import { parseScenario } from '../../src/scenario/load.ts';
import type { Scenario } from '../../src/scenario/schema.ts';

const ms = (min: number, max: number, step = 50): fc.Arbitrary<string> =>
  fc
    .integer({ min: Math.ceil(min / step), max: Math.floor(max / step) })
    .map((n) => `${n * step}ms`);

const behaviour = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'steady' }) },
  {
    weight: 3,
    arbitrary: fc
      .record({
        downtime: ms(0, 2500),
        stay: fc.integer({ min: 2, max: 60 }),
        jitter: fc.constantFrom('0%', '10%', '50%', '100%'),
        close: fc.constantFrom('disconnect', 'reset', 'half-open'),
      })
      .map(({ downtime, stay, ...rest }) => ({
        kind: 'flapping',
        ...rest,
        downtime,
        period: `${Number.parseInt(downtime, 10) + stay * 50}ms`,
      })),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('leaving'),
      at: ms(500, 7000),
      close: fc.constantFrom('disconnect', 'reset'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('rotating'),
      at: ms(500, 7000),
      order: fc.constantFrom('close-first', 'connect-first'),
      gap: ms(0, 1500),
      spread: ms(0, 1500),
    }),
  },
);

const honourSessionTakenOver = fc.boolean();
const reconnect = fc.oneof(
  fc.constant({ policy: 'none' }),
  fc.record({
    policy: fc.constant('fixed'),
    delay: ms(50, 2000),
    jitter: fc.constantFrom('0%', '30%'),
    honourSessionTakenOver,
  }),
  fc.record({
    policy: fc.constant('exponential'),
    base: ms(50, 1000),
    max: ms(1000, 4000),
    jitter: fc.constantFrom('full', 'none'),
    resetAfter: fc.constantFrom('0s', '2s', 'never'),
    honourSessionTakenOver,
  }),
);

const arrival = fc.oneof(
  fc.record({ start: ms(0, 7000), rate: fc.constantFrom('1/s', '4/s', '50/s') }),
  fc.record({ start: ms(0, 7000), storm: ms(0, 1500) }),
  fc.record({ start: ms(0, 7000), staggered: ms(0, 4000) }),
);

const NAMES = ['alpha', 'beta', 'gamma', 'delta'] as const;

const sameAs = fc.constantFrom(...NAMES).map((name) => ({ sameAs: name }));
const shared = fc.integer({ min: 2, max: 3 }).map((k) => ({ shared: k }));
const uuid = fc
  .constantFrom('v4-per-connect', 'v4-kept', 'v5-thing-name', 'v5-serial', 'v5-certificate')
  .map((kind) => ({ uuid: kind }));

const identity = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      certificate: fc.oneof(
        { weight: 3, arbitrary: fc.constant('unique') },
        { weight: 2, arbitrary: fc.constant('shared') },
        shared,
        { weight: 2, arbitrary: sameAs },
      ),
      clientId: fc.oneof(
        { weight: 3, arbitrary: fc.constant('{{thingName}}') },
        { weight: 2, arbitrary: fc.constant('one-for-all') },
        { weight: 2, arbitrary: uuid },
        shared,
        sameAs,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom(...NAMES).map((name) => ({ cloneOf: name })) },
);

const group = fc.record(
  {
    devices: fc.integer({ min: 1, max: 4 }),
    identity,
    behaviour,
    reconnect,
    arrival,
    mqtt: fc.record({ keepAlive: fc.constantFrom('0s', '1s', '2s', '4s', '60s') }),
  },
  { requiredKeys: ['devices', 'identity', 'behaviour', 'reconnect', 'mqtt'] },
);

const written = fc.record(
  {
    name: fc.constant('random'),
    purpose: fc.constant('whatever comes'),
    seed: fc.nat(),
    fleet: fc
      .array(group, { minLength: 1, maxLength: 4 })
      .map((groups) => Object.fromEntries(groups.map((one, i) => [NAMES[i] ?? '', one]))),
    arrival,
    duration: ms(1000, 9000),
    settle: fc.constantFrom('0s', '1s', '2s'),
    limits: fc.oneof(
      { weight: 3, arbitrary: fc.constant({}) },
      fc.constantFrom('1/s', '2/s', '5/s').map((rate) => ({ connectsPerClientId: rate })),
    ),
  },
  { requiredKeys: ['name', 'purpose', 'seed', 'fleet', 'duration', 'settle'] },
);

type Written = Parameters<Parameters<typeof written.map>[0]>[0];
type WrittenGroup = Written['fleet'][string];

/** When the last device of a group rotates, or when it leaves. */
function latest(behaviour: { readonly at: string }): number {
  const after = ['spread', 'gap'].map((key) =>
    Number.parseInt(String(Object.entries(behaviour).find(([name]) => name === key)?.[1] ?? 0), 10),
  );
  return after.reduce((sum, ms) => sum + ms, Number.parseInt(behaviour.at, 10));
}

/** Mends what would only be refused, so that most samples are runs. */
function mended(one: Written): unknown {
  const names = Object.keys(one.fleet);
  const durationMs = Number.parseInt(one.duration, 10);
  const mendGroup = ([name, { identity, behaviour, ...rest }]: [string, WrittenGroup]) => {
    const known = (spec: unknown): boolean =>
      typeof spec !== 'object' ||
      spec === null ||
      !('sameAs' in spec) ||
      (spec.sameAs !== name && names.includes(String(spec.sameAs)));
    const late = 'at' in behaviour && latest(behaviour) >= durationMs;
    if ('cloneOf' in identity) {
      const alone = !known({ sameAs: identity.cloneOf });
      return [
        name,
        { ...rest, behaviour: late ? 'steady' : behaviour, ...(alone ? {} : { identity }) },
      ];
    }
    const { certificate, clientId } = identity;
    const tooMany = typeof certificate === 'object' && 'shared' in certificate && rest.devices < 3;
    const own = !known(certificate) || tooMany;
    return [
      name,
      {
        ...rest,
        behaviour: late ? 'steady' : behaviour,
        identity: {
          certificate: own ? 'unique' : certificate,
          clientId: known(clientId) ? clientId : '{{thingName}}',
        },
      },
    ];
  };
  return { ...one, fleet: Object.fromEntries(Object.entries(one.fleet).map(mendGroup)) };
}

/** Scenarios that pass validation; `undefined` stands for the few that do not, such as circles. */
export const randomScenario: fc.Arbitrary<Scenario | undefined> = written.map((one) => {
  try {
    return parseScenario(JSON.stringify(mended(one)), 'random.yaml');
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
});

const rule = fc.record({
  bound: fc.boolean(),
  revoked: fc.subarray([...NAMES], { maxLength: 2 }),
  limit: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
  ban: fc.option(
    fc.record({
      connectsMax: fc.integer({ min: 2, max: 12 }),
      windowMs: fc.constantFrom(500, 2000, 60_000),
      banMs: fc.constantFrom(500, 3000, 60_000),
    }),
    { nil: undefined },
  ),
});

/** The same with rules for the broker, of each kind at most one. */
export const randomRuledScenario: fc.Arbitrary<Scenario | undefined> = fc
  .tuple(randomScenario, rule)
  .map(([scenario, { bound, revoked, limit, ban }]) => {
    if (scenario === undefined) return undefined;
    const groups = revoked.filter((name) => Object.hasOwn(scenario.fleet, name));
    const rules: BrokerRule[] = [
      ...(bound ? [{ rule: 'client-id-bound' } as const] : []),
      ...(groups.length > 0 ? [{ rule: 'revocation-list', groups } as const] : []),
      ...(limit === undefined
        ? []
        : [{ rule: 'connection-limit', connectionsMax: limit } as const]),
      ...(ban === undefined ? [] : [{ rule: 'flapping-ban', ...ban } as const]),
    ];
    return rules.length === 0 ? scenario : { ...scenario, broker: { rules } };
  });
