/** `compare` as a user types it, on the embedded broker: the whole way from options to the table. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/index.ts';
import type { Comparison } from '../../src/report/comparison.ts';
import { runCli } from '../support/fake-environment.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Devices that connect every half second, which a ban is there to stop. */
const FLAPPING = `name: flapping
purpose: Devices that come and go all the time.
duration: 3s
settle: 1s
fleet:
  flappers:
    devices: 2
    behaviour: { kind: flapping, period: 300ms, downtime: 200ms }
    mqtt: { cleanStart: false, sessionExpiry: 1h }
`;

const compare = async (...argv: readonly string[]) => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'flapping.yaml'), FLAPPING);
  const words = argv.map((word) => word.replace('FOLDER', folder));
  const where = ['--out', join(folder, 'runs'), '--certs', join(folder, 'certs')];
  return { folder, ...(await runCli(['compare', ...words, ...where])) };
};

describe('compare', () => {
  it('shows that a client ID per connect defeats a ban, what it costs, and what stays', async () => {
    const ban = 'ban-flapping:connects=4,window=1m,ban=1m';
    const { code, stdout, stderr, folder } = await compare(
      'FOLDER/flapping.yaml',
      ...['--fix', ban, '--fix', `client-id-uuid:uuid=v4-per-connect+${ban}`],
      ...['--json', '--markdown', 'FOLDER/table.md'],
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining('Before and after')]);
    const { comparison, ...report }: Report & { comparison: Comparison } = JSON.parse(stdout);
    const values = (id: string) => comparison.rows.find((row) => row.id === id)?.values ?? [];
    expect(comparison.runs).toHaveLength(3);
    // The ban's own counter is what all runs are held against.
    expect(values('ban-client-ids')).toEqual([2, expect.any(Number), 0]);
    expect(values('ban-hidden')).toEqual([0, 0, 2]);
    const failed = values('failed').map(Number);
    expect(failed[0]).toBe(0);
    expect(failed[1]).toBeGreaterThan(0);
    expect(failed[2]).toBe(0);
    expect(Number(values('sessions-left-behind')[2])).toBeGreaterThanOrEqual(8);
    expect(values('session-theft-session-theft')).toEqual([true, true, true]);
    // Two configurations, each tried once.
    const tried = await readdir(report.folder);
    expect(tried.filter((name) => name.startsWith('session-theft')).sort()).toEqual([
      'session-theft-1',
      'session-theft-2',
    ]);
    expect(await readFile(join(folder, 'table.md'), 'utf8')).toContain('ban-flapping');
  });

  it.each([
    [['FOLDER/flapping.yaml'], 'flapping.yaml names no fixes to compare'],
    [['session-theft'], 'session-theft is a script, and fixes change fleets'],
    [['FOLDER/flapping.yaml', '--fix', 'bakcoff'], 'bakcoff'],
  ])('refuses %j before anything is started', async (argv, words) => {
    const { code, stdout, stderr, folder } = await compare(...argv);
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toContain(words);
    expect(await readdir(folder)).toEqual(['flapping.yaml']);
  });
});
