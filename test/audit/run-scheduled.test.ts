import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runScheduledAudit, type ScheduledRunRequest } from '../../src/audit/run-scheduled.ts';
import type { ScheduledAudit } from '../../src/audit/schedule.ts';
import { keptSchedules, putSchedule } from '../../src/audit/schedule-folder.ts';
import { keptTasks } from '../../src/audit/task-folder.ts';
import { UserError } from '../../src/core/errors.ts';
import {
  EPOCH,
  header,
  historyText,
  session,
  temporaryFolder,
  trailer,
} from '../support/history-events.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CONFLICT = 'CONFLICTING_CLIENT_IDS_CHECK';
const SHARED = 'DEVICE_CERTIFICATE_SHARED_CHECK';

/** One client that stays for a hundred days. */
const EVENTS = session('1', 'pump', 'a', [0, 100 * DAY]);

async function schedule(change: Partial<ScheduledAudit> = {}) {
  const folder = await temporaryFolder();
  const file = path.join(folder, 'history.ndjson');
  const text = historyText(EVENTS, header(['broker']), trailer(EVENTS.length, EPOCH + 100 * DAY));
  await writeFile(file, text);
  await putSchedule(folder, {
    scheduledAuditName: 'nightly',
    frequency: 'DAILY',
    timeOfDay: '03:00',
    timeZone: 'UTC',
    ...change,
  });
  const run = (now: number, more: Partial<ScheduledRunRequest> = {}) =>
    runScheduledAudit({
      folder,
      name: 'nightly',
      histories: [file],
      now,
      present: EPOCH + 100 * DAY,
      ...more,
    });
  return { folder, file, run };
}

type Run = Awaited<ReturnType<typeof runScheduledAudit>>;
const windowsOf = ({ audit }: Run) =>
  [CONFLICT, SHARED].map((check) => audit.auditDetails[check as typeof SHARED]?.doppelfleet.window);

describe('the first run of a scheduled audit', () => {
  test('reaches 31 days back, as an audit on demand does', async () => {
    const { run } = await schedule();
    const now = EPOCH + 50 * DAY;
    const first = await run(now);
    expect(windowsOf(first)).toEqual([
      { from: now - 31 * DAY, to: now },
      { from: now - 31 * DAY, to: now - 2 * HOUR },
    ]);
    expect(first.audit.notes[0]).toContain('the first run');
  });

  test('reaches no further than the evidence, and as far as it is told', async () => {
    const { run } = await schedule();
    const now = EPOCH + 5 * DAY;
    expect(windowsOf(await run(now))[0]).toEqual({ from: EPOCH, to: now });
    const other = await schedule();
    const told = await other.run(now, { options: { semantics: { firstWindowDays: 2 } } });
    expect(windowsOf(told)[0]).toEqual({ from: now - 2 * DAY, to: now });
  });
});

describe('a later run', () => {
  test('starts where the one before it ended; a shared certificate two hours earlier', async () => {
    const { run } = await schedule();
    const [first, second] = [EPOCH + 5 * DAY + 3 * HOUR, EPOCH + 6 * DAY + 4 * HOUR];
    await run(first);
    expect(windowsOf(await run(second))).toEqual([
      { from: first, to: second },
      { from: first - 2 * HOUR, to: second - 2 * HOUR },
    ]);
  });

  test('covers the runs that were missed, and says so', async () => {
    const { run } = await schedule();
    const first = EPOCH + 5 * DAY + 3 * HOUR;
    await run(first);
    const late = await run(first + 4 * DAY);
    expect(windowsOf(late)[0]).toEqual({ from: first, to: first + 4 * DAY });
    expect(late.audit.notes[0]).toContain('3 runs missed since 2026-01-06T03:00:00.000Z');
  });

  test('has 23 or 25 hours when clocks change, and leaves nothing out', async () => {
    const { run } = await schedule({ timeOfDay: '12:00', timeZone: 'Europe/Berlin' });
    // Noon in Berlin on 28, 29 and 30 March 2026.
    const noons = ['28T11', '29T10', '30T10'].map((at) => Date.parse(`2026-03-${at}:00:00Z`));
    const hours: number[] = [];
    let end: number | undefined;
    for (const noon of noons) {
      const [window] = windowsOf(await run(noon));
      if (window === undefined) throw new Error('the check did not run');
      if (end !== undefined) expect(window.from).toBe(end);
      hours.push((window.to - window.from) / HOUR);
      end = window.to;
    }
    expect(hours.slice(1)).toEqual([23, 24]);
  });

  test('moves on although it lacked evidence', async () => {
    const { folder, run } = await schedule();
    await run(EPOCH + 200 * DAY, { present: EPOCH + 300 * DAY });
    const { audit } = await run(EPOCH + 201 * DAY, { present: EPOCH + 300 * DAY });
    expect(audit.taskStatus).toBe('FAILED');
    const [kept] = await keptSchedules(folder);
    expect(kept?.state?.lastRunAt).toBe(EPOCH + 201 * DAY);
  });

  test('does not move on when its histories cannot be read', async () => {
    const { folder, run } = await schedule();
    await run(EPOCH + 5 * DAY);
    await expect(
      run(EPOCH + 7 * DAY, { histories: [path.join(folder, 'none.ndjson')] }),
    ).rejects.toThrow(UserError);
    expect(windowsOf(await run(EPOCH + 8 * DAY))[0]?.from).toBe(EPOCH + 5 * DAY);
  });

  test('audits the same time again when the one before it was cut off', async () => {
    const { folder, run } = await schedule();
    const file = path.join(folder, 'schedules', 'nightly.json');
    await run(EPOCH + 5 * DAY);
    const before = await readFile(file, 'utf8');
    await run(EPOCH + 6 * DAY + 4 * HOUR);
    // As if it had ended before it could write its state.
    await writeFile(file, before);
    expect(windowsOf(await run(EPOCH + 7 * DAY + 4 * HOUR))[0]?.from).toBe(EPOCH + 5 * DAY);
  });
});

describe('two runs at once', () => {
  test('are one run: the other gets its answer', async () => {
    const { folder, run } = await schedule();
    const now = EPOCH + 5 * DAY;
    const both = await Promise.all([run(now), run(now)]);
    expect(both.map(({ ran }) => ran).sort()).toEqual([false, true]);
    expect(both[0]?.audit.taskId).toBe(both[1]?.audit.taskId);
    expect(await keptTasks(folder)).toHaveLength(1);
  });
});

describe('a scheduled audit', () => {
  test('runs the checks it was made for', async () => {
    const { run } = await schedule({ targetCheckNames: [CONFLICT] });
    const { audit } = await run(EPOCH + 5 * DAY);
    expect(Object.keys(audit.auditDetails)).toEqual([CONFLICT]);
  });

  test.each(['', '{}', '{"schedule":{"scheduledAuditName":"nightly"}}', 'null', '[1]'])(
    'whose file is %j is a sentence',
    async (content) => {
      const { folder, run } = await schedule();
      await writeFile(path.join(folder, 'schedules', 'nightly.json'), content);
      await expect(run(EPOCH + 5 * DAY)).rejects.toThrow('the scheduled audit is damaged');
    },
  );
});
