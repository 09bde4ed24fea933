/**
 * The part of a scenario file that describes a group of devices: identity, behaviour, connection
 * settings, messages. Zod types; what a reader of the file may leave out has its default here.
 */
import { z } from 'zod';
import { DEFAULT_RECONNECT, reconnectParams } from '../behaviour/reconnect.ts';
import { behaviourParams, plainBehaviourIds } from '../behaviour/registry.ts';
import { durationMs, positiveDurationMs, ratePerSecond } from '../behaviour/units.ts';
import { GROUP_DEVICES_MAX, KEEP_ALIVE_SECONDS_MAX, TEMPLATE_LENGTH_MAX } from '../core/limits.ts';
import {
  DEVICE_VARIABLES,
  filterProblem,
  MESSAGE_VARIABLES,
  type TextProblem,
  templateProblem,
  textProblem,
  topicProblem,
} from './template.ts';

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

export const slug = z
  .string()
  .max(64)
  .regex(NAME, 'write lower-case letters, digits and single hyphens, such as cloned-client-ids');

/** A template for a text that goes over the wire as an MQTT string, with the rules for its kind. */
function template(
  known: readonly string[],
  ...rules: readonly ((text: string) => TextProblem | undefined)[]
) {
  return z
    .string()
    .min(1)
    .max(TEMPLATE_LENGTH_MAX)
    .superRefine((text, context) => {
      for (const rule of [textProblem, ...rules]) {
        const problem = rule(text);
        if (problem) context.addIssue({ code: 'custom', ...problem });
      }
      const problem = templateProblem(text, known);
      if (problem) context.addIssue({ code: 'custom', ...problem });
    });
}

export const keepAliveSeconds = durationMs
  .transform((ms) => ms / 1000)
  .refine((seconds) => Number.isInteger(seconds) && seconds <= KEEP_ALIVE_SECONDS_MAX, {
    message: 'the keep-alive is not a whole number of seconds that two bytes hold',
    params: { hint: `write whole seconds up to ${KEEP_ALIVE_SECONDS_MAX}s, such as 30s` },
  });

const mqttShape = {
  version: z
    .union([z.enum(['3.1.1', '5']), z.literal(5)])
    .transform((version) => (version === '3.1.1' ? ('3.1.1' as const) : ('5' as const)))
    .describe('MQTT version'),
  keepAlive: keepAliveSeconds.describe('0s switches keep-alive off'),
  cleanStart: z.boolean().describe('Clean Start, in MQTT 3.1.1 Clean Session'),
  sessionExpiry: durationMs.describe('Session Expiry Interval (MQTT 5.0 §3.1.2.11.2)'),
  tls: z.enum(['1.2', '1.3']).describe('TLS version, no other is offered'),
};

/** Connection settings of the whole fleet, with their defaults. */
export const mqttSettings = z.strictObject({
  version: mqttShape.version.prefault('5'),
  keepAlive: mqttShape.keepAlive.prefault('60s'),
  cleanStart: mqttShape.cleanStart.default(true),
  sessionExpiry: mqttShape.sessionExpiry.prefault('0s'),
  tls: mqttShape.tls.default('1.3'),
});

const certificate = z
  .union([
    z.enum(['unique', 'shared']),
    z.strictObject({ shared: z.int().min(2).describe('devices per certificate') }),
    z.strictObject({ sameAs: slug.describe('the group whose certificates are used') }),
  ])
  .describe('one each, one for all, one for every k devices, or those of another group');

export const UUID_KINDS = [
  'v4-per-connect',
  'v4-kept',
  'v5-thing-name',
  'v5-serial',
  'v5-certificate',
] as const;

const clientId = z
  .union([
    template(DEVICE_VARIABLES),
    z.strictObject({ uuid: z.enum(UUID_KINDS) }),
    z.strictObject({
      shared: z.int().min(2).describe('devices per client ID'),
      template: template(DEVICE_VARIABLES).default('{{group}}-shared-{{n}}'),
    }),
    z.strictObject({ sameAs: slug.describe('the group whose client IDs are used') }),
  ])
  .describe('a template, a kind of UUID, one for every k devices, or those of another group');

const identity = z
  .union([
    z.strictObject({
      certificate: certificate.default('unique'),
      clientId: clientId.default('{{thingName}}'),
      keyType: z.enum(['P-256', 'P-384', 'RSA-2048', 'RSA-3072']).default('P-256'),
    }),
    z.strictObject({
      cloneOf: slug.describe('the group whose certificates and client IDs are used'),
    }),
  ])
  .describe('who the devices claim to be');

const qos = z.union([z.literal(0), z.literal(1)]).default(0);

const publish = z.strictObject({
  every: positiveDurationMs,
  topic: template(MESSAGE_VARIABLES, topicProblem).default('fleet/{{thingName}}/telemetry'),
  payload: template(MESSAGE_VARIABLES).default('{"seq":{{seq}},"at":{{at}}}'),
  qos,
});

const subscribe = z.strictObject({ filter: template(DEVICE_VARIABLES, filterProblem), qos });

const will = z.strictObject({
  topic: template(DEVICE_VARIABLES, topicProblem),
  payload: template(DEVICE_VARIABLES).default('offline'),
  qos,
  retain: z.boolean().default(false),
});

export const arrival = z
  .strictObject({
    start: durationMs.prefault('0s').describe('time of the run at which the first device comes'),
    rate: ratePerSecond.optional().describe('devices per second, evenly spaced'),
    storm: durationMs.optional().describe('all devices at random within this time'),
    staggered: durationMs.optional().describe('all devices evenly spread over this time'),
  })
  .refine(
    (given) =>
      [given.rate, given.storm, given.staggered].filter((one) => one !== undefined).length === 1,
    {
      message: 'an arrival has exactly one of rate, storm and staggered',
      params: { hint: 'write for example { rate: 50/s }, { storm: 2s } or { staggered: 10s }' },
    },
  )
  .describe('when devices connect for the first time: open model, a clock decides');

export type Arrival = z.output<typeof arrival>;

export const group = z.strictObject({
  devices: z.int().min(1, 'a group needs at least one device').max(GROUP_DEVICES_MAX),
  identity: identity.prefault({}),
  behaviour: z
    .union([z.enum(plainBehaviourIds).transform((kind) => ({ kind })), behaviourParams])
    .prefault('steady'),
  reconnect: reconnectParams.default(DEFAULT_RECONNECT),
  arrival: arrival.optional(),
  mqtt: z
    .strictObject(mqttShape)
    .partial()
    .optional()
    .describe('differences from the mqtt settings above'),
  publish: publish.optional(),
  subscribe: z.array(subscribe).max(16).optional(),
  will: will.optional(),
  enabled: z
    .boolean()
    .optional()
    .describe('false leaves its devices out; who takes an identity from it still gets it'),
});

export type Group = z.output<typeof group>;
export type MqttSettings = z.output<typeof mqttSettings>;
