/** What a scenario file may say and can't mean: references to nowhere, accidents, empty changes. */
import { describe, expect, it } from 'vitest';
import { HEAD, problemsOf } from './helpers.ts';

const meaning = (fleet: string, rest = '') => problemsOf(`${HEAD}${fleet}${rest}`);
const one = (problem: string) => [expect.stringContaining(problem)];

describe('groups that others take identities from', () => {
  it('must exist; every reference to nowhere is named', () => {
    expect(
      meaning(`  pumps: { devices: 2 }
  a: { devices: 2, identity: { certificate: { sameAs: pump }, clientId: { sameAs: valves } } }
  b: { devices: 2, identity: { cloneOf: constructor } }
`),
    ).toEqual([
      'f.yaml:6:45 fleet.a.identity.certificate: there is no group "pump" — did you mean pumps?',
      'f.yaml:6:73 fleet.a.identity.clientId: there is no group "valves" — known are: pumps, a, b',
      'f.yaml:7:41 fleet.b.identity.cloneOf: there is no group "constructor" — known are: pumps, a, b',
    ]);
  });

  it.each([
    ['themselves', '  a: { devices: 1, identity: { cloneOf: a } }\n', 'a → a'],
    [
      'one another',
      '  a: { devices: 1, identity: { cloneOf: b } }\n  b: { devices: 1, identity: { cloneOf: a } }\n',
      'a → b → a',
    ],
    [
      'one another by one half of the identity, which no clone shows',
      `  a: { devices: 1, identity: { clientId: { sameAs: b } } }
  b: { devices: 1, identity: { clientId: { sameAs: c } } }
  c: { devices: 1, identity: { cloneOf: b } }
`,
      'b → c → b',
    ],
  ])('do not take them from %s in a circle', (_what, fleet, circle) => {
    expect(meaning(fleet)).toEqual(one(circle));
  });

  it('may take certificates from one group and client IDs from another, and lend them on', () => {
    expect(
      meaning(`  a: { devices: 4 }
  b: { devices: 2, identity: { certificate: { sameAs: a }, clientId: { sameAs: c } } }
  c: { devices: 3, identity: { clientId: 'c-{{n}}' } }
  d: { devices: 9, identity: { cloneOf: b } }
`),
    ).toEqual([]);
  });

  it('can lend no client ID that is another with every connect', () => {
    const a = '  a: { devices: 1, identity: { clientId: { uuid: v4-per-connect } } }\n';
    expect(meaning(`${a}  b: { devices: 1, identity: { clientId: { sameAs: a } } }\n`)).toEqual(
      one('change with every connect'),
    );
    expect(meaning(`${a}  b: { devices: 1, identity: { cloneOf: a } }\n`)).toEqual([]);
  });

  it('can lend a client ID made from a certificate only with that certificate', () => {
    const a = '  a: { devices: 1, identity: { clientId: { uuid: v5-serial } } }\n';
    const b = (identity: string) => meaning(`${a}  b: { devices: 1, identity: { ${identity} } }\n`);
    expect(b('clientId: { sameAs: a }')).toEqual(one('write identity: { cloneOf: a }'));
    expect(b('clientId: { sameAs: a }, certificate: { sameAs: a }')).toEqual([]);
  });
});

describe('equal client IDs', () => {
  const own = (clientId: string, devices = 2) =>
    `{ devices: ${devices}, identity: { clientId: ${clientId} } }`;

  it.each([
    [
      'within a group, where a placeholder does not tell devices apart',
      `  a: ${own("'{{group}}'")}\n`,
      'a-1 and a-2',
    ],
    ['across groups', `  a: ${own("'x-{{n}}'")}\n  b: ${own("'x-{{n}}'", 1)}\n`, 'a-1 and b-1'],
    [
      'across groups by their names',
      `  a: ${own("'{{group}}-1-{{n}}'", 1)}\n  a-1: ${own("'{{thingName}}'", 1)}\n`,
      'a-1 and a-1-1',
    ],
    [
      'by the width of a number',
      `  a: ${own("'x-{{n:2}}'", 1)}\n  b: ${own("'x-0{{n}}'", 1)}\n`,
      'a-1 and b-1',
    ],
    [
      'of two blocks of a shared ID',
      `  a: ${own("{ shared: 2, template: 'x' }", 4)}\n`,
      'a-1 and a-3',
    ],
    [
      'of a block and another group',
      `  a: ${own("{ shared: 2, template: 'x-{{n}}' }", 4)}\n  b: ${own("'x-{{n}}'", 2)}\n`,
      'a-1 and b-1',
    ],
  ])('%s are an accident', (_what, fleet, devices) => {
    expect(meaning(fleet)).toEqual(one(`gives ${devices} the same client ID`));
  });

  it.each([
    ['as a constant', `  a: ${own('one-for-all')}\n  b: ${own('one-for-all')}\n`],
    [
      'as a constant that another group makes by a template',
      `  a: ${own("'x-{{n}}'")}\n  b: ${own('x-1', 1)}\n`,
    ],
    ['as shared', `  a: ${own('{ shared: 3 }', 6)}\n`],
    ['as those of another group', `  a: ${own("'x-{{n}}'")}\n  b: ${own('{ sameAs: a }')}\n`],
    ['as a clone', `  a: ${own("'x-{{n}}'")}\n  b: { devices: 2, identity: { cloneOf: a } }\n`],
  ])('are meant when they are written %s', (_what, fleet) => {
    expect(meaning(fleet)).toEqual([]);
  });

  it('are named for every group, not only for the first', () => {
    const fleet = `  a: ${own("'{{group}}'")}\n  b: ${own("'{{group}}'")}\n`;
    expect(meaning(fleet)).toHaveLength(2);
  });
});

describe('behaviours and certificates', () => {
  it.each([
    ['{ kind: leaving, at: 10s }', 'at lies after the end of the duration'],
    ['{ kind: rotating, at: 1m }', 'at lies after the end of the duration'],
  ])('%s does nothing in ten seconds', (behaviour, words) => {
    expect(meaning(`  a: { devices: 1, behaviour: ${behaviour} }\n`)).toEqual(one(words));
  });

  it('a rotation that does not end within the duration is refused where it is spread or revokes', () => {
    const rotating = (more: string) =>
      meaning(`  a: { devices: 2, behaviour: { kind: rotating, at: 9s, gap: 1s${more} } }\n`);
    expect(rotating('')).toEqual([]);
    expect(rotating(', spread: 1s')).toEqual(one('not every device has rotated'));
    expect(rotating(', revoke: true')).toEqual(one('not every device has rotated'));
  });

  it('one certificate for more devices than there are is a slip', () => {
    const fleet = '  a: { devices: 2, identity: { certificate: { shared: 3 } } }\n';
    expect(meaning(fleet)).toEqual(one('one certificate over 3 devices, but the group has 2'));
  });
});

describe('fixes', () => {
  const fleet = '  a: { devices: 2 }\n  b: { devices: 2, identity: { certificate: shared } }\n';
  const fix = (params: string) => meaning(fleet, `fixes: { x: { ${params} } }\n`);

  it('name groups that exist, each that does not is told', () => {
    expect(fix('strategy: unique-certificates, on: [bb, constructor, b]')).toEqual([
      expect.stringContaining('there is no group "bb" — did you mean b?'),
      expect.stringContaining('there is no group "constructor"'),
    ]);
  });

  it.each([
    ['strategy: unique-certificates, on: a', 'changes nothing in a'],
    ['strategy: close-before-reconnect', 'changes nothing in any group'],
    ['strategy: client-id-from-thing-name', 'changes nothing in any group'],
  ])('that change nothing are refused: %s', (params, words) => {
    expect(fix(params)).toEqual(one(words));
  });

  it.each([
    'strategy: unique-certificates',
    'strategy: unique-certificates, on: [a, b]',
    'strategy: client-id-uuid',
    'strategy: backoff, on: a',
  ])('that change something are fine: %s', (params) => {
    expect(fix(params)).toEqual([]);
  });

  it.each([
    ['[{ strategy: backoff }, { strategy: backoff, on: a }]', 'backoff is there twice'],
    [
      '[{ strategy: certificate-rotation, at: 9s, spread: 2s }]',
      'afterwards fleet.a.behaviour would be wrong: not every device has rotated',
    ],
  ])('of several strategies that do not go together are refused: %s', (list, words) => {
    expect(meaning(fleet, `fixes: { x: ${list} }\n`)[0]).toContain(words);
  });

  it('of several strategies are one fix', () => {
    const list = '[{ strategy: backoff }, { strategy: unique-certificates }]';
    expect(meaning(fleet, `fixes: { x: ${list} }\n`)).toEqual([]);
  });

  it('are what expectations after a fix name', () => {
    const text =
      'fixes: { certs: { strategy: unique-certificates } }\nexpect: { after: { cert: {} } }\n';
    expect(meaning(fleet, text)).toEqual(one('there is no fix "cert" — did you mean certs?'));
  });

  it('may be named like a word that every object knows', () => {
    const text = 'fixes: { constructor: { strategy: unique-certificates } }\n';
    expect(meaning(fleet, text)).toEqual([]);
    expect(meaning(fleet, 'expect: { after: { constructor: {} } }\n')).toEqual(
      one('there is no fix "constructor"'),
    );
  });
});

it('names problems of several kinds at once', () => {
  expect(
    meaning(
      `  a: { devices: 2, identity: { clientId: '{{group}}' }, behaviour: { kind: leaving, at: 1m } }
  b: { devices: 1, identity: { certificate: { shared: 2 } } }
`,
      'fixes: { x: { strategy: close-before-reconnect } }\nexpect: { after: { y: {} } }\n',
    ),
  ).toHaveLength(5);
});
