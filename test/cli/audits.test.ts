/** `doppelfleet audit` with schedules, suppressions and kept audits, as a user types it. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/fake-environment.ts';
import { certificate, header, historyText, session } from '../support/history-events.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const HOUR = 3_600_000;
const CONFLICT = 'CONFLICTING_CLIENT_IDS_CHECK';
const SHARED = 'DEVICE_CERTIFICATE_SHARED_CHECK';

/** `pump` is evicted at 01:00; certificate a is shared from 30:00 to 31:00. */
const EVENTS = [
  ...session('1', 'pump', 'b', [0, HOUR], 'session-taken-over'),
  ...session('2', 'pump', 'b', [HOUR, 2 * HOUR]),
  ...session('3', 'one', 'a', [30 * HOUR, 31 * HOUR]),
  ...session('4', 'two', 'a', [30 * HOUR, 31 * HOUR]),
  ...session('5', 'last', 'c', [0, 90 * HOUR]),
];

async function workspace() {
  const folder = await temporaryFolder();
  const history = join(folder, 'history.ndjson');
  await writeFile(history, historyText(EVENTS, header(['broker'])));
  const audits = join(folder, 'audits');
  const cli = async (...argv: readonly string[]) => {
    const run = await runCli([...argv, '--audits', audits]);
    return { ...run, json: () => JSON.parse(run.stdout) };
  };
  return { history, audits, cli };
}

describe('help', () => {
  it.each([
    'list',
    'show',
    'findings',
    'finding',
    'compare',
    'schedule',
    'schedules',
    'unschedule',
    'suppress',
    'unsuppress',
    'suppressions',
  ])('of audits %s has examples', async (word) => {
    const { code, stdout } = await runCli(['audits', word, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain(`doppelfleet audits ${word}`);
  });
});

describe('a scheduled audit', () => {
  it('runs when it is due, and gives each finding in the window it belongs to', async () => {
    const { history, cli } = await workspace();
    const created = await cli(
      'audits',
      'schedule',
      'nightly',
      '--frequency',
      'daily',
      '--at',
      '3:00',
    );
    expect(created.code).toBe(64);
    expect(created.stderr).toContain('write it as 03:30');
    const good = ['audits', 'schedule', 'nightly', '--frequency', 'DAILY', '--at', '03:00'];
    expect((await cli(...good)).code).toBe(0);

    const run = (now: string, ...more: readonly string[]) =>
      cli('audit', history, '--scheduled', 'nightly', '--now', now, '--json', ...more);
    const codes: number[] = [];
    const found: string[][] = [];
    const days = ['2026-01-01T03:00:00Z', '2026-01-02T03:00:00Z', '2026-01-03T03:05:00Z'];
    for (const now of [...days, '2026-01-04T04:00:00Z']) {
      const { code, json } = await run(now);
      codes.push(code);
      found.push(json().findings.map((one: { checkName: string }) => one.checkName));
    }
    expect(found).toEqual([[CONFLICT], [], [SHARED], []]);
    expect(codes).toEqual([1, 0, 1, 0]);

    // The same instant again: the answer stands. Earlier: refused.
    const again = await run('2026-01-04T04:00:00Z');
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('is not due') });
    const back = await run('2026-01-03T04:00:00Z');
    expect(back).toMatchObject({ code: 64, stderr: expect.stringContaining('clock is behind') });
    expect((await run('2026-01-04T05:00:00Z', '--early')).stderr).not.toContain('is not due');

    const listed = (await cli('audits', 'list', '--scheduled', 'nightly', '--json')).json();
    expect(listed.tasks).toHaveLength(5);
    expect(listed.tasks[0]).toMatchObject({
      taskType: 'SCHEDULED_AUDIT_TASK',
      taskStatus: 'COMPLETED',
      scheduledAuditName: 'nightly',
    });
    const schedules = await cli('audits', 'schedules', '--now', '2026-01-06T00:00:00Z');
    expect(schedules.stdout).toMatch(/nightly.*DAILY 03:00 UTC.*2026-01-04T05:00:00.000Z.*now/);
    expect((await cli('audits', 'unschedule', 'nightly')).code).toBe(0);
    expect((await cli('audits', 'unschedule', 'nightly')).code).toBe(64);
  });

  it('keeps its state when it is changed', async () => {
    const { history, cli } = await workspace();
    await cli('audits', 'schedule', 'n', '--frequency', 'daily');
    await cli('audit', history, '--scheduled', 'n', '--now', '2026-01-02T03:00:00Z');
    const changed = ['--frequency', 'monthly', '--day-of-month', 'last', '--json'];
    const { json } = await cli('audits', 'schedule', 'n', ...changed);
    expect(json()).toMatchObject({
      schedule: { frequency: 'MONTHLY', dayOfMonth: 'LAST' },
      state: { lastRunAt: Date.parse('2026-01-02T03:00:00Z') },
    });
    const early = await cli('audit', history, '--scheduled', 'n', '--now', '2026-01-03T03:00:00Z');
    expect(early.stderr).toContain('next due 2026-01-31T00:00:00.000Z');
  });

  it.each([
    { argv: ['--scheduled', 'none'], says: 'there is no scheduled audit "none"' },
    { argv: ['--scheduled', '../x'], says: 'there is no scheduled audit "../x"' },
    { argv: ['--scheduled', 'n', '--window', 'run'], says: 'has its own window' },
    { argv: ['--scheduled', 'n', '--check', CONFLICT], says: 'has its own checks' },
    { argv: ['--early'], says: '--early belongs to --scheduled' },
    { argv: ['--semantics', 'sharedby=connections'], says: 'did you mean sharedBy?' },
    { argv: ['--semantics', 'sharedBy=x'], says: 'use overlapping-client-ids or connections' },
    { argv: ['--semantics', 'constructor=x'], says: 'has no "constructor"' },
    { argv: ['--semantics', 'relatedMax=0'], says: 'not a whole number from 1' },
    { argv: ['--suppressions', '/nonexistent.yaml'], says: 'no such file' },
  ])('$argv is refused with a sentence', async ({ argv, says }) => {
    const { history, cli } = await workspace();
    await cli('audits', 'schedule', 'n', '--frequency', 'daily');
    const { code, stderr } = await cli('audit', history, ...argv);
    expect([64, 65]).toContain(code);
    expect(stderr).toContain(says);
  });
});

describe('suppressions', () => {
  it('are added, listed, used and removed', async () => {
    const { history, audits, cli } = await workspace();
    const { code: before } = await cli('audit', history, '--check', CONFLICT);
    expect(before).toBe(1);
    const until = ['--until', '2027-01-31', '--description', 'known'];
    expect((await cli('audits', 'suppress', CONFLICT, 'pump', ...until)).code).toBe(0);
    expect((await cli('audits', 'suppress', CONFLICT, 'pump', ...until)).code).toBe(64);
    const suppress = ['audits', 'suppress', SHARED];
    expect((await cli(...suppress, certificate('a'), '--indefinitely')).code).toBe(0);

    const after = await cli('audit', history, '--json', '--now', '2026-01-05');
    expect(after.code).toBe(0);
    expect(after.json().findings.map((one: { isSuppressed: boolean }) => one.isSuppressed)).toEqual(
      [true, true],
    );
    const shown = await cli('audit', history, '--now', '2026-01-05');
    expect(shown.stdout).toContain('1 of them suppressed');
    expect((await cli('audit', history, '--now', '2027-02-01')).code).toBe(1);

    const listed = await cli('audits', 'suppressions', '--now', '2027-02-01');
    expect(listed.stdout).toMatch(/pump.*2027-01-31T00:00:00Z[^─]*\(expired\)/);
    expect(await readFile(join(audits, 'suppressions.yaml'), 'utf8')).toContain(
      'description: known',
    );
    expect((await cli('audits', 'unsuppress', CONFLICT, 'pump')).code).toBe(0);
    expect((await cli('audits', 'unsuppress', CONFLICT, 'pump')).code).toBe(64);
    expect((await cli('audits', 'suppressions', '--json')).json().suppressions).toHaveLength(1);
  });

  it.each([
    { argv: [CONFLICT, 'pump'], says: 'give --until <date> or --indefinitely' },
    { argv: [CONFLICT, 'pump', '--until', 'soon'], says: '--until is not a point in time' },
    { argv: [SHARED, 'pump', '--indefinitely'], says: 'write its 64 hex digits' },
    { argv: ['NO_CHECK', 'pump', '--indefinitely'], says: 'NO_CHECK' },
  ])('$argv is refused with a sentence', async ({ argv, says }) => {
    const { cli } = await workspace();
    const { code, stderr } = await cli('audits', 'suppress', ...argv);
    expect(code).toBe(64);
    expect(stderr).toContain(says);
  });
});

describe('kept audits', () => {
  it('are shown, filtered and compared', async () => {
    const { history, audits, cli } = await workspace();
    const first = await cli('audit', history, '--save', '--json');
    const window = ['--window', '2026-01-02..2026-01-04', '--now', '2026-01-05'];
    const second = await cli('audit', history, '--save', '--json', ...window);
    expect(await readdir(join(audits, 'tasks'))).toHaveLength(4);
    const [before, after] = [first.json().taskId, second.json().taskId];

    const { json: described } = await cli('audits', 'show', before, '--json');
    expect(described()).toMatchObject({ taskId: before, taskStatus: 'COMPLETED' });
    expect(described().auditDetails[CONFLICT].doppelfleet).toBeUndefined();
    expect((await cli('audits', 'show')).stdout).toContain(SHARED);

    const findings = (await cli('audits', 'findings', before, '--json')).json().findings;
    expect(findings).toEqual(first.json().findings);
    const some = ['audits', 'findings', before, '--json', '--no-suppressed', '--resource', 'pump'];
    expect((await cli(...some)).json().findings).toHaveLength(1);
    const shared = findings.find((one: { checkName: string }) => one.checkName === SHARED);
    const id = shared.findingId.slice(0, 8);
    expect((await cli('audits', 'finding', id)).json().finding.findingId).toBe(shared.findingId);
    const related = await cli('audits', 'finding', id, '--related', '--max-results', '1');
    expect(related.json()).toEqual({
      relatedResources: shared.relatedResources.slice(0, 1),
      nextToken: '1',
    });

    const gone = await cli('audits', 'compare', before, after, '--json');
    expect(gone.code).toBe(0);
    expect(gone.json()).toMatchObject({ new: [], undecided: [], gone: [{ checkName: CONFLICT }] });
    const added = await cli('audits', 'compare', after, before);
    expect(added.code).toBe(1);
    expect(added.stdout).toContain('1 new, 1 still there, 0 gone');
    const file = join(audits, 'before.json');
    await writeFile(file, first.stdout);
    expect((await cli('audits', 'compare', file, 'latest')).code).toBe(0);
    await writeFile(file, '{}');
    expect((await cli('audits', 'compare', file, 'latest')).code).toBe(65);
  });

  it('are only made when that is asked for', async () => {
    const { history, audits, cli } = await workspace();
    await cli('audit', history);
    await expect(readdir(audits)).rejects.toThrow('ENOENT');
    expect((await cli('audits', 'show')).stderr).toContain('there is no audit "latest"');
    expect((await cli('audits', 'list', '--json')).json()).toEqual({ tasks: [] });
  });
});
