/** The table of broker rules in `docs/brokers.md`, from what each adapter says of its own configuration. */
import type { BrokerAdapter } from '../broker/adapter.ts';
import type { BrokerRule, BrokerRuleId } from '../core/broker-rule.ts';

/** One rule of every kind; their numbers don't matter here. */
const RULES: { readonly [Id in BrokerRuleId]: Extract<BrokerRule, { readonly rule: Id }> } = {
  'client-id-bound': { rule: 'client-id-bound' },
  'certificate-required': { rule: 'certificate-required' },
  'revocation-list': { rule: 'revocation-list', groups: [] },
  'connection-limit': { rule: 'connection-limit', connectionsMax: 1 },
  'flapping-ban': { rule: 'flapping-ban', connectsMax: 15, windowMs: 60_000, banMs: 300_000 },
};

/** One row a rule, one column a broker, and below it why a broker can't enforce one. Markdown. */
export function ruleTable(adapters: readonly BrokerAdapter[]): string {
  const rules = Object.values(RULES);
  const rows = rules.map((rule) => {
    const cells = adapters.map(({ harden }) => {
      const result = harden(rule);
      if ('lacks' in result) return 'no';
      return result.clientIdBinding === undefined ? 'yes' : `yes, ${result.clientIdBinding}`;
    });
    return `| ${[`\`${rule.rule}\``, ...cells].join(' | ')} |`;
  });
  const reasons = adapters.flatMap(({ harden }) =>
    rules.flatMap((rule) => {
      const result = harden(rule);
      return 'lacks' in result ? [`- ${result.lacks}.`] : [];
    }),
  );
  const head = `| ${['rule', ...adapters.map(({ id }) => `\`${id}\``)].join(' | ')} |`;
  return [head, `|---${'|---'.repeat(adapters.length)}|`, ...rows, '', ...reasons].join('\n');
}
