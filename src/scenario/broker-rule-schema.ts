/** The part of a scenario file that says what the broker has to enforce. Zod types. */
import { z } from 'zod';
import { positiveDurationMs } from '../behaviour/units.ts';
import type { BrokerRule } from '../core/broker-rule.ts';
import { BAN_CONNECTS_MAX, CONNECTIONS_MAX } from '../core/limits.ts';
import { slug } from './group-schema.ts';

const flappingBan = z.strictObject({
  rule: z.literal('flapping-ban'),
  connectsMax: z.int().min(2).max(BAN_CONNECTS_MAX).default(15),
  window: positiveDurationMs.prefault('1m'),
  ban: positiveDurationMs.prefault('5m'),
});

const brokerRule = z.discriminatedUnion('rule', [
  z.strictObject({ rule: z.literal('client-id-bound') }),
  z.strictObject({ rule: z.literal('certificate-required') }),
  z.strictObject({
    rule: z.literal('revocation-list'),
    groups: z.array(slug).min(1).describe('the groups whose certificates are revoked'),
  }),
  z.strictObject({
    rule: z.literal('connection-limit'),
    connectionsMax: z.int().min(1).max(CONNECTIONS_MAX),
  }),
  flappingBan,
]);

/** Rules of a scenario, one of each kind at most; what adapters are asked to enforce. */
export const brokerRules = z
  .array(brokerRule)
  .min(1)
  .superRefine((rules, context) => {
    for (const [index, { rule }] of rules.entries()) {
      if (rules.findIndex((other) => other.rule === rule) === index) continue;
      context.addIssue({
        code: 'custom',
        path: [index, 'rule'],
        message: `the rule ${rule} is there twice`,
        params: { hint: 'say it once' },
      });
    }
  })
  .transform((rules) =>
    rules.map((given): BrokerRule => {
      if (given.rule !== 'flapping-ban') return given;
      const { window: windowMs, ban: banMs, ...rest } = given;
      return { ...rest, windowMs, banMs };
    }),
  )
  .describe('rules that a broker which is started here is configured for');
