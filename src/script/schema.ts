/**
 * The script file: a few clients, step by step, against one broker. This zod type is the single
 * source of the TypeScript types and of the JSON Schema for editors.
 */
import { z } from 'zod';
import { slug } from '../scenario/group-schema.ts';
import { clientName, scriptClient } from './client-schema.ts';
import { step } from './step-schema.ts';

/** More clients than this are a fleet. */
const CLIENTS_MAX = 64;
const STEPS_MAX = 100;

const differences = z
  .record(z.string(), z.unknown(), {
    error: ({ code }) =>
      code === 'invalid_type' ? 'write what differs, such as { clients: { … } }' : undefined,
  })
  .superRefine((changes, context) => {
    for (const key of ['name', 'variants'].filter((one) => Object.hasOwn(changes, one))) {
      const hint = 'remove it; the script has it';
      const message = `a variant has no ${key} of its own`;
      context.addIssue({ code: 'custom', path: [key], message, params: { hint } });
    }
  });

export const scriptSchema = z.strictObject({
  name: slug,
  purpose: z.string().min(1).describe('one sentence: which situation this is and why it matters'),
  source: z.string().optional().describe('where the situation comes from'),
  requirement: z.string().min(1).max(40).optional().describe('what it is about, such as R9'),
  clients: z
    .record(clientName, scriptClient)
    .refine((clients) => Object.keys(clients).length > 0, 'a script needs at least one client')
    .refine(
      (clients) => Object.keys(clients).length <= CLIENTS_MAX,
      `a script has at most ${CLIENTS_MAX} clients`,
    ),
  steps: z.array(step).min(1, 'write at least one step').max(STEPS_MAX),
  variants: z
    .record(slug, differences)
    .default({})
    .describe('the same script with differences: maps are merged, other values replaced'),
  targets: z
    .array(z.string().min(1))
    .default([])
    .describe('hosts other than loopback that this script may be run against'),
});

/** A script as it reads after validation: durations in ms, defaults filled in. */
export type Script = z.output<typeof scriptSchema>;

/** JSON Schema (draft 2020-12) of the script file, for editors. */
export function scriptJsonSchema(): object {
  return {
    $id: 'urn:doppelfleet:script:1',
    title: 'doppelfleet script',
    ...z.toJSONSchema(scriptSchema, { io: 'input', target: 'draft-2020-12' }),
    // Left to the author, for anchors.
    patternProperties: { '^x-': {} },
  };
}
