/** `report`, `--markdown`, `--github` and `--badges` as a user and a CI server meet them. */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/fake-environment.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { parseXml } from '../support/xml.ts';

const SCENARIO = `name: clones
purpose: Two devices with one client ID.
seed: 1
fleet:
  clones: { devices: 2, identity: { clientId: '::error::##[error]x' }, reconnect: { policy: fixed, delay: 100ms } }
arrival: { rate: 50/s }
duration: 600ms
settle: 2s
limits: { latenessP99: 60s }
expect:
  findings: none
  thresholds:
    - 'takeovers.count >= 1'
    - 'takeovers.count == 0'
`;

/** A run whose client ID would be a command to a CI runner. */
async function hostileRun(...more: readonly string[]) {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'clones.yaml'), SCENARIO);
  const run = await runCli(
    [
      'run',
      join(folder, 'clones.yaml'),
      '--out',
      join(folder, 'runs'),
      '--certs',
      join(folder, 'certs'),
      ...more.map((word) => word.replace('<folder>', folder)),
    ],
    {
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: folder,
      GITHUB_STEP_SUMMARY: join(folder, 'summary.md'),
    },
  );
  const [name = ''] = await readdir(join(folder, 'runs'));
  return { ...run, folder, runFolder: join(folder, 'runs', name) };
}

const commands = (text: string) => text.split('\n').filter((line) => /^\s*::|##\[/.test(line));

describe('a run in GitHub Actions', () => {
  it('annotates the lines of the expectations that are not met, and adds to the summary', async () => {
    const { code, stdout, stderr, folder } = await hostileRun(
      '--github',
      '--markdown',
      '<folder>/a.md',
    );
    expect(code).toBe(1);
    const told = commands(stdout);
    expect(told).toHaveLength(3);
    expect(told[0]).toMatch(/^::error file=clones\.yaml,line=11,col=\d+,title=clones%3A unmet::/);
    expect(told[1]).toMatch(
      /^::error file=clones\.yaml,line=14,col=\d+,title=clones%3A unmet::takeovers/,
    );
    expect(told[2]).toMatch(/^::notice title=doppelfleet%3A unmet::/);
    expect(commands(stderr)).toEqual([]);
    expect(stderr).toContain('error::##\\u005berror]x');
    const markdown = await readFile(join(folder, 'a.md'), 'utf8');
    expect(await readFile(join(folder, 'summary.md'), 'utf8')).toBe(`${markdown}\n`);
  });

  it('gives the runner no command that a client ID chose, also in JSON', async () => {
    const { stdout, stderr, runFolder } = await hostileRun('--json');
    expect([...commands(stdout), ...commands(stderr)]).toEqual([]);
    const file = await readFile(join(runFolder, 'report.json'), 'utf8');
    expect(JSON.parse(stdout)).toEqual(JSON.parse(file));
  });
});

describe('report', () => {
  it('shows a stored run again in every form, from wherever it lies now', async () => {
    const { runFolder, folder, stderr } = await hostileRun('--quiet');
    expect(stderr).toBe('');
    const moved = join(folder, 'moved');
    await rename(runFolder, moved);
    const text = await runCli(['report', moved]);
    expect([text.code, text.stderr]).toEqual([0, '']);
    expect(text.stdout).toContain('clones: ✖ unmet');
    expect(text.stdout).toContain(join(moved, 'history.ndjson'));

    const files = ['--markdown', join(folder, 'r.md'), '--junit', join(folder, 'r.xml')];
    const written = await runCli(['report', join(moved, 'report.json'), ...files]);
    expect([written.code, written.stdout]).toEqual([0, '']);
    expect(await readFile(join(folder, 'r.md'), 'utf8')).toContain('## `clones`: ✖ unmet');
    parseXml(await readFile(join(folder, 'r.xml'), 'utf8'));

    const json = await runCli(['report', moved, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ folder: moved, outcome: 'unmet' });
    const several = await runCli(['report', moved, moved, '--markdown', '-']);
    expect(several.stdout).toContain('2 scenarios: 2 unmet');
  });

  it('refuses what it can not do before it does anything', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'report.json'), '{"reportVersion": 7, "toolVersion": "3.0.0"}');
    await mkdir(join(folder, 'page.html'));
    const cases = [
      { argv: ['report', folder], code: 65, says: 'written by doppelfleet 3.0.0 in version 7' },
      { argv: ['report', join(folder, 'none')], code: 65, says: 'no such file or folder' },
      { argv: ['report', folder, '--json', '--junit', '-'], code: 64, says: 'standard output' },
      { argv: ['report', folder, '--html', '-'], code: 64, says: '--html takes a file' },
    ];
    for (const { argv, code, says } of cases) {
      const result = await runCli(argv);
      expect([result.code, result.stdout]).toEqual([code, '']);
      expect(result.stderr).toContain(says);
      expect(result.stderr.trim().split('\n')).toHaveLength(1);
    }
  });

  it('says where a page can not be written, and that another place will do', async () => {
    const { runFolder, folder } = await hostileRun('--quiet');
    await mkdir(join(folder, 'page.html'));
    for (const file of [join(folder, 'page.html'), join(folder, 'none', 'page.html')]) {
      const { code, stderr } = await runCli(['report', runFolder, '--html', file]);
      expect(code).toBe(64);
      expect(stderr).toContain('name a file in a folder that can be written');
    }
    expect((await readdir(runFolder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('a run whose folder can not be made', () => {
  it('ends before the first packet with a sentence that names the folder', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), '');
    const out = join(folder, 'file', 'runs');
    const { code, stderr } = await runCli([
      'run',
      'control-fleet',
      '--out',
      out,
      '--certs',
      join(folder, 'certs'),
      '--quiet',
    ]);
    expect(code).toBe(65);
    expect(stderr).toContain(`cannot create a run folder in ${out}`);
    expect(await readdir(folder)).toEqual(['file']);
  });
});
