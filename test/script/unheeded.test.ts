/** What a script would say in vain is a mistake, told with its place; and what a variant may be. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatProblem, UserError } from '../../src/core/errors.ts';
import { SCENARIO_BYTES_MAX } from '../../src/core/limits.ts';
import { loadScriptFile, parseScript } from '../../src/script/load.ts';
import { splitVariant } from '../../src/script/load-any.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const HEAD = 'name: t\npurpose: p\nclients: { owner: {}, thief: {} }\nsteps:\n';
const RIGHT = `${HEAD}  - { connect: owner, risk: r }\n`;
const SENT = '  - publish: { client: owner, topic: a, payload: genuine }\n';

function problemsOf(text: string): readonly string[] {
  try {
    parseScript(text, 'f.yaml');
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

const TABLE: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'a payload that nobody has published by then, which would be met every time',
    `${HEAD}  - receive: { client: thief, payload: genuin }\n    expect: nothing\n    risk: r\n${SENT}  - receive: { client: thief, payload: genuin }\n  - repeat: { times: 2, steps: [{ receive: { client: thief, payload: forged } }] }\n`,
    [
      'f.yaml:5:40 steps.0.receive.payload: no step before this one publishes "genuin" — publish it first, or nobody can tell whether it would have come',
      'f.yaml:9:40 steps.2.receive.payload: no step before this one publishes "genuin" — did you mean genuine?',
      'f.yaml:10:70 steps.3.repeat.steps.0.receive.payload: no step before this one publishes "forged" — publish it first, or nobody can tell whether it would have come',
    ],
  ],
  [
    'a time to wait for nothing',
    `${HEAD}${SENT}  - receive: { client: thief, payload: genuine, within: 1s }\n    expect: nothing\n    risk: r\n`,
    [
      'f.yaml:6:57 steps.1.receive.within: a message that was let through has come by then — remove it; a wait is a step of its own',
    ],
  ],
  [
    'how an open session closes',
    `${HEAD}  - session: { client: owner, is: open, within: 1s, notice: true }\n    risk: r\n`,
    [
      'f.yaml:5:49 steps.0.session.within: within belongs to a session that closes — remove it',
      'f.yaml:5:61 steps.0.session.notice: notice belongs to a session that closes — remove it',
    ],
  ],
  [
    'what CONNACK tells a client that is refused',
    `${HEAD}  - connect: owner\n    expect: { answer: refused, sessionPresent: true }\n    risk: r\n`,
    [
      'f.yaml:6:48 steps.0.expect.sessionPresent: only a client that must be accepted is told this — remove it',
    ],
  ],
  [
    'a risk where any answer will do',
    `${HEAD}  - { connect: owner, expect: { answer: any }, risk: r }\n`,
    [
      'f.yaml:5:54 steps.0.risk: whatever happens is expected here, so that nothing is at risk — leave it out',
    ],
  ],
  [
    'a change of nothing',
    `${HEAD}  - broker: { reload: false }\n  - { connect: owner, risk: r }\n`,
    ['f.yaml:5:13 steps.0.broker: nothing changes here — say what changes, or reload'],
  ],
  [
    'no steps, and a repetition of none',
    'name: t\npurpose: p\nclients: { a: {} }\nsteps: []\nvariants:\n  v: { steps: [{ repeat: { times: 1, steps: [] } }] }\n',
    ['f.yaml:4:8 steps: the list is empty — write at least one step'],
  ],
  [
    'a variant with a name and variants of its own, and one that is no map',
    `${RIGHT}variants:\n  v: { name: other }\n  w: { variants: {} }\n  x: 3\n`,
    [
      'f.yaml:7:14 variants.v.name: a variant has no name of its own — remove it; the script has it',
      'f.yaml:8:18 variants.w.variants: a variant has no variants of its own — remove it; the script has it',
      'f.yaml:9:6 variants.x: 3 is not allowed here — write what differs, such as { clients: { … } }',
    ],
  ],
  [
    'a variant that breaks the script, where it breaks it',
    `${RIGHT}variants:\n  v: { clients: { owner: { certificate: expird } } }\n  w: { steps: [{ connect: nobody, risk: r }] }\n`,
    [
      'f.yaml:7:41 variants.v.clients.owner.certificate: "expird" is not allowed here — did you mean expired?',
      'f.yaml:8:27 variants.w.steps.0.connect: no client is named nobody — the clients are owner, thief',
    ],
  ],
  [
    'texts that would change a terminal',
    `${HEAD}  - { connect: "\\e[31m", risk: r, "\\e[2J": 1 }\n"\\u202e": 1\n`,
    [
      'f.yaml:5:16 steps.0.connect: "\\x1b[31m" is not allowed here — write lower-case letters, digits and hyphens, such as owner',
      'f.yaml:5:35 steps.0: unknown key "\\x1b[2J" — known here are connect, disconnect, drop, subscribe, publish, receive, session, duel, broker, evidence, wait, repeat, expect, risk, within, resume, before, when',
      'f.yaml:6:1: unknown key "\\u{202e}" — known here are name, purpose, source, requirement, clients, steps, variants, targets',
    ],
  ],
  [
    'names that every object has',
    'name: t\npurpose: p\nclients: { constructor: {} }\nsteps: [{ connect: valueof, risk: r }]\n',
    ['f.yaml:4:20 steps.0.connect: no client is named valueof — the clients are constructor'],
  ],
];

describe('a script is wrong that has', () => {
  it.each(TABLE)('%s', (_what, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  it('more than a file may have', async () => {
    const file = join(await temporaryFolder(), 'long.yaml');
    await writeFile(file, `${RIGHT}# ${'x'.repeat(SCENARIO_BYTES_MAX)}\n`);
    await expect(loadScriptFile(file)).rejects.toThrow('the file is larger than');
  });
});

describe('a variant', () => {
  it('with steps of its own is told by their lines', () => {
    const text = `${RIGHT}variants:\n  v:\n    steps:\n      - connect: thief\n      - { connect: owner, risk: r }\n`;
    expect(parseScript(text, 'f.yaml', 'v').lines).toEqual([9, 10]);
    expect(parseScript(text, 'f.yaml').lines).toEqual([5]);
  });

  it.each([
    ['session-theft', { name: 'session-theft' }],
    ['session-theft:shared-certificate', { name: 'session-theft', variant: 'shared-certificate' }],
    ['./mine.yaml:v', { name: './mine.yaml', variant: 'v' }],
    ['C:\\mine.yaml', { name: 'C:\\mine.yaml' }],
    ['C:\\mine.yaml:v', { name: 'C:\\mine.yaml', variant: 'v' }],
    ['name:', { name: 'name:' }],
    [':v', { name: ':v' }],
    ['name:V', { name: 'name:V' }],
    ['a:b:c', { name: 'a:b', variant: 'c' }],
  ])('stands behind the last colon of %s', (reference, expected) => {
    expect(splitVariant(reference)).toEqual(expected);
  });
});
