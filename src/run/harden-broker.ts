/** The configuration with which a broker enforces a scenario's rules, or what it lacks for them. */
import type { BrokerConfiguration } from '../broker/configuration.ts';
import type { BrokerRule, BrokerRuleId, ClientIdBinding } from '../core/broker-rule.ts';
import type { Problem } from '../core/errors.ts';
import type { Scenario } from '../scenario/schema.ts';
import type { BrokerChoice } from './ports.ts';

export type HardenedBroker =
  | { readonly configuration?: BrokerConfiguration; readonly clientIdBinding?: ClientIdBinding }
  | { readonly problems: readonly Problem[] };

/** One of each kind, to learn which a broker can enforce; the numbers do not matter. */
const SAMPLES: readonly BrokerRule[] = [
  { rule: 'client-id-bound' },
  { rule: 'certificate-required' },
  { rule: 'revocation-list', groups: [] },
  { rule: 'connection-limit', connectionsMax: 1000 },
  { rule: 'flapping-ban', connectsMax: 15, windowMs: 60_000, banMs: 300_000 },
];

/** The rules that a broker has no means for, each with what it says of that. */
export function lackingRules(
  broker: BrokerChoice,
  configuration: BrokerConfiguration | undefined,
): ReadonlyMap<BrokerRuleId, string> {
  return new Map(
    SAMPLES.flatMap((rule) => {
      const hardened = hardenFor({ broker: { rules: [rule] } }, broker, configuration);
      if (!('problems' in hardened)) return [];
      return [[rule.rule, hardened.problems.map(({ message }) => message).join('; ')] as const];
    }),
  );
}

/** Asks the adapter for one rule after the other; every rule that it can't enforce is named. */
export function hardenFor(
  { broker: wanted }: Pick<Scenario, 'broker'>,
  broker: BrokerChoice,
  given: BrokerConfiguration | undefined,
): HardenedBroker {
  const rules = wanted?.rules ?? [];
  const unchanged = given === undefined ? {} : { configuration: given };
  if (rules.length === 0) return unchanged;
  if (broker.kind === 'external') {
    return {
      problems: [
        {
          message: `${rules.map(({ rule }) => rule).join(', ')} can't be set on a broker that runs elsewhere`,
          hint: 'configure it there yourself, or choose a broker that is started here, such as --broker mosquitto',
        },
      ],
    };
  }
  const problems: Problem[] = [];
  let configuration = given;
  let clientIdBinding: ClientIdBinding | undefined;
  for (const rule of rules) {
    const hardened = broker.adapter.harden(rule, configuration);
    if ('lacks' in hardened) {
      problems.push({ message: hardened.lacks });
      continue;
    }
    configuration = hardened.configuration;
    clientIdBinding = hardened.clientIdBinding ?? clientIdBinding;
  }
  if (problems.length > 0) return { problems };
  return {
    ...(configuration === undefined ? {} : { configuration }),
    ...(clientIdBinding === undefined ? {} : { clientIdBinding }),
  };
}
