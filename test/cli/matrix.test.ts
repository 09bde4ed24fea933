/** `matrix` as a user types it: streams, files, a baseline recorded and compared, and `validate`. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../support/fake-environment.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SHIPPED = fileURLToPath(new URL('../../configurations/embedded/', import.meta.url));

let folder: string;
const at = (...names: readonly string[]): string => join(folder, ...names);
const matrix = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runCli(
    [
      ...['matrix', '--configurations', at('embedded'), '--only', '*/*/no-certificate'],
      ...['--mqtt-version', '5', '--out', at('runs'), '--certs', at('certs'), ...argv],
    ],
    env,
  );

beforeEach(async () => {
  folder = await temporaryFolder();
  await mkdir(at('embedded'));
  await copyFile(join(SHIPPED, 'mutual-tls.yaml'), at('embedded', 'ours.yaml'));
});

describe('matrix', () => {
  it('records a baseline and says so, passes while nothing changes, and fails on a change', async () => {
    const recorded = await matrix(['--record', at('baseline.json')], { COLUMNS: '60' });
    expect(recorded).toMatchObject({ code: 0, stdout: '' });
    expect(recorded.stderr).toContain(`baseline  1 outcome recorded in ${at('baseline.json')}\n`);

    const same = await matrix(['--baseline', at('baseline.json'), '--quiet']);
    expect(same).toEqual({ code: 0, stdout: '', stderr: '' });

    await copyFile(join(SHIPPED, 'certificate-not-required.yaml'), at('embedded', 'ours.yaml'));
    const changed = await matrix(['--baseline', at('baseline.json'), '--json']);
    expect(changed.code).toBe(1);
    expect(changed.stderr).toContain('✖ 1 cell changed');
    expect(JSON.parse(changed.stdout).comparison.changes).toMatchObject([
      {
        kind: 'worse',
        sentence:
          'embedded/ours, MQTT 5: after this change a client without a certificate is let in (no-certificate)',
      },
    ]);
  });

  it('with --quiet says nothing, and writes the files that were asked for', async () => {
    const files = ['markdown', 'html', 'junit'].flatMap((one) => [`--${one}`, at(`m.${one}`)]);
    expect(await matrix(['--quiet', '--record', at('b.json'), ...files])).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(await readFile(at('m.markdown'), 'utf8')).toContain('## Matrix `embedded`: ✔ met');
    expect(await readFile(at('m.html'), 'utf8')).toContain('<!doctype html>');
    expect(await readFile(at('m.junit'), 'utf8')).toContain('<testsuites');
  });

  it('lists its cells on stdout, as text or JSON, and runs none', async () => {
    const text = await matrix(['--list']);
    expect(text).toEqual({
      code: 0,
      stdout: 'embedded/ours/no-certificate  MQTT 5\n',
      stderr: '',
    });
    const { stdout } = await matrix(['--list', '--json']);
    expect(JSON.parse(stdout).cells).toHaveLength(1);
  });
});

describe('validate', () => {
  it('takes matrix files and configurations for what they are', async () => {
    const file = at('matrix.yaml');
    await writeFile(file, 'name: ours\nconfigurations: [embedded]\nscenarios: [no-certificate]\n');
    const { code, stdout } = await runCli(['validate', file, at('embedded', 'ours.yaml')]);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`✔ valid ${file}`)]);
  });

  it('tells what is wrong in them, and in what a matrix names', async () => {
    const [file, configuration] = [at('matrix.yaml'), at('embedded', 'ours.yaml')];
    await writeFile(configuration, 'requireCertificate: true\n');
    await writeFile(file, 'name: ours\nconfigurations: [embedded]\nscenarios: [no-certificate]\n');
    const { code, stdout } = await runCli(['validate', file, configuration]);
    expect(code).toBe(65);
    expect(stdout.match(/there is no \{\{port\}\}/g)).toHaveLength(2);
    await writeFile(file, 'nam: ours\npairs: []\n');
    expect((await runCli(['validate', file])).stdout).toContain('did you mean name?');
  });
});
