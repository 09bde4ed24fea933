/** Mosquitto's stamps: without a zone, as its manual shows them, and such as can't be true. */
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { auditHistory } from '../../../src/audit/engine.ts';
import { LOG_LEAP_LINES } from '../../../src/core/limits.ts';
import { likelyFormats } from '../../../src/history/formats/detect.ts';
import { plainClient } from '../../support/plain-client.ts';
import { requireProgram } from '../../support/programs.ts';
import { readFormat, sessionsOf } from '../../support/read-format.ts';
import { startMosquitto } from '../../support/real-brokers.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const broker = requireProgram('mosquitto');
const AT = Date.UTC(2026, 10, 20, 21, 0, 0);
const DAY = 86_400;
const ZONELESS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d: /;

/** Seconds since 1970 before a line, `after` the beginning of the recording. */
const line = (after: number, body: string) => `${AT / 1000 + after}: ${body}`;
const joined = (id: string, port: number) =>
  `New client connected from 10.0.0.1:${port} as ${id} (p2, c1, k60).`;
const taken = (id: string) => `Client ${id} already connected, closing old connection.`;

async function auditOf(text: string, zoneMinutes?: number) {
  const log = path.join(await temporaryFolder(), 'mosquitto.log');
  await writeFile(log, text);
  return auditHistory([log], zoneMinutes === undefined ? {} : { source: { zoneMinutes } });
}

describe.skipIf(!broker.available)(`a log in the format of the manual${broker.note}`, () => {
  /** The program with this zone and `log_timestamp_format`, as its manual has it. */
  async function zonelessMosquitto(zone: string): Promise<string> {
    const program = path.join(await temporaryFolder(), 'mosquitto');
    const script = [
      '#!/bin/sh',
      'echo \'log_timestamp_format %Y-%m-%dT%H:%M:%S\' >> "$2"',
      `TZ='${zone}' exec '${broker.file}' "$@"`,
    ];
    await writeFile(program, `${script.join('\n')}\n`);
    await chmod(program, 0o700);
    return program;
  }

  test('is read in the zone that is named, or as UTC', async () => {
    // POSIX counts west of UTC: half past five east of it.
    const running = await startMosquitto(await zonelessMosquitto('XST-05:30'));
    const from = Math.floor(Date.now() / 1000) * 1000;
    for (let round = 0; round < 2; round += 1) {
      const one = await plainClient(running.port, 'dup');
      if (round === 0) continue;
      one.disconnect();
      await one.ended;
    }
    await running.logWith(/Client dup disconnected\./);
    const to = Date.now();
    const text = await running.stop();
    expect(text.split('\n').filter((one) => ZONELESS.test(one)).length).toBeGreaterThan(5);
    expect(likelyFormats(text, {})[0]?.[0]).toBe('mosquitto');

    const named = readFormat('mosquitto', text, { zoneMinutes: 330 });
    const utc = readFormat('mosquitto', text);
    expect([named.unread, utc.unread]).toEqual([[], []]);
    expect(sessionsOf(named.events).map(({ reason }) => reason)).toEqual([
      'session-taken-over',
      'client-initiated',
    ]);
    for (const { at } of named.events) {
      expect(at).toBeGreaterThanOrEqual(from);
      expect(at).toBeLessThanOrEqual(to);
    }
    const shift = 330 * 60_000;
    expect(utc.events).toEqual(named.events.map((event) => ({ ...event, at: event.at + shift })));
  }, 60_000);
});

describe('a stamp without a zone', () => {
  const text = ['2026-11-20T21:00:00', '2026-11-20T21:00:07']
    .map((stamp, i) => `${stamp}: ${joined('a', i + 1)}\n`)
    .join('');
  const times = (zoneMinutes?: number) =>
    sessionsOf(
      readFormat('mosquitto', text, zoneMinutes === undefined ? {} : { zoneMinutes }).events,
    ).map(({ connectedAt }) => (connectedAt ?? 0) - AT);

  test('is in the zone that is named, otherwise in UTC, never in that of the machine', () => {
    expect(times()).toEqual([0, 7_000]);
    expect(times(120)).toEqual([-7_200_000, -7_193_000]);
    expect(times(-330)).toEqual([19_800_000, 19_807_000]);
    expect(times()).toEqual([0, 7_000]);
  });

  test('is told to have been read as UTC, unless a zone is named or in the stamp', async () => {
    const remark = 'times without a zone were read as UTC; --zone names another';
    const remarks = async (log: string, zoneMinutes?: number) =>
      JSON.stringify(await auditOf(log, zoneMinutes)).includes(remark);
    expect(await remarks(text)).toBe(true);
    expect(await remarks(text, 0)).toBe(false);
    expect(await remarks(text.replaceAll(/(?<=^.{19}):/gm, '+0000:'))).toBe(false);
    expect(await remarks(`${line(0, joined('a', 1))}\n`)).toBe(false);
  });

  test.each(['2026-11-20T24:00:00', '2026-11-20T21:60:00', '2026-02-30T21:00:00'])(
    'that is none, as %s, is no time',
    (stamp) => {
      const { events, unread } = readFormat('mosquitto', `${stamp}: ${joined('a', 1)}`);
      expect([events, unread]).toEqual([[], ['no time before the line']]);
    },
  );
});

describe('an absurd stamp', () => {
  const takeovers = Array.from({ length: 6 }, (_, i) => [
    ...(i === 0 ? [] : [line(10 * i, taken('dup'))]),
    line(10 * i, joined('dup', 100 + i)),
  ]).flat();
  const block = (stamp: string) => [
    `${stamp}: New connection from 10.0.0.9:7 on port 1883.`,
    `${stamp}: ${joined('ghost', 7)}`,
    `${stamp}: Client ghost disconnected.`,
  ];
  const put = (at: number, lines: readonly string[]) =>
    [...takeovers.slice(0, at), ...lines, ...takeovers.slice(at)].join('\n');
  const clean = readFormat('mosquitto', takeovers.join('\n'));

  test.each([
    ['99999999999', 5138],
    ['0', 1970],
    ['946684799', 1999],
    ['1970-01-01T00:00:05', 1970],
    ['1970-01-01T00:00:05+0000', 1970],
    ['2785208400', 2058],
    ['2058-01-01T00:00:05Z', 2058],
    ['1500000000', 2017],
  ])('%s is unread, wherever it is among lines of another year', (stamp, year) => {
    for (const at of [4, takeovers.length]) {
      const { events, unread } = readFormat('mosquitto', put(at, block(stamp)));
      expect(events).toEqual(clean.events);
      expect(unread).toHaveLength(3);
      for (const message of unread) {
        expect(message).toContain(`a stamp of the year ${year} among lines of 2026`);
      }
    }
  });

  test('at the beginning has no year to compare with, and is unread all the same', () => {
    const { events, unread } = readFormat('mosquitto', put(0, block('99999999999')));
    expect(events).toEqual(clean.events);
    expect(unread).toEqual(Array<string>(3).fill('a stamp of the year 5138'));
  });

  test('changes no finding and no end of the recording', async () => {
    const facts = async (text: string) => {
      const { auditDetails, findings, statistics } = await auditOf(text);
      return {
        window: auditDetails.CONFLICTING_CLIENT_IDS_CHECK?.doppelfleet.window,
        sessions: statistics.sessions,
        findings: findings.map(({ checkName, nonCompliantResource, doppelfleet }) => ({
          checkName,
          resource: nonCompliantResource.resourceIdentifier,
          doppelfleet,
        })),
      };
    };
    const truth = await facts(takeovers.join('\n'));
    expect(truth.findings).toHaveLength(1);
    expect(truth.window).toBeDefined();
    for (const stamp of ['99999999999', '0', '2785208400']) {
      expect(await facts(put(5, block(stamp)))).toEqual(truth);
    }
  });

  test('of a start still ends what was open: the connects after it take nothing over', () => {
    const text = [
      line(0, joined('a', 1)),
      '12: mosquitto version 2.0.11 starting',
      line(60, joined('a', 2)),
    ].join('\n');
    const { events, unread } = readFormat('mosquitto', text);
    expect(sessionsOf(events)).toMatchObject([
      { connectedAt: AT, closedAt: AT, reason: 'server-initiated' },
      { connectedAt: AT + 60_000, closedAt: undefined },
    ]);
    expect(unread).toEqual(['a stamp of the year 1970 among lines of 2026']);
  });
});

describe('a gap', () => {
  test('of less than a year is none to doubt', () => {
    const days = [0, 1, 9, 30, 300, 600];
    const text = days.map((day, i) => line(day * DAY, joined(`c${i}`, i + 1))).join('\n');
    const { events, unread } = readFormat('mosquitto', text);
    expect(unread).toEqual([]);
    expect(events.map(({ at }) => (at - AT) / 1000 / DAY)).toEqual(days);
  });

  test.each([3 * 366, -3 * 366])('of %i days is believed once the log goes on there', (days) => {
    const before = Array.from({ length: 150 }, (_, i) => line(i, joined(`a${i}`, i + 1)));
    const after = (count: number) =>
      Array.from({ length: count }, (_, i) => line(days * DAY + i, joined(`b${i}`, i + 1)));
    const read = (count: number) =>
      readFormat('mosquitto', [...before, ...after(count)].join('\n'));
    const enough = read(LOG_LEAP_LINES);
    expect(enough.unread).toEqual([]);
    expect(enough.events).toHaveLength(150 + LOG_LEAP_LINES);
    const few = read(LOG_LEAP_LINES - 1);
    expect(few.unread).toHaveLength(LOG_LEAP_LINES - 1);
    expect(few.events).toHaveLength(150);
  });

  test('after a few lines with a clock that was not set is believed to the end', () => {
    const unset = [1, 2].map((i) => `${Date.UTC(2001, 0, 1) / 1000}: ${joined(`u${i}`, i)}`);
    const set = [1, 2, 3].map((i) => line(i, joined(`s${i}`, i)));
    const { events, unread } = readFormat('mosquitto', [...unset, ...set].join('\n'));
    expect(unread).toEqual([]);
    expect(events).toHaveLength(5);
  });
});
