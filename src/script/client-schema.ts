/**
 * The clients of a script: what each shows of itself when it connects. Zod types; what the file
 * leaves out has its default here.
 */
import { z } from 'zod';
import { durationMs, positiveDurationMs } from '../behaviour/units.ts';
import { keepAliveSeconds } from '../scenario/group-schema.ts';
import { textProblem } from '../scenario/template.ts';

/** Name of a client in a script; its common name, too, unless it says otherwise. */
export const clientName = z
  .string()
  .max(32)
  .regex(/^[a-z][a-z0-9-]*$/, 'write lower-case letters, digits and hyphens, such as owner');

/** A text that goes over the wire as an MQTT string (MQTT 5.0 §1.5.4). */
export const mqttText = z
  .string()
  .max(1024)
  .superRefine((text, context) => {
    const problem = textProblem(text);
    if (problem) context.addIssue({ code: 'custom', ...problem });
  });

const sameAs = z.strictObject({ sameAs: clientName.describe('the client whose it is') });

const certificate = z
  .union([
    z.enum(['valid', 'none', 'expired', 'not-yet-valid', 'other-authority', 'new-authority']),
    z.strictObject({
      validFor: positiveDurationMs.describe('a certificate that expires so long after the start'),
    }),
    sameAs,
  ])
  .describe('of the fleet’s authority unless it says otherwise; new-authority: its successor');

export const scriptClient = z.strictObject({
  description: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('who it is, for risks that name it as {{client}}; its name by default'),
  certificate: certificate.default('valid'),
  commonName: z.string().min(1).max(64).optional().describe('the name of the client by default'),
  clientId: z
    .union([mqttText, sameAs])
    .optional()
    .describe('the name of the client by default; may be empty'),
  username: mqttText.optional(),
  password: mqttText.optional(),
  cleanStart: z.boolean().default(true).describe('Clean Start, in MQTT 3.1.1 Clean Session'),
  sessionExpiry: durationMs
    .prefault('0s')
    .describe('Session Expiry Interval (MQTT 5.0 §3.1.2.11.2)'),
  keepAlive: keepAliveSeconds.prefault('60s').describe('0s switches keep-alive off'),
  tls: z.enum(['1.2', '1.3']).optional().describe('the only TLS version that it offers'),
});

export type ScriptClient = z.output<typeof scriptClient>;
