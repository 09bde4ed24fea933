/** The package: what a user gets from `npm pack`, installed in an empty folder and used there. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './support/temporary-folder.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/** npm hands its own settings down to what it runs; a user's shell has none of them. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_|^INIT_CWD$|^NODE_ENV$/i.test(name)),
);

async function pack(folder: string): Promise<{ filename: string; files: { path: string }[] }> {
  const argv = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await run('npm', argv, { cwd: ROOT, env });
  const [packed] = Object.values<{ filename: string; files: { path: string }[] }>(
    JSON.parse(stdout),
  );
  if (packed === undefined) throw new Error(`npm pack printed ${stdout}`);
  return packed;
}

describe('the package', () => {
  it('holds what a user needs and nothing else', async () => {
    const { files } = await pack(await temporaryFolder());
    const paths = files.map((file) => file.path);
    const allowed =
      /^(dist\/.*\.(js|d\.ts)|dist\/web\/\w+\.css|(scenarios|configurations)\/([\w-]+\/)?[\w.-]+|docs\/[\w.-]+\.md|docs\/mitigation\.(yaml|schema\.json)|docs\/ci\/[\w.-]+\.yml|docs\/grafana\/\w+\.json|deploy\/(Dockerfile(\.dockerignore)?|\w+\.yaml)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
    expect(paths.filter((path) => !allowed.test(path))).toEqual([]);
    for (const path of [
      'dist/cli.js',
      'dist/web/report.js',
      'dist/web/report.css',
      'dist/index.d.ts',
      'dist/vitest.js',
      'LICENSE',
      'README.md',
    ]) {
      expect(paths).toContain(path);
    }
    expect(paths).toContain('scenarios/cloned-client-ids.yaml');
    expect(paths).toContain('scenarios/scenario.schema.json');
    expect(paths).toContain('scenarios/scripts/session-theft.yaml');
    expect(paths).toContain('configurations/matrix.yaml');
    expect(paths).toContain('configurations/mosquitto/own-topics.acl');
  });

  it('installed in an empty folder runs a built-in scenario without warnings of ours', async () => {
    const folder = await temporaryFolder();
    const { filename } = await pack(folder);
    await writeFile(join(folder, 'package.json'), '{ "private": true }');
    const install = await run('npm', ['install', '--omit=dev', `./${filename}`], {
      cwd: folder,
      env,
    });
    expect(install.stderr).not.toMatch(/EBADENGINE|deprecated|install-scripts/);
    const argv = [
      'doppelfleet',
      'run',
      'cloned-client-ids',
      '--time-scale',
      '0.4',
      '--json',
      '--quiet',
    ];
    const { stdout } = await run('npx', ['--no-install', ...argv], { cwd: folder, env });
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'met' });
    // What only the engine needs is not installed with it, and is named when it is missing.
    const engine = ['doppelfleet', 'worker', '--engine', 'redis://127.0.0.1:1'];
    await expect(
      run('npx', ['--no-install', ...engine], { cwd: folder, env }),
    ).rejects.toMatchObject({
      code: 69,
      stderr: expect.stringContaining('npm install bullmq ioredis'),
    });
    // The keys it minted there are not for git.
    expect(await readFile(join(folder, 'certs', 'default', '.gitignore'), 'utf8')).toBe('*\n');
  });
});
