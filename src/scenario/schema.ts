/**
 * The scenario file: one situation, with what it plants and what must be found. This zod type is
 * the single source of the TypeScript types and of the JSON Schema for editors.
 */
import { z } from 'zod';
import { durationMs, fraction, positiveDurationMs, ratePerSecond } from '../behaviour/units.ts';
import { CONNECTION_CHECK_IDS, DIAGNOSES } from '../core/ids.ts';
import { brokerRules } from './broker-rule-schema.ts';
import { namedFix } from './fixes/params.ts';
import { arrival, group, mqttSettings, slug } from './group-schema.ts';
import { parseThreshold } from './thresholds.ts';

const threshold = z.string().transform((text, context) => {
  const parsed = parseThreshold(text);
  if (!('problem' in parsed)) return parsed;
  const { problem: message, hint } = parsed;
  context.addIssue({ code: 'custom', message, params: { hint } });
  return z.NEVER;
});

const findingPattern = z
  .strictObject({
    check: z.enum(CONNECTION_CHECK_IDS),
    clientId: z.string().optional(),
    certificate: z
      .string()
      .optional()
      .describe('name of a certificate of the plan (its thing name), or a certificate ID'),
    diagnosis: z.enum(DIAGNOSES).optional(),
  })
  .describe('matches every finding that agrees with all that is named');

const findings = z
  .union([
    z.enum(['planted', 'none']),
    z.strictObject({
      expected: z.array(findingPattern).default([]),
      forbidden: z.array(findingPattern).default([]),
    }),
  ])
  .describe('planted: each conflict that the file plants is found, and no other');

const outcome = {
  findings: findings.optional(),
  thresholds: z.array(threshold).default([]),
};

export const scenarioSchema = z.strictObject({
  name: slug,
  purpose: z.string().min(1).describe('one sentence: which situation this is and why it matters'),
  source: z.string().optional().describe('where the situation comes from'),
  seed: z.int().min(0).max(0xffff_ffff).default(1),
  mqtt: mqttSettings.prefault({}),
  fleet: z.record(slug, group).refine((groups) => Object.keys(groups).length > 0, {
    message: 'a fleet needs at least one group',
    params: { hint: 'write for example fleet: { pumps: { devices: 5 } }' },
  }),
  arrival: arrival.prefault({ rate: '50/s' }),
  duration: positiveDurationMs.describe('how long the fleet behaves as described'),
  settle: durationMs
    .prefault('2s')
    .describe('time after the duration in which faults are off and the fleet must become quiet'),
  limits: z
    .strictObject({
      connectsPerClientId: ratePerSecond
        .optional()
        .describe('connects per client ID that are let through; AWS IoT Core: 1/s'),
      connectTimeout: positiveDurationMs.prefault('10s'),
      latenessP99: durationMs
        .prefault('500ms')
        .describe('above this lateness of our own connects the run is inconclusive'),
      eventLoopDelayP99: durationMs
        .optional()
        .describe('above this delay of our own event loop it is, too; latenessP99 by default'),
      gcShare: fraction
        .prefault('30%')
        .describe('share of the time that our own garbage collection may take'),
      cpuShare: fraction
        .prefault('98%')
        .describe('share of one core that each process of ours may take'),
      workerMemoryMiB: z
        .int()
        .min(1)
        .optional()
        .describe('MiB that each process of ours may take; no limit by default'),
      clockDrift: durationMs
        .prefault('100ms')
        .describe("how far another machine's clock may move during a run"),
    })
    .prefault({}),
  audit: z
    .strictObject({
      checks: z
        .union([z.literal('all'), z.array(z.enum(CONNECTION_CHECK_IDS)).min(1)])
        .default('all'),
      window: z
        .enum(['run', 'on-demand'])
        .default('run')
        .describe('run: the whole history; on-demand: 31 days, as AWS does'),
    })
    .prefault({}),
  broker: z
    .strictObject({ rules: brokerRules })
    .optional()
    .describe('what the broker has to enforce besides its configuration'),
  fixes: z.record(slug, namedFix).default({}),
  expect: z
    .strictObject({
      ...outcome,
      after: z
        .record(slug, z.strictObject(outcome))
        .default({})
        .describe('expectations for the run with a fix of the same name'),
    })
    .prefault({}),
  targets: z
    .array(z.string().min(1))
    .default([])
    .describe('hosts other than loopback that this scenario may be run against'),
});

/** A scenario as it reads after validation: durations in ms, rates per second, defaults filled in. */
export type Scenario = z.output<typeof scenarioSchema>;
export type FindingPattern = z.output<typeof findingPattern>;
export type ExpectedOutcome = z.output<z.ZodObject<typeof outcome>>;

/** JSON Schema (draft 2020-12) of the scenario file, for editors. */
export function scenarioJsonSchema(): object {
  return {
    $id: 'urn:doppelfleet:scenario:1',
    title: 'doppelfleet scenario',
    ...z.toJSONSchema(scenarioSchema, { io: 'input', target: 'draft-2020-12' }),
    // Left to the author, for anchors.
    patternProperties: { '^x-': {} },
  };
}
