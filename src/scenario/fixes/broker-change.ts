/** Adds a rule for the broker to a scenario; one rule of each kind. Pure. */
import type { BrokerRule } from '../../core/broker-rule.ts';
import type { Scenario } from '../schema.ts';
import { isSame } from './changed-groups.ts';

/** The scenario with the rule in place of one of the same kind; undefined when it is there already. */
export function withRule(scenario: Scenario, rule: BrokerRule): Scenario | undefined {
  const rules = scenario.broker?.rules ?? [];
  const next = [...rules.filter((one) => one.rule !== rule.rule), rule].sort((a, b) =>
    a.rule < b.rule ? -1 : 1,
  );
  const before = rules.find((one) => one.rule === rule.rule);
  if (before !== undefined && isSame(before, rule)) return undefined;
  return { ...scenario, broker: { ...scenario.broker, rules: next } };
}
