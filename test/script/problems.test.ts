/** What a wrong script file is answered with: place, path, what is wrong and what to write. */
import { describe, expect, it } from 'vitest';
import { formatProblem, UserError } from '../../src/core/errors.ts';
import { parseScript } from '../../src/script/load.ts';

/** Three lines; what a test adds begins at line 4. */
const HEAD = 'name: t\npurpose: p\nclients: { owner: {}, thief: {} }\n';
/** A right script of five lines, and then what is given at line 6. */
const RIGHT = `${HEAD}steps:\n  - { connect: owner, risk: r }\n`;

function problemsOf(text: string, variant?: string): readonly string[] {
  try {
    parseScript(text, 'f.yaml', variant);
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

const BEGIN = 'begin with name, purpose, clients and steps; the built-in scripts are examples';
const DURATION = 'write a duration with its unit, such as 500ms, 20s or 1m30s';

const TABLE: readonly (readonly [string, string, readonly string[]])[] = [
  ['nothing is wrong', RIGHT, []],
  ['it is empty', '', [`f.yaml:1:1: the file is empty — ${BEGIN}`]],
  ['it is a list', '- a\n', [`f.yaml:1:1: a script is a map of keys, this is a list — ${BEGIN}`]],
  [
    'a step has no verb, several, or one that is misspelt',
    `${HEAD}steps:\n  - {}\n  - conect: owner\n  - { connect: owner, drop: owner }\n`,
    [
      'f.yaml:5:5 steps.0: a step has exactly one verb, this one has no verb — write one of them in each step',
      'f.yaml:6:5 steps.1: unknown key "conect" — did you mean connect?',
      'f.yaml:7:5 steps.2: a step has exactly one verb, this one has several verbs: connect, drop — write one of them in each step',
    ],
  ],
  [
    'a topic, a filter and a QoS are none',
    `${HEAD}steps:\n  - subscribe: { client: thief, filter: "a/#/b", qos: 2 }\n  - publish: { client: owner, topic: a/+, payload: x }\n`,
    [
      'f.yaml:5:41 steps.0.subscribe.filter: a wildcard out of place — + fills a whole level, # fills the last one',
      'f.yaml:5:55 steps.0.subscribe.qos: 2 is not allowed here — write 0 or 1',
      'f.yaml:6:38 steps.1.publish.topic: a message has a topic without wildcards — remove + and #',
    ],
  ],
  [
    'a wait is no duration',
    `${HEAD}steps:\n  - wait: 5\n`,
    [`f.yaml:5:11 steps.0.wait: 5 is not allowed here — ${DURATION}`],
  ],
  [
    'what is expected does not go with the verb',
    `${HEAD}steps:\n  - receive: { client: owner, payload: x }\n    expect: accepted\n  - disconnect: owner\n    within: 3s\n`,
    [
      `f.yaml:6:13 steps.0.expect: "accepted" can't be expected of receive — write delivered or nothing`,
      'f.yaml:8:13 steps.1.within: within belongs to a connect — move or remove it',
    ],
  ],
  [
    'whatever happens is expected, and yet at risk',
    `${HEAD}steps:\n  - { connect: owner, expect: any, risk: r }\n`,
    [
      'f.yaml:5:42 steps.0.risk: whatever happens is expected here, so that nothing is at risk — leave it out',
    ],
  ],
  [
    'everybody may be refused, and nothing delivered to anybody',
    `${HEAD}steps:\n  - { connect: owner, when: { mqtt: '5' } }\n  - { connect: thief, expect: refused, risk: r }\n  - publish: { client: owner, topic: t, payload: x }\n  - { receive: { client: thief, payload: x }, expect: nothing, risk: r }\n`,
    [
      'f.yaml:6:5 steps.1: no step shows that anybody is let in — add a client that must be let in, or a broker that refuses everybody passes',
      'f.yaml:8:5 steps.3: no step shows that anything is delivered — add a receive of what must come, or a broker that delivers nothing passes',
    ],
  ],
  [
    'nothing is judged',
    `${HEAD}steps:\n  - connect: owner\n`,
    [
      'f.yaml:5:3 steps: no step has a risk, so that nothing is judged — write beside the step that matters what it means if it is not so',
    ],
  ],
  [
    'clients are named that there are not, wherever they stand',
    `${HEAD}steps:\n  - connect: ownr\n    resume: nobody\n    risk: r\n  - session: { client: a, is: open }\n  - duel: { clients: [owner, b], for: 1s, accepted: 3 }\n  - broker: { revoke: [c] }\n  - evidence: { of: d, holds: closed }\n  - repeat: { times: 2, steps: [{ drop: e }] }\n`,
    [
      'f.yaml:5:14 steps.0.connect: no client is named ownr — did you mean owner?',
      'f.yaml:6:13 steps.0.resume: no client is named nobody — the clients are owner, thief',
      'f.yaml:8:24 steps.1.session.client: no client is named a — the clients are owner, thief',
      'f.yaml:9:30 steps.2.duel.clients.1: no client is named b — the clients are owner, thief',
      'f.yaml:10:24 steps.3.broker.revoke.0: no client is named c — the clients are owner, thief',
      'f.yaml:11:21 steps.4.evidence.of: no client is named d — the clients are owner, thief',
      'f.yaml:12:41 steps.5.repeat.steps.0.drop: no client is named e — the clients are owner, thief',
    ],
  ],
  [
    'a client has what is the same as its own, or as another that has none',
    `name: t\npurpose: p\nclients:\n  a: { clientId: { sameAs: a } }\n  b: { certificate: { sameAs: c } }\n  c: { certificate: { sameAs: a } }\nsteps:\n  - { connect: a, risk: r }\n`,
    [
      'f.yaml:4:28 clients.a.clientId.sameAs: a has no client ID of its own to share — name the client that has it',
      'f.yaml:5:31 clients.b.certificate.sameAs: c has no certificate of its own to share — name the client that has it',
    ],
  ],
  [
    'more is repeated than may be',
    `${HEAD}steps:\n  - repeat: { times: 2000, steps: [{ connect: owner, risk: r }] }\n`,
    [
      'f.yaml:5:22 steps.0.repeat.times: must be at most 1000 — write a whole number from 1 to 1000',
    ],
  ],
];

describe('a script file in which', () => {
  it.each(TABLE)('%s', (_what, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });
});

describe('a variant', () => {
  const variants = (lines: string) => `${RIGHT}variants:\n${lines}`;

  it('is merged into the script map by map, and other values are replaced', () => {
    const text = variants('  v: { purpose: q, clients: { thief: { certificate: none } } }\n');
    const { script, variant, lines } = parseScript(text, 'f.yaml', 'v');
    expect(variant).toBe('v');
    expect(lines).toEqual([5]);
    expect(script.purpose).toBe('q');
    expect(script.clients.thief?.certificate).toBe('none');
    expect(script.clients.owner?.certificate).toBe('valid');
    expect(script.steps).toEqual(parseScript(text, 'f.yaml').script.steps);
    expect(parseScript(text, 'f.yaml').script.purpose).toBe('p');
  });

  it('has another digest than the script, which has the same for what means the same', () => {
    const text = variants('  v: { clients: { thief: { certificate: none } } }\n');
    const digest = parseScript(text, 'f.yaml').digest;
    expect(parseScript(text, 'f.yaml', 'v').digest).not.toBe(digest);
    expect(parseScript(`# a remark\n${text}`, 'g.yaml').digest).toBe(digest);
  });

  it('is wrong where it stands, whichever is wanted', () => {
    const text = variants('  v: { clients: { thief: { certificat: none } } }\n');
    expect(problemsOf(text)).toEqual([
      'f.yaml:7:28 variants.v.clients.thief: unknown key "certificat" — did you mean certificate?',
    ]);
  });

  it('is told by the nearest name if there is none of this one', () => {
    const text = variants('  ab: { purpose: q }\n');
    expect(problemsOf(text, 'abc')).toEqual(['t has no variant "abc" — did you mean t:ab?']);
    expect(problemsOf(RIGHT, 'abc')).toEqual([
      't has no variant "abc" — it has none; leave the colon and the name out',
    ]);
  });

  it('can be named like what every object has, and is not taken for it', () => {
    expect(problemsOf(RIGHT, 'constructor')).toHaveLength(1);
    const text = variants('  constructor: { clients: { constructor: {} } }\n');
    const { script } = parseScript(text, 'f.yaml', 'constructor');
    expect(Object.keys(script.clients)).toEqual(['owner', 'thief', 'constructor']);
  });
});
