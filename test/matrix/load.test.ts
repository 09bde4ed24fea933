/** Matrix files: every problem at its place, and what is wrong in a configuration stays there. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { UserError } from '../../src/core/errors.ts';
import { expandMatrix } from '../../src/matrix/expand.ts';
import { BUILT_IN_MATRIX, loadMatrix, matrixOfFolder } from '../../src/matrix/load.ts';
import { matrixJsonSchema } from '../../src/matrix/schema.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PUBLISHED = fileURLToPath(
  new URL('../../configurations/matrix.schema.json', import.meta.url),
);
const CONF = `{{harness}}
listener {{port}} 127.0.0.1
cafile {{deviceCa}}
certfile {{serverCertificate}}
keyfile {{serverKey}}
`;

/** A folder with files by path. */
async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

const FILES = { 'mosquitto/one.conf': CONF, 'mosquitto/two.conf': CONF, 'mine/three.conf': CONF };

async function load(matrix: string, files: Readonly<Record<string, string>> = FILES) {
  const folder = await folderOf({ ...files, 'm.yaml': matrix });
  return loadMatrix(join(folder, 'm.yaml'));
}

async function problems(matrix: string, files = FILES) {
  const error = await load(matrix, files).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof UserError)) throw error ?? new Error('nothing was wrong');
  return error.problems.map(
    ({ line, column, path, message }) => `${line}:${column} ${path ?? ''} ${message}`,
  );
}

describe('a matrix file', () => {
  it('names files and folders relative to itself', async () => {
    const matrix = await load(`
name: mine
versions: ['3.1.1', 5]
configurations: [mosquitto, { file: mine/three.conf, broker: mosquitto, name: ours }]
scenarios: [control-fleet, control-fleet]
`);
    expect([...matrix.configurations.keys()]).toEqual([
      'mosquitto/one',
      'mosquitto/two',
      'mosquitto/ours',
    ]);
    const { cells } = expandMatrix(matrix.definition);
    expect(cells).toHaveLength(6);
    expect(cells[1]).toEqual({
      broker: 'mosquitto',
      configuration: 'one',
      scenario: 'control-fleet',
      mqttVersion: '5',
    });
  });

  it('has pairs of configurations that need not be part of the product', async () => {
    const matrix = await load(`
name: mine
pairs:
  - requirement: R1
    title: differs
    scenario: control-fleet
    secure: mosquitto/one
    insecure: { configuration: mosquitto/two.conf, scenario: shared-certificate }
`);
    const { cells, pairs } = expandMatrix(matrix.definition);
    expect(pairs).toMatchObject([
      { insecure: { configuration: 'two', scenario: 'shared-certificate' } },
    ]);
    expect(cells).toHaveLength(4);
  });

  it('leaves a configuration that is wrong in itself to its cells', async () => {
    const matrix = await load(
      'name: m\nconfigurations: [mosquitto]\nscenarios: [control-fleet]\n',
      {
        'mosquitto/one.conf': CONF,
        'mosquitto/bad.conf': 'listener {{prt}}\n',
      },
    );
    expect(matrix.configurations.get('mosquitto/one')?.problem).toBeUndefined();
    const bad = matrix.configurations.get('mosquitto/bad');
    expect(bad?.loaded).toBeUndefined();
    expect(bad?.problem).toContain('bad.conf:1:10');
    expect(bad?.problem).toContain('{{prt}}');
  });

  it('tells every problem at once, each with its place', async () => {
    expect(
      await problems(`name: mine
configurations:
  - mosquito
  - mine/three.conf
scenarios: [control-flet]
pairs:
  - { requirement: R1, title: t, secure: mosquitto/one, insecure: mosquitto/too }
`),
    ).toEqual([
      '3:5 configurations.0 there is no configuration mosquito',
      expect.stringMatching(
        /^4:5 configurations\.1 it is not said which broker .*three\.conf is for$/,
      ),
      '5:13 scenarios.0 no built-in scenario is named "control-flet"',
      '7:42 pairs.0.secure no scenario is named for this side',
      '7:67 pairs.0.insecure there is no configuration mosquitto/too',
      '7:67 pairs.0.insecure no scenario is named for this side',
    ]);
  });

  it.each([
    ['', '1:1  the file is empty'],
    ['[1]', '1:1  a matrix is a map of keys, this is a list'],
    ['name: m\nscenaros: []\n', '2:1  unknown key "scenaros"'],
    ['name: m\nversions: [4]\n', '2:12 versions.0 4 is not allowed here'],
    ['name: m\nversions: []\n', '2:11 versions must be at least 1 entries'],
    ['name: m\n', '1:1  there is nothing to try in this matrix'],
    ['name: M m\nscenarios: [a]\n', '1:7 name "M m" is not allowed here'],
  ])('%j is told: %s', async (matrix, says) => {
    expect(await problems(matrix)).toContain(says);
  });

  it('tells two configurations of one name apart, or says that it can not', async () => {
    const matrix = `name: m
configurations: [mosquitto, { file: mine/one.conf, broker: mosquitto }]
scenarios: [control-fleet]
`;
    const files = { ...FILES, 'mine/one.conf': CONF };
    expect(await problems(matrix, files)).toEqual([
      '2:29 configurations.1 two configurations are named mosquitto/one',
    ]);
    const named = matrix.replace('mosquitto }', 'mosquitto, name: other }');
    expect([...(await load(named, files)).configurations.keys()]).toContain('mosquitto/other');
  });

  it('takes a configuration that is named twice once', async () => {
    const matrix = await load(
      'name: m\nconfigurations: [mosquitto, mosquitto/one.conf]\nscenarios: [control-fleet]\n',
    );
    expect(matrix.definition.configurations).toHaveLength(2);
  });

  it('that is missing or far too large is refused', async () => {
    await expect(loadMatrix('/nonexistent/m.yaml')).rejects.toThrow('no such file');
    await expect(load(`name: m\n${'#'.repeat(1_000_001)}`)).rejects.toThrow('larger than');
  });
});

describe('a folder of configurations', () => {
  it('is a matrix with scenarios that fit any broker', async () => {
    const folder = await folderOf({ 'deploy/a.conf': CONF, 'deploy/b.conf': CONF });
    const matrix = await matrixOfFolder(join(folder, 'deploy'), 'mosquitto');
    expect(matrix.name).toBe('deploy');
    expect([...matrix.configurations.keys()]).toEqual(['mosquitto/a', 'mosquitto/b']);
    expect(matrix.scenarios.has('session-takeover')).toBe(true);
    expect(expandMatrix(matrix.definition).cells.length).toBeGreaterThanOrEqual(2 * 2 * 10);
  });

  it('without any says what it must look like', async () => {
    const folder = await folderOf({ 'x/readme.txt': '' });
    await expect(matrixOfFolder(folder)).rejects.toThrow('no configurations');
    await expect(matrixOfFolder(join(folder, 'none'))).rejects.toThrow('no configurations');
    await expect(matrixOfFolder(folder, 'mosquito')).rejects.toThrow('no broker "mosquito"');
  });
});

describe('the shipped matrix', () => {
  it('can be loaded, and every pair is about a requirement', async () => {
    const { definition } = await loadMatrix();
    const { cells, pairs } = expandMatrix(definition);
    expect(cells.length).toBeGreaterThan(100);
    expect(pairs.every(({ requirement }) => /^R\d+$/.test(requirement))).toBe(true);
  });

  it('is valid by the published schema, which is what the code says', async () => {
    const schema = matrixJsonSchema();
    const text = `${JSON.stringify(schema, null, 2)}\n`;
    if (process.env.UPDATE_SCHEMA === '1') await writeFile(PUBLISHED, text);
    expect(await readFile(PUBLISHED, 'utf8'), 'UPDATE_SCHEMA=1 writes it anew').toBe(text);
    const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(
      schema,
    );
    const file = await readFile(BUILT_IN_MATRIX, 'utf8');
    expect(file).toMatch(/^# yaml-language-server: \$schema=\.\/matrix\.schema\.json\n/);
    validate(parse(file));
    expect(validate.errors).toBeNull();
  });
});
