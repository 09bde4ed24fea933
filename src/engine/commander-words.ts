/**
 * What a commander says, read as hostile input: it decides what a machine connects to, and so
 * nothing of it is taken on trust. What devices do is made of numbers and texts that can only fail.
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import { KEEP_ALIVE_SECONDS_MAX, MQTT_STRING_LENGTH_MAX } from '../core/limits.ts';
import type { FleetPlan } from '../scenario/plan.ts';
import type { ToWorker } from '../shards/protocol.ts';

/** A commander's messages, and what only an engine between machines has to say besides. */
export type CommanderWords =
  | ToWorker
  /** The worker is not needed any more: it drops what it has and takes another job. */
  | { readonly type: 'dismiss'; readonly message: string };

const HOST = /^[a-z0-9_]([a-z0-9_.-]{0,252}[a-z0-9_])?$/i;
const TIMEOUT_MS_MAX = 600_000;

const name = z.string().max(1_024);
const text = z.string().max(MQTT_STRING_LENGTH_MAX);
const pem = z.string().max(1024 * 1024);
const ms = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const time = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const isHost = (host: string): boolean => HOST.test(host) || isIP(host) !== 0;

const endpoint = z.strictObject({
  host: z.string().refine(isHost, 'not a host'),
  port: z.number().int().min(1).max(65_535),
  caPem: pem,
  serverName: z.string().refine(isHost, 'not a name').optional(),
  alpnProtocols: z.array(z.string().min(1).max(255)).max(16).optional(),
  transport: z.enum(['tls', 'tcp']).optional(),
});

const routes = z.strictObject({
  endpoints: z.tuple([endpoint], endpoint),
  sourceAddresses: z.array(z.string().refine((one) => isIP(one) !== 0, 'not an address')),
});

const credential = z.strictObject({
  name,
  thingName: name,
  certificateId: z.string().regex(/^[0-9a-f]{64}$/),
  serialNumber: z.string().max(128),
  certificatePem: pem,
  privateKeyPem: pem,
});

const clientId = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('literal'), value: text }),
  z.strictObject({ kind: z.literal('uuid-v4-per-connect'), device: name }),
  z.strictObject({ kind: z.literal('uuid-v5'), of: z.enum(['serial', 'certificate']) }),
]);

const device = z.looseObject({
  name,
  group: name,
  n: z.number().int().min(1),
  certificates: z.array(name).min(1),
  clientId,
  arrivesAtMs: ms,
  random: z.number().int().min(0).max(0xffff_ffff),
  retiresOnHeal: z.boolean(),
});

const messages = z.looseObject({ every: ms, qos: z.number().optional() });
const group = z.looseObject({
  name,
  devices: z.number().int().min(0),
  behaviour: z.looseObject({
    kind: z.enum(['steady', 'flapping', 'leaving', 'rotating']),
    period: ms.optional(),
  }),
  reconnect: z.looseObject({ policy: z.enum(['none', 'fixed', 'exponential']) }),
  mqtt: z.strictObject({
    protocolVersion: z.union([z.literal(4), z.literal(5)]),
    keepAliveSeconds: z.number().int().min(0).max(KEEP_ALIVE_SECONDS_MAX),
    cleanStart: z.boolean(),
    sessionExpirySeconds: z.number().int().min(0).max(0xffff_ffff),
    tls: z.enum(['1.2', '1.3']),
  }),
  publish: messages.optional(),
});

const plan = z.looseObject({
  planVersion: z.literal(1),
  scenario: name,
  durationMs: ms,
  settleMs: ms,
  limits: z.looseObject({ connectTimeoutMs: ms.min(1) }),
  groups: z.array(group),
  certificates: z.array(z.looseObject({ name })),
  devices: z.array(device),
});

const words = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('prepare'),
    order: z.strictObject({
      shard: z.number().int().min(1),
      plan,
      credentials: z.array(credential),
      routes,
    }),
  }),
  z.strictObject({ type: z.literal('ping'), sentAt: time }),
  z.strictObject({ type: z.literal('start'), at: time }),
  z.strictObject({ type: z.literal('heal') }),
  z.strictObject({ type: z.literal('pause') }),
  z.strictObject({ type: z.literal('resume') }),
  z.strictObject({ type: z.literal('end-messages') }),
  z.strictObject({ type: z.literal('stop'), timeoutMs: ms.max(TIMEOUT_MS_MAX) }),
  z.strictObject({ type: z.literal('dismiss'), message: z.string().max(4_096) }),
]);

/** Throws an `Error` with one sentence. */
export function commanderWords(value: unknown): CommanderWords {
  const { success, data, error } = words.safeParse(value);
  if (!success) {
    const [issue] = error.issues;
    throw new Error(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a message'}`);
  }
  const said = data as unknown as CommanderWords;
  if (said.type === 'prepare') checkReferences(said.order.plan, said.order.credentials);
  return said;
}

/** Every device names a group and certificates that are there. */
function checkReferences(
  { devices, groups }: FleetPlan,
  credentials: readonly { readonly name: string }[],
): void {
  const groupNames = new Set(groups.map((one) => one.name));
  const names = new Set(credentials.map((one) => one.name));
  for (const one of devices) {
    const complete = groupNames.has(one.group) && one.certificates.every((own) => names.has(own));
    if (!complete) throw new Error('a device lacks its group or a certificate');
  }
}
