/** The command `fix`: its exit codes, what it prints for people and for machines, its mistakes. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/fake-environment.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Two clones of a client ID that are there at once; nothing but time is short. */
const CLONES = `name: clones
purpose: to be fixed
duration: 1s
settle: 1s
limits: { latenessP99: 60s }
arrival: { storm: 0s }
fleet:
  clones:
    devices: 2
    identity: { clientId: same }
    reconnect: { policy: fixed, delay: 300ms }
`;

async function fix(...argv: readonly string[]) {
  const folder = await temporaryFolder();
  const file = join(folder, 'clones.yaml');
  await writeFile(file, CLONES);
  const where = ['--out', join(folder, 'runs'), '--certs', join(folder, 'certs')];
  return runCli(['fix', file, ...where, ...argv]);
}

describe('doppelfleet fix', () => {
  it('ends with 0 when no finding remains, and tells what it did', async () => {
    const { code, stdout, stderr } = await fix();
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('Pass 1: --fix client-id-from-thing-name:on=clones');
    expect(stderr).toContain('✔ met: no finding remains');
    expect(stderr).toContain('--with bind-client-id');
  });

  it('ends with 1 when some remain; as JSON on stdout, and quiet if it is asked to be', async () => {
    const { code, stdout, stderr } = await fix('--dry-run', '--json', '--quiet');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ kind: 'fix', ending: 'dry-run', outcome: 'unmet', passes: [] });
    expect(report.suggestions[0].command).toMatch(/--quiet --with bind-client-id$/);
  });

  it.each([
    [['--passes', '0'], '--passes is not a whole number from 1 to 20'],
    [['--with', 'nothing'], 'there is no fix "nothing"'],
    [['--with', 'close-before-reconnect'], 'changes nothing in any group'],
    [['--broker', 'nats', '--with', 'ban-flapping'], 'flapping'],
  ])('ends with 64 and one sentence for %j', async (argv, words) => {
    const { code, stderr } = await fix('--mqtt-version', '3.1.1', ...argv);
    expect({ code, lines: stderr.trim().split('\n').length }).toEqual({ code: 64, lines: 1 });
    expect(stderr).toContain(words);
  });

  it('is for fleets', async () => {
    const { code, stderr } = await runCli(['fix', 'session-theft']);
    expect([code, stderr]).toEqual([64, expect.stringContaining('fixes are for fleets')]);
  });
});

describe('doppelfleet list fixes', () => {
  it('says of each where it is made, whether it is tried unasked, and what it takes', async () => {
    const { stdout } = await runCli(['list', 'fixes', '--json']);
    const [first] = JSON.parse(stdout).fixes;
    expect(first).toMatchObject({
      name: 'client-id-uuid',
      title: 'Client ID is a UUID (device, automatic)',
      details: { side: 'device', parameters: { on: expect.stringContaining('groups') } },
    });
  });
});
