/**
 * The matrix file: which scenarios are tried on which configurations, and which pairs of
 * configurations must differ. The zod type is the source of the types and of the JSON Schema.
 */
import { z } from 'zod';
import { BROKERS, type BrokerId } from '../broker/registry.ts';
import type { MqttVersion } from '../core/ids.ts';
import { slug } from '../scenario/group-schema.ts';

const brokerIds = Object.keys(BROKERS) as [BrokerId, ...BrokerId[]];

// YAML reads a bare 5 as a number.
const version = z
  .union([z.enum(['3.1.1', '5']), z.literal(5).transform((): MqttVersion => '5')])
  .describe('an MQTT version');

const configurationEntry = z
  .union([
    z.string().min(1),
    z.strictObject({
      file: z.string().min(1).describe('path of the file, relative to this one'),
      broker: z.enum(brokerIds).optional().describe('the name of its folder by default'),
      name: z
        .string()
        .max(64)
        .regex(/^[A-Za-z0-9][\w.-]*$/, 'write letters, digits, full stops, hyphens and underscores')
        .optional()
        .describe('as tables show it'),
    }),
  ])
  .describe('a file, or a folder with all in it; relative to this file');

const side = z
  .union([
    z.string().min(1),
    z.strictObject({
      configuration: z.string().min(1),
      scenario: z.string().min(1).optional().describe('instead of the scenario of the pair'),
    }),
  ])
  .describe('a configuration as <broker>/<name>, or a file');

const pair = z
  .strictObject({
    requirement: z.string().min(1).max(40).describe('what it is about, such as R1'),
    title: z.string().min(1).max(200),
    scenario: z.string().min(1).optional(),
    secure: side,
    insecure: side,
    versions: z.array(version).min(1).optional(),
  })
  .describe('it holds if the secure side is met and the insecure one unmet');

export const matrixSchema = z.strictObject({
  name: slug,
  versions: z.array(version).min(1).default(['3.1.1', '5']),
  configurations: z.array(configurationEntry).default([]),
  scenarios: z
    .array(z.string().min(1))
    .default([])
    .describe('names of built-in scenarios, with :<variant> if wanted, or files'),
  pairs: z.array(pair).default([]),
});

export type MatrixFile = z.output<typeof matrixSchema>;
export type ConfigurationEntry = z.output<typeof configurationEntry>;
export type PairEntry = z.output<typeof pair>;

/** JSON Schema (draft 2020-12) of the matrix file, for editors. */
export function matrixJsonSchema(): object {
  return {
    $id: 'urn:doppelfleet:matrix:1',
    title: 'doppelfleet matrix',
    ...z.toJSONSchema(matrixSchema, { io: 'input', target: 'draft-2020-12' }),
    // Left to the author, for anchors.
    patternProperties: { '^x-': {} },
  };
}
