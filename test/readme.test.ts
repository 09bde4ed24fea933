/** The examples of the README do what it says, against the built package, as a user would run them. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { builtInScenarios, CHECK_IDS, EXPORTS, FORMATS, loadScenario } from '../src/index.ts';
import { runCli } from './support/fake-environment.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const readme = await readFile(join(ROOT, 'README.md'), 'utf8');

function executedBlock(language: string): string {
  const marker = '<!-- executed by test/readme.test.ts -->\n```';
  const block = readme.split(marker).find((part) => part.startsWith(`${language}\n`));
  return block?.slice(language.length + 1, block.indexOf('\n```')) ?? '';
}

describe('the README', () => {
  it('has a first scenario that is valid and meets its expectations, before and after its fix', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'mine.yaml');
    await writeFile(file, executedBlock('yaml'));
    expect((await runCli(['validate', file])).code).toBe(0);
    const where = ['--out', join(folder, 'runs'), '--certs', join(folder, 'certs')];
    const { code, stderr } = await runCli(['run', file, '--fix', 'own-certificate', ...where]);
    expect(stderr).toContain('CERTIFICATE_SHARED_BY_');
    expect(code).toBe(0);
  });

  it('has a library example that runs against the built package', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'node_modules'));
    await symlink(ROOT, join(folder, 'node_modules', 'doppelfleet'));
    await writeFile(join(folder, 'example.mjs'), executedBlock('ts'));
    const { stdout } = await run(process.execPath, ['example.mjs'], { cwd: folder });
    expect(stdout.trim().split('\n')).toEqual([
      '26 devices plant 1 finding',
      'met',
      'pump-firmware-default',
    ]);
  });

  it('names every command and exit code of the program', async () => {
    const { stdout } = await runCli(['--help']);
    const commands = [...stdout.matchAll(/^ {2}doppelfleet (\w+)/gm)].flatMap(
      (match) => match[1] ?? [],
    );
    expect(commands.length).toBeGreaterThan(5);
    for (const command of commands) expect(readme).toContain(`\`${command}`);
    for (const code of [0, 1, 2, 64, 65, 69, 70, 74, 130]) expect(readme).toContain(`| ${code} |`);
  });

  it('has a page on the audit that names every check, format and export', async () => {
    const page = await readFile(join(ROOT, 'docs', 'audit.md'), 'utf8');
    const names = [...Object.keys(FORMATS), ...Object.keys(EXPORTS), ...CHECK_IDS];
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !page.includes(name))).toEqual([]);
  });

  it('has a page on scenarios that names each of them and whose example is valid', async () => {
    const page = await readFile(join(ROOT, 'scenarios', 'README.md'), 'utf8');
    for (const name of await builtInScenarios()) expect(page).toContain(`\`${name}\``);
    const folder = await temporaryFolder();
    const file = join(folder, 'example.yaml');
    const [, example = ''] = page.split('```yaml\n');
    // The fix of the example would change nothing, as its devices use their thing names already.
    await writeFile(
      file,
      example
        .slice(0, example.indexOf('```'))
        .replace("clientId: '{{thingName}}' #", "clientId: 'pump-{{n}}' #"),
    );
    await expect(loadScenario(file)).resolves.toMatchObject({ scenario: { name: 'example' } });
  });
});
