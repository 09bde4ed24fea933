/** One broker rule of every kind, with small numbers. */
import type { BrokerRule } from '../../src/core/broker-rule.ts';

export const BROKER_RULES = {
  bound: { rule: 'client-id-bound' },
  required: { rule: 'certificate-required' },
  revoked: { rule: 'revocation-list', groups: ['pumps'] },
  limit: { rule: 'connection-limit', connectionsMax: 3 },
  ban: { rule: 'flapping-ban', connectsMax: 3, windowMs: 60_000, banMs: 300_000 },
} as const satisfies Readonly<Record<string, BrokerRule>>;
