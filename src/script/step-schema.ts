/**
 * The steps of a script. In the file a step is a map with one verb, what is expected of it, and, if
 * the script is about it, the risk. Read, it is a plain object that names its verb.
 */
import { z } from 'zod';
import { positiveDurationMs } from '../behaviour/units.ts';
import { filterProblem, topicProblem } from '../scenario/template.ts';
import { clientName, mqttText } from './client-schema.ts';

const qos = z.union([z.literal(0), z.literal(1)]).default(0);
const within = positiveDurationMs.optional().describe('how long it is waited for; 5s by default');

function checked(problemOf: (text: string) => { message: string } | undefined) {
  return mqttText.min(1).superRefine((text, context) => {
    const problem = problemOf(text);
    if (problem) context.addIssue({ code: 'custom', ...problem });
  });
}

const VERBS = {
  connect: clientName.describe('this client connects'),
  disconnect: clientName.describe('this client sends DISCONNECT'),
  drop: clientName.describe('this client resets its connection'),
  subscribe: z.strictObject({ client: clientName, filter: checked(filterProblem), qos }),
  publish: z.strictObject({
    client: clientName,
    topic: checked(topicProblem),
    payload: mqttText.min(1),
    qos,
    retain: z.boolean().default(false),
  }),
  receive: z.strictObject({ client: clientName, payload: mqttText.min(1), within }),
  session: z.strictObject({
    client: clientName,
    is: z.enum(['open', 'closed']),
    within,
    notice: z.boolean().optional().describe('told by DISCONNECT 0x8E (MQTT 5.0 §3.14.2.1), or not'),
  }),
  duel: z.strictObject({
    clients: z.tuple([clientName, clientName]).describe('each comes back when it is evicted'),
    for: positiveDurationMs.refine((ms) => ms <= 60_000, 'a duel lasts at most 1m'),
    accepted: z.int().min(2).max(10_000).describe('at most so many connects may be accepted'),
  }),
  broker: z
    .strictObject({
      revoke: z.array(clientName).min(1).optional().describe('put on the revocation list'),
      remove: z.array(clientName).min(1).optional().describe('taken off the list of users'),
      crl: z
        .enum(['current', 'corrupt', 'missing', 'stale'])
        .optional()
        .describe('the state of the revocation list; stale: past its next update'),
      authorities: z
        .array(z.enum(['default', 'new']))
        .min(1)
        .optional()
        .describe('authorities of devices that the broker trusts from now on'),
      badLine: z
        .literal(true)
        .optional()
        .describe('a bad line in the access list, or without one in the configuration'),
      reload: z.boolean().default(true).describe('whether the broker is told'),
    })
    .describe('files change under the broker'),
  evidence: z.strictObject({
    of: clientName,
    holds: z.enum(['connected', 'closed', 'session-taken-over']),
  }),
  wait: positiveDurationMs.refine((ms) => ms <= 60_000, 'a script waits at most 1m at a time'),
} as const;

export type Verb = keyof typeof VERBS | 'repeat';

const ANSWERS = ['accepted', 'refused', 'any'] as const;
const expectation = z.union([
  z.enum([...ANSWERS, 'delivered', 'nothing']),
  z.strictObject({
    answer: z.enum(ANSWERS).default('accepted'),
    sessionPresent: z.boolean().optional(),
    serverKeepAlive: z.boolean().optional().describe('CONNACK limits the keep-alive'),
    assignedClientId: z.boolean().optional().describe('CONNACK names another client ID'),
  }),
]);

/** What may be expected of a verb; of the others nothing but that they are done. */
const EXPECTED: Readonly<Partial<Record<Verb, readonly string[]>>> = {
  connect: ANSWERS,
  subscribe: ['any'],
  publish: ['any'],
  receive: ['delivered', 'nothing'],
};

const MODIFIERS = {
  expect: expectation.optional(),
  risk: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('what it means if this is not so; without one the step is a positive control'),
  within,
  resume: clientName.optional().describe('the client whose TLS session ticket is presented'),
  before: z.enum(['tls', 'connect']).optional().describe('stops there, and stays silent'),
  when: z
    .strictObject({ mqtt: z.enum(['3.1.1', '5']) })
    .optional()
    .describe('only in this MQTT version'),
} as const;

const verbShape = Object.fromEntries(
  Object.entries(VERBS).map(([verb, type]) => [verb, type.optional()]),
) as { [V in keyof typeof VERBS]: z.ZodOptional<(typeof VERBS)[V]> };

const plainStep = z.strictObject({ ...verbShape, ...MODIFIERS }).superRefine(checkStep);

const repeated = z.strictObject({
  times: z.int().min(1).max(1000),
  steps: z.array(plainStep).min(1, 'write at least one step').max(20),
});

export const step = z
  .strictObject({ ...verbShape, repeat: repeated.optional(), ...MODIFIERS })
  .superRefine(checkStep)
  .describe('one verb; with a risk it is what the script is about, without one a control');

type StepInput = z.output<typeof plainStep> & { readonly repeat?: unknown };

/** A step as a reader of the file means it. */
export type Step = z.output<typeof step>;

/** The verb of a step that was validated. */
export function verbOf(given: Step | z.output<typeof plainStep>): Verb {
  const verb = [...Object.keys(VERBS), 'repeat'].find((key) => Object.hasOwn(given, key));
  if (verb === undefined) throw new Error('internal error: a step without a verb');
  return verb as Verb;
}

type Add = (path: readonly string[], message: string, hint: string) => void;

function checkStep(given: StepInput, context: z.RefinementCtx): void {
  const verbs = [...Object.keys(VERBS), 'repeat'].filter((key) => Object.hasOwn(given, key));
  const add: Add = (path, message, hint) => {
    context.addIssue({ code: 'custom', path: [...path], message, params: { hint } });
  };
  const [verb] = verbs as Verb[];
  if (verb === undefined || verbs.length > 1) {
    // A verb that was misspelt is told already.
    const misspelt = context.issues.some(({ code }) => code === 'unrecognized_keys');
    if (verb === undefined && misspelt) return;
    const found = verbs.length === 0 ? 'no verb' : `several verbs: ${verbs.join(', ')}`;
    add([], `a step has exactly one verb, this one has ${found}`, 'write one of them in each step');
    return;
  }
  checkExpected(given, verb, add);
  checkUnheeded(given, add);
  if (verb === 'repeat' && given.risk !== undefined) {
    add(['risk'], 'a repetition as a whole has no risk', 'write it beside one of its steps');
  }
  for (const key of ['within', 'resume', 'before'] as const) {
    if (given[key] !== undefined && verb !== 'connect') {
      add([key], `${key} belongs to a connect`, 'move or remove it');
    }
  }
}

function checkExpected({ expect, risk }: StepInput, verb: Verb, add: Add): void {
  const allowed = EXPECTED[verb] ?? [];
  const word = typeof expect === 'object' ? expect.answer : expect;
  if (word !== undefined && !allowed.includes(word)) {
    const hint = allowed.length === 0 ? 'leave it out' : `write ${allowed.join(' or ')}`;
    add(['expect'], `"${word}" can't be expected of ${verb}`, hint);
  } else if (typeof expect === 'object' && verb !== 'connect') {
    add(['expect'], `only a connect has an answer, not ${verb}`, 'write a plain word');
  }
  if (word === 'any' && risk !== undefined) {
    add(['risk'], 'whatever happens is expected here, so that nothing is at risk', 'leave it out');
  }
  if (typeof expect !== 'object' || expect.answer === 'accepted') return;
  const asked = Object.keys(expect).find((key) => key !== 'answer');
  if (asked !== undefined) {
    add(['expect', asked], 'only a client that must be accepted is told this', 'remove it');
  }
}

/** What would be read and then not heeded is a mistake. */
function checkUnheeded({ session, receive, broker, expect }: StepInput, add: Add): void {
  for (const key of ['within', 'notice'] as const) {
    if (session?.is === 'open' && session[key] !== undefined) {
      add(['session', key], `${key} belongs to a session that closes`, 'remove it');
    }
  }
  if (receive?.within !== undefined && expect === 'nothing') {
    const hint = 'remove it; a wait is a step of its own';
    add(['receive', 'within'], 'a message that was let through has come by then', hint);
  }
  if (broker !== undefined && !broker.reload && Object.keys(broker).length === 1) {
    add(['broker'], 'nothing changes here', 'say what changes, or reload');
  }
}
