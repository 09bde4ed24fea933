/**
 * Hardening: the change of a broker's configuration that makes it enforce a rule. Pure; every
 * adapter has its own, and says in a sentence which rules it can't enforce.
 */
import type { BrokerRule, BrokerRuleId, ClientIdBinding } from '../core/broker-rule.ts';
import type { BrokerConfiguration } from './configuration.ts';

/** A configuration that enforces the rule, or why there is none. */
export type Hardened =
  | {
      readonly configuration: BrokerConfiguration;
      /** What the broker does with a foreign client ID, where the rule is about that. */
      readonly clientIdBinding?: ClientIdBinding;
    }
  | { readonly lacks: string };

/** Without a configuration under test, the adapter's own is changed. */
export type Harden = (rule: BrokerRule, configuration?: BrokerConfiguration) => Hardened;

/** The configuration with other texts, under a name that says which rule it enforces. */
export function hardenedBy(
  rule: BrokerRuleId,
  configuration: BrokerConfiguration,
  texts: Readonly<Record<string, string>>,
): BrokerConfiguration {
  const { name, files } = configuration;
  return {
    ...configuration,
    name: name.split('+').includes(rule) ? name : `${name}+${rule}`,
    files: new Map([...files, ...Object.entries(texts)]),
  };
}

/** Text of the main file. */
export function mainText({ files, main }: BrokerConfiguration): string {
  return files.get(main) ?? '';
}

/** The sentence of a rule that a broker has no means for, and what to do instead. */
export function lacks(broker: string, rule: BrokerRuleId, why: string, instead: string) {
  return { lacks: `${broker} can't enforce ${rule}: ${why}; ${instead}` } as const;
}
