/** Steps as sentences: one for every verb, with what is expected of it. */
import { describe, expect, it } from 'vitest';
import { clientsInRisk, describeStep, riskWords } from '../../src/script/describe.ts';
import { builtInScripts, parseScript } from '../../src/script/load.ts';
import { loadAnyScenario } from '../../src/script/load-any.ts';
import { scriptSchema } from '../../src/script/schema.ts';
import { VERB_ACTIONS } from '../../src/script/verbs/registry.ts';

/** The sentence of a step as it stands in a file. */
function sentenceOf(step: string): string {
  const head = 'name: t\npurpose: p\nclients: { a: {}, b: {} }\nsteps:\n';
  const sent = '  - publish: { client: a, topic: x, payload: "m\\e[31m" }\n';
  const text = `${head}${sent}  - ${step}\n  - { connect: a, risk: r }\n`;
  const described = parseScript(text, 't.yaml').script.steps.map(describeStep)[1];
  return described ?? '';
}

const SENTENCES: readonly (readonly [string, string])[] = [
  ['connect: a', 'a connects'],
  ['{ connect: a, expect: refused }', 'a is refused'],
  ['{ connect: a, expect: any }', 'a tries to connect'],
  ['{ connect: a, expect: refused, resume: b }', 'a is refused with the TLS session ticket of b'],
  ['{ connect: a, before: tls }', 'a opens TCP and is silent'],
  ['{ connect: a, before: connect }', 'a opens TLS and is silent'],
  [
    '{ connect: a, expect: { sessionPresent: true, serverKeepAlive: false } }',
    'a connects, and its session was kept and its keep-alive is not limited',
  ],
  ['{ connect: a, expect: { assignedClientId: true } }', 'a connects, and the broker names it'],
  ['disconnect: a', 'a disconnects'],
  ['drop: a', 'a resets its connection'],
  ['subscribe: { client: a, filter: "x/#" }', 'a subscribes to x/#'],
  ['publish: { client: a, topic: x/y, payload: p }', 'a publishes "p" to x/y'],
  ['receive: { client: b, payload: "m\\e[31m" }', 'b receives "m\\x1b[31m"'],
  [
    '{ receive: { client: b, payload: "m\\e[31m" }, expect: nothing }',
    'b does not receive "m\\x1b[31m"',
  ],
  ['session: { client: a, is: open }', 'the session of a is open'],
  [
    'session: { client: a, is: closed, notice: true }',
    'the session of a is closed, told by DISCONNECT 0x8E',
  ],
  ['session: { client: a, is: closed, notice: false }', 'the session of a is closed, not told why'],
  [
    'duel: { clients: [a, b], for: 4s, accepted: 16 }',
    'a and b evict each other for 4s, with at most 16 connects accepted',
  ],
  ['broker: { revoke: [a, b] }', 'a, b revoked; the broker is reloaded'],
  [
    'broker: { crl: stale, badLine: true, reload: false }',
    'the revocation list stale, a bad line in the access list; the broker is not told',
  ],
  ['broker: {}', 'the broker is reloaded'],
  [
    'broker: { remove: [a], authorities: [default, new] }',
    'a taken off the list of users, trusted: default and new authority; the broker is reloaded',
  ],
  ['evidence: { of: a, holds: closed }', "the broker's records of a say closed"],
  ['wait: 1500ms', '1.5s pass'],
  [
    'repeat: { times: 3, steps: [{ connect: a }, { drop: a }] }',
    '3 times: a connects, a resets its connection',
  ],
];

describe('a step reads', () => {
  it.each(SENTENCES)('%s', (step, sentence) => {
    expect(sentenceOf(step)).toBe(sentence);
  });

  it('as a sentence whatever its verb', () => {
    const told = SENTENCES.map(([step]) => /^\{? ?(\w+)/.exec(step)?.[1] ?? '');
    expect(new Set(told)).toEqual(new Set([...Object.keys(VERB_ACTIONS), 'repeat']));
  });

  it('in every built-in script and variant, without a client that is missing in a risk', async () => {
    for (const name of await builtInScripts()) {
      const loaded = await loadAnyScenario(name);
      if (loaded.kind !== 'script') throw new Error(`${name} is no script`);
      const { variants } = loaded.script.script;
      for (const variant of ['', ...Object.keys(variants).map((one) => `:${one}`)]) {
        const one = await loadAnyScenario(`${name}${variant}`);
        if (one.kind !== 'script') throw new Error(`${name} is no script`);
        for (const step of one.script.script.steps) {
          expect(describeStep(step)).not.toMatch(/undefined|\{\{/);
        }
      }
    }
  });
});

describe('a risk', () => {
  const { clients } = scriptSchema.parse({
    name: 't',
    purpose: 'p',
    clients: { a: { description: 'a thief' }, b: {} },
    steps: [{ connect: 'a', risk: 'r' }],
  });

  it('names a client by who it is, else by its name', () => {
    expect(riskWords('{{a}} robs {{ b }}', { clients })).toBe('a thief robs b');
    expect(clientsInRisk('{{a}} robs {{ b }} and {{c}}')).toEqual(['a', 'b', 'c']);
  });

  it('that names no client is told with the clients that there are', () => {
    const text =
      'name: t\npurpose: p\nclients: { a: {} }\nsteps: [{ connect: a, risk: "{{z}}" }]\n';
    expect(() => parseScript(text, 't.yaml')).toThrow('no client is named z');
  });
});
