/** A month of daily runs of one scheduled audit, held against loops over pairs of sessions. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AuditFinding, AuditResult } from '../../src/audit/finding.ts';
import { runScheduledAudit } from '../../src/audit/run-scheduled.ts';
import { putSchedule } from '../../src/audit/schedule-folder.ts';
import type { ObservedEvent } from '../../src/history/event.ts';
import {
  certificate,
  closed,
  connected,
  EPOCH,
  header,
  historyText,
  temporaryFolder,
  trailer,
} from '../support/history-events.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const LAG = 2 * HOUR;
const TOLERANCE = 100;
const END = 33 * DAY;

interface Session {
  readonly id: string;
  readonly clientId: string;
  readonly digit: string;
  /** From the epoch of the tests. */
  readonly from: number;
  readonly to: number | undefined;
  readonly takenOver: boolean;
}

/** Sessions from minutes to weeks; many begin and end on the hour, as the runs do. */
function sessionsOfAMonth(seed: number): readonly Session[] {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const lengths = [80, 150, 10 * 60_000, HOUR, 5 * HOUR, 30 * HOUR, 9 * DAY];
  return Array.from({ length: 160 }, (_, n) => {
    const start = random(2) === 0 ? random(32 * 24) * HOUR : random(32 * DAY);
    const length = lengths[random(lengths.length)] ?? HOUR;
    const end = start + (random(2) === 0 ? length : 1 + random(length));
    // Every takeover is an eviction of its own client ID; whether there is a rival is no matter here.
    return {
      id: `s${n}`,
      clientId: `client-${random(14)}`,
      digit: '0123456789abcdef'[random(12)] ?? '0',
      from: start,
      to: random(12) === 0 || end >= END ? undefined : end,
      takenOver: random(3) === 0,
    };
  });
}

function eventsOf(sessions: readonly Session[]): readonly ObservedEvent[] {
  return sessions
    .flatMap(({ id, clientId, digit, from, to, takenOver }) => {
      const extra = { certificateId: certificate(digit) };
      const reason = takenOver ? 'session-taken-over' : 'client-initiated';
      return [
        connected(id, clientId, from, extra),
        ...(to === undefined ? [] : [closed(id, clientId, to, reason, extra)]),
      ];
    })
    .sort((a, b) => a.at - b.at);
}

interface Window {
  readonly from: number;
  readonly to: number;
}

/** Times of eviction by client ID, newest first. */
function conflicts(sessions: readonly Session[], { from, to }: Window) {
  const found: Record<string, number[]> = {};
  for (const session of sessions) {
    if (!session.takenOver || session.to === undefined) continue;
    if (session.to < from || session.to >= to) continue;
    found[session.clientId] = [...(found[session.clientId] ?? []), session.to];
  }
  for (const times of Object.values(found)) times.sort((a, b) => b - a);
  return found;
}

/** Sessions by certificate; with `compat` as AWS's public sample lists them. */
function sharings(sessions: readonly Session[], { from, to }: Window, compat: boolean) {
  const found: Record<string, string[]> = {};
  const within = (at: number | undefined) => at !== undefined && at >= from && at < to;
  for (const digit of new Set(sessions.map((session) => session.digit))) {
    const own = sessions.filter((session) => session.digit === digit);
    const sharers = own.filter((a) =>
      own.some(
        (b) =>
          a.clientId !== b.clientId &&
          Math.max(a.from, b.from, from) <
            Math.min((a.to ?? END) - TOLERANCE, (b.to ?? END) - TOLERANCE, to),
      ),
    );
    const listed = compat ? sharers.filter((one) => within(one.from) || within(one.to)) : sharers;
    if (listed.length === 0) continue;
    found[certificate(digit)] = listed
      .map((one) => {
        const end = one.to !== undefined && one.to < to ? one.to : 'open';
        return `${one.clientId} ${one.from} ${end}`;
      })
      .sort();
  }
  return found;
}

function found({ findings }: AuditResult) {
  const conflicting: Record<string, number[]> = {};
  const shared: Record<string, string[]> = {};
  for (const { nonCompliantResource, relatedResources = [] } of findings) {
    const { clientId, deviceCertificateId } = nonCompliantResource.resourceIdentifier;
    if (clientId !== undefined) {
      conflicting[clientId] = relatedResources.map((one) => time(one, 'DISCONNECTION_TIME'));
    } else if (deviceCertificateId !== undefined) {
      shared[deviceCertificateId] = relatedResources
        .map((one) => {
          const end = one.additionalInfo?.DISCONNECTION_TIME;
          const shown = end === undefined ? 'open' : Number(end) - EPOCH;
          return `${one.resourceIdentifier.clientId} ${time(one, 'CONNECTION_TIME')} ${shown}`;
        })
        .sort();
    }
  }
  return { conflicts: conflicting, sharings: shared };
}

type Related = NonNullable<AuditFinding['relatedResources']>[number];
const time = ({ additionalInfo }: Related, key: string): number =>
  Number(additionalInfo?.[key]) - EPOCH;

/** Daily at three; late on some days, missed on others. */
const RUNS = Array.from({ length: 30 }, (_, day) => day + 2)
  .filter((day) => ![9, 10, 20].includes(day))
  .map((day) => day * DAY + 3 * HOUR + (day % 5 === 0 ? 37 * 60_000 : 0));

async function month(seed: number, compat: boolean) {
  const folder = await temporaryFolder();
  const sessions = sessionsOfAMonth(seed);
  const events = eventsOf(sessions);
  const file = path.join(folder, 'history.ndjson');
  const text = historyText(events, header(['broker']), trailer(events.length, EPOCH + END));
  await writeFile(file, text);
  await putSchedule(folder, {
    scheduledAuditName: 'nightly',
    frequency: 'DAILY',
    timeOfDay: '03:00',
    timeZone: 'UTC',
  });
  const run = async (now: number) => {
    const { ran, audit } = await runScheduledAudit({
      folder,
      name: 'nightly',
      histories: [file],
      now: EPOCH + now,
      present: EPOCH + END,
      options: { awsCompat: compat },
    });
    return { ran, audit };
  };
  return { sessions, run };
}

describe('a scheduled audit, run day after day for a month', () => {
  test.each([
    ['strict', 1, false],
    ['as AWS lists', 2, true],
  ])(
    'finds in each window what belongs to it: %s',
    { timeout: 60_000 },
    async (_, seed, compat) => {
      const { sessions, run } = await month(seed, compat);
      const evictions: string[] = [];
      let counted = 0;
      for (const [i, now] of RUNS.entries()) {
        const previous = RUNS[i - 1];
        const { ran, audit } = await run(now);
        expect(ran).toBe(true);
        // The first run reaches back to where the evidence begins.
        const conflict = { from: previous ?? 0, to: now };
        const shared = { from: previous === undefined ? 0 : previous - LAG, to: now - LAG };
        const expected = {
          conflicts: conflicts(sessions, conflict),
          sharings: sharings(sessions, shared, compat),
        };
        expect(found(audit)).toEqual(expected);
        counted += Object.keys(expected.sharings).length;
        for (const [clientId, times] of Object.entries(expected.conflicts)) {
          evictions.push(...times.map((at) => `${clientId} ${at}`));
        }
      }
      // Together they find every eviction once: windows neither overlap nor leave gaps.
      const last = RUNS.at(-1) ?? 0;
      const all = sessions.filter((one) => one.takenOver && one.to !== undefined && one.to < last);
      expect(evictions.sort()).toEqual(all.map((one) => `${one.clientId} ${one.to}`).sort());
      expect(counted).toBeGreaterThan(20);
    },
  );

  test('is not disturbed by runs that are not due or on demand', async () => {
    const { run } = await month(3, false);
    const [first, second] = [await run(2 * DAY + 3 * HOUR), await run(2 * DAY + 20 * HOUR)];
    expect(second).toEqual({ ran: false, audit: JSON.parse(JSON.stringify(first.audit)) });
    const third = await run(3 * DAY + 3 * HOUR);
    expect(third.audit.auditDetails.CONFLICTING_CLIENT_IDS_CHECK?.doppelfleet.window).toEqual({
      from: EPOCH + 2 * DAY + 3 * HOUR,
      to: EPOCH + 3 * DAY + 3 * HOUR,
    });
    expect(third.audit).toMatchObject({
      taskType: 'SCHEDULED_AUDIT_TASK',
      scheduledAuditName: 'nightly',
    });
  });
});
