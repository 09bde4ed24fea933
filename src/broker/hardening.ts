/**
 * Hardening: the change of a broker's configuration that makes it enforce a rule. Pure; every
 * adapter has its own, and says in a sentence which rules it can't enforce.
 */
import type { BrokerRule, ClientIdBinding } from '../core/broker-rule.ts';
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
