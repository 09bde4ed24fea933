/**
 * What a worker says, read as hostile input: whatever is not a message of the protocol throws, and
 * costs the worker its place in the run, never the run.
 */
import { z } from 'zod';
import { MQTT_STRING_LENGTH_MAX } from '../core/limits.ts';
import type { TruthRecord } from '../fleet/session.ts';
import type { ObservedEvent } from '../history/event.ts';
import { eventProblem, isTimestamp } from '../history/validate-event.ts';
import type { FromWorker } from '../shards/protocol.ts';

/** A worker's messages, and what only an engine between machines has to say besides. */
export type WorkerWords =
  | FromWorker
  /** It goes, by its own choice. */
  | { readonly type: 'left'; readonly message: string }
  /** Its own rails forbid the order; nothing was sent to any broker. */
  | { readonly type: 'refused'; readonly message: string };

const COUNT_MAX = 1e12;
const LIST_MAX = 1_000_000;
/** A histogram in its compressed form has at most some thousand buckets. */
const HISTOGRAM_LENGTH_MAX = 256 * 1024;

const text = z.string().max(MQTT_STRING_LENGTH_MAX);
const name = z.string().max(1_024);
const count = z.number().int().min(-COUNT_MAX).max(COUNT_MAX);
const amount = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const time = z.number().refine((at) => isTimestamp(Math.round(at)), 'not a time');
const qos = z.union([z.literal(0), z.literal(1)]);

const events = z.array(
  z.custom<ObservedEvent>().superRefine((event: unknown, context) => {
    const problem = isObject(event) ? eventProblem(wholeTimes(event)) : 'no event';
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    else if ((event as ObservedEvent).vantage !== 'device') {
      context.addIssue({ code: 'custom', message: 'a worker sees with the eyes of devices' });
    }
  }),
);

const truth = z.array(
  z.strictObject({
    at: time,
    device: name,
    kind: z.enum(['connecting', 'abandoned']),
    sessionId: name,
    clientId: text,
    certificate: name,
  }) satisfies z.ZodType<TruthRecord>,
);

const subscriptions = z.array(z.strictObject({ filter: text, qos })).max(1_000);
/** JSON has no undefined within a list. */
const until = z.union([time, z.null().transform(() => undefined)]);

const ledger = z.array(
  z.union([
    z.tuple([z.literal('connected'), name, z.boolean(), time]),
    z.tuple([z.literal('subscribed'), name, subscriptions, time]),
    z.tuple([z.literal('ended'), name, z.enum(['own', 'other']), until, time]),
    z.tuple([z.literal('published'), text, z.string(), qos, time, time]),
    z.tuple([z.literal('received'), name, text, z.string(), time]),
  ]),
);

const histogram = z.strictObject({
  hdr: z.base64().max(HISTOGRAM_LENGTH_MAX),
  coarse: z
    .array(z.number().int().min(0).max(0xffff_ffff))
    .max(1_024)
    .transform((counts) => Uint32Array.from(counts)),
  count: amount,
  minMs: amount,
  maxMs: amount,
  sumMs: amount,
});

const tally = z.strictObject({
  counts: z
    .strictObject({
      attempted: count,
      accepted: count,
      failed: count,
      throttled: count,
      closed: count,
      connected: count,
      connecting: count,
      published: count,
      acknowledged: count,
      received: count,
      notSent: count,
      unanswered: count,
      givenUp: count,
    })
    .partial(),
  times: z
    .strictObject({
      latency: histogram,
      lateness: histogram,
      response: histogram,
      messageLateness: histogram,
      acknowledge: histogram,
    })
    .partial(),
  connectedByGroup: z.array(z.tuple([name, count])).max(LIST_MAX),
  failures: z.array(z.tuple([text, count])).max(LIST_MAX),
  arrived: z.array(name).max(LIST_MAX),
});

const health = z.strictObject({
  host: name,
  pid: amount,
  devices: amount,
  eventLoopDelayMs: z.strictObject({ p99: amount, max: amount }),
  garbageCollection: z.strictObject({ count: amount, totalMs: amount, maxMs: amount }),
  cpuMs: amount,
  wallMs: amount,
  residentBytesMax: amount,
  latenessP99Ms: amount.optional(),
});

const sentence = z.string().max(4_096);

const words = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('pong'), sentAt: time, at: time }),
  z.strictObject({
    type: z.literal('report'),
    knownTo: time,
    events,
    truth,
    ledger,
    tally,
    lastChangeAt: time,
    sessions: z.strictObject({ resumed: amount, lost: amount }),
    health,
  }),
  z.strictObject({ type: z.literal('ended-messages') }),
  z.strictObject({ type: z.literal('stopped') }),
  z.strictObject({ type: z.literal('failed'), message: sentence }),
  z.strictObject({ type: z.literal('left'), message: sentence }),
  z.strictObject({ type: z.literal('refused'), message: sentence }),
]);

/** What a shard may speak of. */
export interface ShardScope {
  readonly shard: number;
  /** Names of its devices. */
  readonly devices: ReadonlySet<string>;
}

/** Throws an `Error` with one sentence. */
export function workerWords(value: unknown, { shard, devices }: ShardScope): WorkerWords {
  const { success, data, error } = words.safeParse(value);
  if (!success) throw new Error(firstIssue(error));
  // Optional members are absent or there, never undefined: they come from JSON.
  const said = data as WorkerWords;
  if (said.type !== 'report') return said;
  const ofUs = `device-${shard}-`;
  if (said.events.some(({ sessionId }) => !sessionId.startsWith(ofUs))) {
    throw new Error('it told of a session of another shard');
  }
  const stranger =
    said.truth.some(({ device }) => !devices.has(device)) ||
    said.tally.arrived.some((device) => !devices.has(device));
  if (stranger) throw new Error('it told of a device of another shard');
  return said;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Until they are recorded, events keep the fractions of their milliseconds. */
function wholeTimes({ at, abandonedAt, ...rest }: Readonly<Record<string, unknown>>): object {
  return {
    ...rest,
    at: rounded(at),
    ...(abandonedAt === undefined ? {} : { abandonedAt: rounded(abandonedAt) }),
  };
}

function rounded(value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value) : value;
}

function firstIssue({ issues }: z.ZodError): string {
  const [issue] = issues;
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a message'}`;
}
