/** What YAML itself may do to a scenario file, and what it may not. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT, UserError } from '../../src/core/errors.ts';
import { SCENARIO_BYTES_MAX, YAML_ALIASES_MAX } from '../../src/core/limits.ts';
import { loadScenario, parseScenario } from '../../src/scenario/load.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { HEAD, problemsOf, scenario } from './helpers.ts';

async function refusal(nameOrFile: string): Promise<UserError> {
  const error = await loadScenario(nameOrFile).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof UserError) return error;
  throw new Error(`a UserError was expected, not ${String(error)}`);
}

describe('broken YAML', () => {
  it.each([
    ['an open quote', 'name: t\npurpose: "p\nduration: 5s\n', 'f.yaml:4:1: Missing closing "quote'],
    ['a tab as indentation', 'name: t\nfleet:\n\ta: { devices: 1 }\n', 'f.yaml:3:1: Tabs are not'],
    ['two documents', `${HEAD}  a: { devices: 1 }\n---\nname: b\n`, 'f.yaml:6:1: the file holds'],
    ['an alias to nowhere', `${HEAD}  a: *nope\n`, 'f.yaml:5:6: there is no anchor &nope'],
    ['an alias before its anchor', `${HEAD}  a: *x\n  b: &x { devices: 1 }\n`, 'f.yaml:5:6: there'],
    ['a tag', `${HEAD}  a: !!js/function { devices: 1 }\n`, 'f.yaml:5:6: Unresolved tag'],
    ['a key that is a list', `${HEAD}  ? [x]\n  : { devices: 1 }\n`, 'f.yaml:5:5: this key is not'],
    ['a key that is nothing', `${HEAD}  : { devices: 1 }\n`, 'f.yaml:5:3: this key is not'],
    ['a character that YAML forbids', `${HEAD}  a: { devices: 1 }\n\u0000`, 'f.yaml:'],
  ])('%s is named with its place and what to do', (_what, text, begins) => {
    const [problem, ...others] = problemsOf(text);
    expect(problem?.startsWith(begins), problem).toBe(true);
    for (const one of [problem, ...others]) expect(one).toContain(' — ');
  });

  it('names every key that stands twice', () => {
    const text = `${HEAD}  a: { devices: 1 }\n  a: { devices: 2 }\nname: u\n`;
    expect(problemsOf(text)).toEqual([
      'f.yaml:6:3: Map keys must be unique — keep one of the two',
      'f.yaml:7:1: Map keys must be unique — keep one of the two',
    ]);
  });

  it.each(['  __proto__: { devices: 1 }\n', '  a: { devices: 1, __proto__: { x: 1 } }\n'])(
    'takes no __proto__ for a key, anywhere: %j',
    (fleet) => {
      expect(problemsOf(`${HEAD}${fleet}`)).toEqual([
        expect.stringContaining('this key is not a plain name'),
      ]);
      expect(({} as { devices?: unknown }).devices).toBeUndefined();
    },
  );
});

describe('aliases', () => {
  it('that multiply beyond all bounds are refused before they do', () => {
    const levels = ['x-0: &l0 [1, 1, 1, 1, 1, 1, 1, 1, 1]'];
    for (let i = 1; i < 9; i++) {
      levels.push(
        `x-${i}: &l${i} [${Array(9)
          .fill(`*l${i - 1}`)
          .join(', ')}]`,
      );
    }
    const [problem, ...others] = problemsOf(`${levels.join('\n')}\n${HEAD}  a: { devices: 1 }\n`);
    expect(problem).toContain('aliases stand for far more than the file itself');
    expect(others).toEqual([]);
  });

  it('may be used as often as the limit says', () => {
    const groups = Array.from({ length: YAML_ALIASES_MAX }, (_, i) => `  g${i}: *one\n`).join('');
    const file = (more: string) => `x-one: &one { devices: 1 }\n${HEAD}${groups}${more}`;
    expect(problemsOf(file(''))).toEqual([]);
    expect(problemsOf(file('  one-more: *one\n'))).toHaveLength(1);
  });
});

describe('what YAML offers for reuse', () => {
  it("merges anchors under x- keys into groups, the group's own values first", () => {
    const text = `x-base:
  - &weak { reconnect: { policy: fixed, delay: 2s } }
  - &flappy { reconnect: { policy: fixed, delay: 9s }, behaviour: { kind: flapping, period: 4s } }
${HEAD}  a: { <<: *weak, devices: 3 }
  b: { <<: [*weak, *flappy], devices: 4 }
  c: { <<: *flappy, devices: 5, reconnect: { policy: none } }
`;
    const { fleet } = parseScenario(text, 'f.yaml');
    const seen = Object.entries(fleet).map(([name, { devices, behaviour, reconnect }]) => [
      name,
      devices,
      behaviour.kind,
      'delay' in reconnect ? reconnect.delay : reconnect.policy,
    ]);
    expect(seen).toEqual([
      ['a', 3, 'steady', 2000],
      ['b', 4, 'flapping', 2000],
      ['c', 5, 'flapping', 'none'],
    ]);
  });

  it('reads the same from an alias as from the words themselves', () => {
    const plain = scenario(
      '  a: { devices: 2, reconnect: { policy: fixed, delay: 2s } }\n  b: { devices: 2, reconnect: { policy: fixed, delay: 2s } }\n',
    );
    const aliased = scenario(
      '  a: &a { devices: 2, reconnect: &r { policy: fixed, delay: 2s } }\n  b: { <<: *a, reconnect: *r }\nx-unused: 1\n',
    );
    expect(aliased).toEqual(plain);
  });

  it('names a problem inside an anchor where it is used', () => {
    const text = `x-one: &one { devices: 0 }\n${HEAD}  a: *one\n`;
    expect(problemsOf(text)).toEqual([
      'f.yaml:6:6 fleet.a.devices: a group needs at least one device — write a whole number from 1 to 1000000',
    ]);
  });

  it('leaves x- keys to the author at the top, and only there', () => {
    expect(problemsOf(`${HEAD}  a: { devices: 1 }\nx-notes: [anything, { at: all }]\n`)).toEqual(
      [],
    );
    expect(problemsOf(`${HEAD}  a: { devices: 1, x-note: 1 }\n`)).toEqual([
      expect.stringContaining('unknown key "x-note"'),
    ]);
  });

  it('reads a file with a byte order mark and Windows line ends', () => {
    const text = `\ufeff${HEAD}  a: { devices: 1 }\n`.replaceAll('\n', '\r\n');
    expect(problemsOf(text)).toEqual([]);
  });
});

describe('loadScenario', () => {
  it('refuses a file of two megabytes, and one without end, without reading it all', async () => {
    const file = join(await temporaryFolder(), 'big.yaml');
    await writeFile(file, `${HEAD}  a: { devices: 1 }\n# ${'x'.repeat(2_000_000)}\n`);
    for (const big of [file, '/dev/zero']) {
      const error = await refusal(big);
      expect(error.exitCode).toBe(EXIT.invalidInput);
      expect(error.message).toContain(`larger than ${SCENARIO_BYTES_MAX} bytes`);
    }
  });

  it('reads a file of just the size that is allowed', async () => {
    const file = join(await temporaryFolder(), 'full.yaml');
    const body = `${HEAD}  a: { devices: 1 }\n# `;
    await writeFile(file, body + 'x'.repeat(SCENARIO_BYTES_MAX - body.length));
    expect((await loadScenario(file)).scenario.name).toBe('test');
  });

  it.each(['missing.yaml', './nowhere/missing.yaml'])(
    'names %s, which there is not',
    async (file) => {
      const error = await refusal(file);
      expect(error.exitCode).toBe(EXIT.invalidInput);
      expect(error.message).toContain('no such file or folder');
    },
  );

  it('suggests the built-in scenario that was meant', async () => {
    const error = await refusal('shared-certificat');
    expect(error.exitCode).toBe(EXIT.usage);
    expect(error.message).toContain('did you mean shared-certificate?');
    expect((await refusal('zzzzzzzzzzzzzz')).message).toContain('doppelfleet list scenarios');
  });

  it('gives files that mean the same the same digest', async () => {
    const folder = await temporaryFolder();
    const load = async (name: string, text: string) => {
      await writeFile(join(folder, name), text);
      return (await loadScenario(join(folder, name))).digest;
    };
    const one = await load('one.yaml', `${HEAD}  a: { devices: 1 }\nseed: 3\n`);
    const same = await load(
      'two.yaml',
      `seed: 3 # three\n${HEAD}  a:\n    devices: 1\n    behaviour: { kind: steady }\n`,
    );
    const other = await load('three.yaml', `${HEAD}  a: { devices: 1 }\nseed: 4\n`);
    expect(same).toBe(one);
    expect(other).not.toBe(one);
    expect(one).toMatch(/^[0-9a-f]{64}$/);
  });
});
