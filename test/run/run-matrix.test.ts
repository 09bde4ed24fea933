/** A matrix on real brokers: what is wrong with one cell stays there, and a change is a sentence. */
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readBaseline } from '../../src/matrix/baseline-file.ts';
import { cellName } from '../../src/matrix/cell.ts';
import { loadMatrix } from '../../src/matrix/load.ts';
import type { MatrixResult } from '../../src/matrix/result.ts';
import { runMatrix } from '../../src/run/run-matrix.ts';
import { runCli } from '../support/fake-environment.ts';
import { requireProgram } from '../support/programs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const mosquitto = requireProgram('mosquitto');
const SHIPPED = fileURLToPath(new URL('../../configurations/', import.meta.url));

/** One device keeps to its name, the other calls itself something else. */
const SCENARIO = `
name: assumed-name
purpose: A device whose client ID is not the name in its certificate is let in or not.
fleet:
  honest: { devices: 1 }
  pretender: { devices: 1, identity: { clientId: somebody-else } }
arrival: { storm: 0ms }
duration: 300ms
settle: 2s
limits: { latenessP99: 60s }
expect:
  thresholds: ['devices.connected == 1']
`;

const FILES = {
  'assumed-name.yaml': SCENARIO,
  'm.yaml': `
name: mine
versions: ['3.1.1', '5']
configurations: [embedded]
scenarios: [./assumed-name.yaml]
`,
  'embedded/rejected.yaml': 'port: {{port}}\nrequireCertificates: true\n',
  'embedded/forgotten.yaml': 'requireCertificate: true\n',
};

/** A user's repository: configurations of its own, one secure, two that are broken. */
async function repository(more: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries({ ...FILES, ...more })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  await copyFile(
    join(SHIPPED, 'embedded/client-id-bound.yaml'),
    join(folder, 'embedded/ours.yaml'),
  );
  return folder;
}

const options = (folder: string) => ({ out: join(folder, 'runs'), certs: join(folder, 'certs') });
const outcomes = ({ cells }: MatrixResult) =>
  cells.map((cell) => `${cellName(cell)} ${cell.mqttVersion} ${cell.outcome}`);

describe('a matrix on the embedded broker', () => {
  it('finds the one change of a configuration that was made insecure by hand', async () => {
    const folder = await repository();
    const base = join(folder, 'base.json');
    const args = ['matrix', join(folder, 'm.yaml'), '--quiet'];
    const places = ['--out', join(folder, 'runs'), '--certs', join(folder, 'certs')];
    const first = await runCli([...args, ...places, '--record', base]);
    // The rejected configurations are inconclusive, and ours is as it should be.
    expect(first).toEqual({ code: 2, stdout: '', stderr: '' });
    const recorded = await readBaseline(base);
    expect(
      recorded.cells.map((cell) => `${cellName(cell)} ${cell.mqttVersion} ${cell.outcome}`),
    ).toEqual([
      'embedded/forgotten/assumed-name 3.1.1 inconclusive',
      'embedded/forgotten/assumed-name 5 inconclusive',
      'embedded/ours/assumed-name 3.1.1 met',
      'embedded/ours/assumed-name 5 met',
      'embedded/rejected/assumed-name 3.1.1 inconclusive',
      'embedded/rejected/assumed-name 5 inconclusive',
    ]);

    const unchanged = await runCli([...args, ...places, '--baseline', base, '--json']);
    expect(unchanged.code).toBe(0);
    const { comparison } = JSON.parse(unchanged.stdout) as MatrixResult;
    expect(comparison).toEqual({ baseline: base, changes: [], notes: [] });

    await copyFile(join(SHIPPED, 'embedded/mutual-tls.yaml'), join(folder, 'embedded/ours.yaml'));
    const junit = join(folder, 'm.xml');
    const html = join(folder, 'm.html');
    const markdown = join(folder, 'm.md');
    const outputs = ['--junit', junit, '--html', html, '--markdown', markdown];
    const changed = await runCli([...args, ...places, '--baseline', base, '--json', ...outputs]);
    expect(changed.code).toBe(1);
    const result = JSON.parse(changed.stdout) as MatrixResult;
    const risk = 'the fleet breaks the bound devices.connected == 1';
    expect(result.comparison?.changes.map(({ sentence }) => sentence)).toEqual([
      `embedded/ours, MQTT 3.1.1: after this change ${risk} (assumed-name)`,
      `embedded/ours, MQTT 5: after this change ${risk} (assumed-name)`,
    ]);
    expect(await readFile(junit, 'utf8')).toContain('failures="2" errors="0"');
    for (const file of [html, markdown]) {
      expect(await readFile(file, 'utf8')).toContain('after this change');
    }
  });

  it('quotes what is wrong with a configuration, and the others go on', async () => {
    const folder = await repository();
    const result = await runMatrix(await loadMatrix(join(folder, 'm.yaml')), options(folder));
    const reasons = new Map(result.cells.map((cell) => [cell.configuration, cell.because]));
    expect(reasons.get('rejected')).toContain('requireCertificates');
    expect(reasons.get('rejected')).toContain('rejected.yaml:2');
    expect(reasons.get('forgotten')).toContain('{{port}}');
    expect(reasons.get('ours')).toBe('all 2 expectations are met');
    expect(result).toMatchObject({ outcome: 'inconclusive', interrupted: false });
    expect(result.brokers).toEqual({ embedded: 'aedes 2.0.0-beta.1' });
  });

  it('writes results as they come, and the evidence of each cell into its folder', async () => {
    const folder = await repository();
    const matrix = await loadMatrix(join(folder, 'm.yaml'));
    const seen: string[][] = [];
    const result = await runMatrix(matrix, {
      ...options(folder),
      selection: { only: ['*/ours/*', '*/forgotten/*'], mqttVersions: ['5'] },
      jobs: 1,
      observer: {
        cellStarted: () => seen.push(['started']),
        cellFinished: (cell, { done, total }) =>
          seen.push([cell.configuration, `${done} of ${total}`]),
      },
    });
    expect(seen).toEqual([['forgotten', '1 of 2'], ['started'], ['ours', '2 of 2']]);
    const journal = await readFile(join(result.folder, 'matrix.ndjson'), 'utf8');
    const lines = journal
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines[0]).toMatchObject({ doppelfleet: 'matrix', matrix: 'mine' });
    expect(lines.slice(1)).toEqual(expect.arrayContaining([...result.cells]));
    expect(JSON.parse(await readFile(join(result.folder, 'matrix.json'), 'utf8'))).toEqual(result);
    const ours = result.cells.find((cell) => cell.configuration === 'ours');
    expect(ours?.folder).toBe('embedded/ours/assumed-name/mqtt-5');
    expect(await readdir(join(result.folder, ours?.folder ?? ''))).toEqual(
      expect.arrayContaining(['history.ndjson', 'truth.ndjson', 'report.json', 'findings.json']),
    );
    expect(ours?.reproduce).toBe(
      'npx doppelfleet matrix --only embedded/ours/assumed-name --mqtt-version 5',
    );
  });

  it('interrupted leaves out the cells that it did not finish', async () => {
    const folder = await repository();
    const matrix = await loadMatrix(join(folder, 'm.yaml'));
    const stop = new AbortController();
    const result = await runMatrix(matrix, {
      ...options(folder),
      selection: { only: ['*/ours/*'] },
      jobs: 1,
      signal: stop.signal,
      observer: { cellFinished: () => stop.abort() },
    });
    expect(outcomes(result)).toEqual(['embedded/ours/assumed-name 3.1.1 met']);
    expect(result.interrupted).toBe(true);
  });

  it('runs again alone what was inconclusive because our own connects were late', async () => {
    const late = SCENARIO.replace('latenessP99: 60s', 'latenessP99: 0s');
    const folder = await repository({ 'assumed-name.yaml': late });
    const result = await runMatrix(await loadMatrix(join(folder, 'm.yaml')), {
      ...options(folder),
      selection: { only: ['*/ours/*'], mqttVersions: ['5'] },
    });
    expect(outcomes(result)).toEqual(['embedded/ours/assumed-name 5 inconclusive']);
    expect(result.cells[0]?.because).toContain('our own connects start on time');
    expect(result.cells[0]?.folder).toBe('embedded/ours/assumed-name/mqtt-5/again');
    expect(result.notes).toEqual(['1 cell ran again alone: our own connects had been late']);
  });

  it('holds a secure and an insecure side against each other', async () => {
    const folder = await repository({
      'm.yaml': `
name: mine
pairs:
  - requirement: R8
    title: a client ID belongs to a certificate
    scenario: ./assumed-name.yaml
    secure: embedded/client-id-bound
    insecure: embedded/mutual-tls
    versions: ['5']
`,
    });
    const result = await runMatrix(await loadMatrix(join(folder, 'm.yaml')), options(folder));
    expect(outcomes(result)).toEqual([
      'embedded/client-id-bound/assumed-name 5 met',
      'embedded/mutual-tls/assumed-name 5 unmet',
    ]);
    expect(result.pairs).toMatchObject([{ outcome: 'met', requirement: 'R8' }]);
    expect(result.outcome).toBe('met');
  });
});

describe('the command line of the matrix', () => {
  it('lists the cells without running them', async () => {
    const folder = await repository();
    const { code, stdout } = await runCli([
      ...['matrix', join(folder, 'm.yaml'), '--list'],
      ...['--only', '*/ours', '--mqtt-version', '5'],
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'embedded/ours/assumed-name  MQTT 5\n' });
  });

  it.each([
    { more: ['--only', 'nothing/*'], says: 'no cell of the matrix fits' },
    { more: ['--jobs', '0'], says: '--jobs is not a whole number' },
    { more: ['--configurations', 'x'], says: 'two ways to say the same' },
    { more: ['--html', '/nonexistent/m.html'], says: "can't be written" },
    { more: ['--baseline', '/nonexistent/b.json'], says: 'no such file', code: 65 },
  ])('refuses $more', async ({ more, says, code = 64 }) => {
    const folder = await repository();
    const places = ['--out', join(folder, 'runs'), '--certs', join(folder, 'certs')];
    const run = await runCli(['matrix', join(folder, 'm.yaml'), ...places, ...more]);
    expect({ code: run.code, stdout: run.stdout }).toEqual({ code, stdout: '' });
    expect(run.stderr).toContain(says);
  });
});

describe.skipIf(!mosquitto.available)(`a matrix on Mosquitto${mosquitto.note}`, () => {
  it('quotes the error of a configuration with its line', async () => {
    const folder = await repository({ 'm.yaml': FILES['m.yaml'].replace('embedded', 'mosquitto') });
    await mkdir(join(folder, 'mosquitto'));
    const secure = await readFile(join(SHIPPED, 'mosquitto/mutual-tls.conf'), 'utf8');
    await writeFile(join(folder, 'mosquitto/good.conf'), secure);
    await writeFile(join(folder, 'mosquitto/typo.conf'), `${secure}max_conections 3\n`);
    const matrix = await loadMatrix(join(folder, 'm.yaml'));
    const result = await runMatrix(matrix, {
      ...options(folder),
      selection: { mqttVersions: ['5'] },
    });
    expect(outcomes(result)).toEqual([
      'mosquitto/good/assumed-name 5 unmet',
      'mosquitto/typo/assumed-name 5 inconclusive',
    ]);
    const line = secure.split('\n').length;
    expect(result.cells[1]?.because).toContain(`typo.conf:${line}`);
    expect(result.cells[1]?.because).toContain('max_conections');
  });

  it('says once why a broker is not tried that can not be started', async () => {
    const folder = await repository({ 'm.yaml': FILES['m.yaml'].replace('embedded', 'mosquitto') });
    await mkdir(join(folder, 'mosquitto'));
    await copyFile(join(SHIPPED, 'mosquitto/mutual-tls.conf'), join(folder, 'mosquitto/a.conf'));
    // A program of that name that is something else altogether.
    const program = join(folder, 'bin', 'mosquitto');
    await mkdir(dirname(program));
    await writeFile(program, '#!/bin/sh\necho hello\n', { mode: 0o755 });
    const path = process.env.PATH;
    onTestFinished(() => {
      process.env.PATH = path;
    });
    process.env.PATH = `${dirname(program)}:${path}`;
    const result = await runMatrix(await loadMatrix(join(folder, 'm.yaml')), options(folder));
    expect(outcomes(result)).toEqual([
      'mosquitto/a/assumed-name 3.1.1 inconclusive',
      'mosquitto/a/assumed-name 5 inconclusive',
    ]);
    expect(result.notes).toHaveLength(1);
    expect(result.notes[0]).toContain('does not say its version');
    expect(result.cells[0]?.because).toContain('does not say its version');
    expect(result.brokers).toEqual({});
  });
});
