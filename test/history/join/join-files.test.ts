/** Joining files: a run with itself, a device's history with a broker's log whose clock is another. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import type { ObservedEvent } from '../../../src/history/event.ts';
import { joinHistory } from '../../../src/history/join/join-histories.ts';
import { timelineOf } from '../../../src/history/join/timeline.ts';
import { runCli } from '../../support/fake-environment.ts';
import {
  certificate,
  closed,
  connected,
  EPOCH,
  header,
  historyText,
  temporaryFolder,
} from '../../support/history-events.ts';

const HOUR_MS = 3_600_000;
const EVIL = "evil' (p2, c1) disconnected; DROP TABLE events --";

/** Two rivals for one client ID, and a bystander with an ID that looks like a line of a log. */
const sessions = [
  { client: 'pump', port: 4001, from: 1_203, to: 2_404, raw: 'FIN' },
  { client: 'pump', port: 4002, from: 2_403, to: 9_000, raw: 'DISCONNECT sent' },
  { client: EVIL, port: 4003, from: 3_700, to: 8_100, raw: 'DISCONNECT sent' },
] as const;

function deviceEvents(): ObservedEvent[] {
  return sessions.flatMap(({ client, port, from, to, raw }, i) => {
    const extra = {
      vantage: 'device',
      ip: '127.0.0.1',
      port,
      certificateId: certificate(String(i + 1)),
    } as const;
    const reason = raw === 'FIN' ? 'unknown' : 'client-initiated';
    return [
      connected(`d${i}`, client, from, extra),
      closed(`d${i}`, client, to, reason, { ...extra, raw }),
    ];
  });
}

/** As Mosquitto 2.0 writes it: whole seconds, of a clock that is an hour behind. */
function logText(): string {
  const line = (at: number, text: string): string =>
    `${Math.floor((EPOCH + at - HOUR_MS) / 1000)}: ${text}\n`;
  const connect = (at: number, port: number, client: string): string =>
    line(at, `New connection from 127.0.0.1:${port} on port 8883.`) +
    line(at, `New client connected from 127.0.0.1:${port} as ${client} (p2, c1, k60, u'dev1').`);
  return [
    connect(1_200, 4001, 'pump'),
    line(2_400, 'New connection from 127.0.0.1:4002 on port 8883.'),
    line(2_400, 'Client pump already connected, closing old connection.'),
    line(2_400, "New client connected from 127.0.0.1:4002 as pump (p2, c1, k60, u'dev2')."),
    connect(3_697, 4003, EVIL),
    line(8_100, `Client ${EVIL} disconnected.`),
    line(9_001, 'Client pump disconnected.'),
  ].join('');
}

async function twoFiles(): Promise<{ readonly history: string; readonly log: string }> {
  const folder = await temporaryFolder();
  const [history, log] = [path.join(folder, 'device.ndjson'), path.join(folder, 'mosquitto.log')];
  await writeFile(history, historyText(deviceEvents(), header(['device'])));
  await writeFile(log, logText());
  return { history, log };
}

describe('a history and a log whose clock is an hour behind', () => {
  it('joins every session by port and finds the offset within the log’s second', async () => {
    const { history, log } = await twoFiles();
    const report = await joinHistory([history, log]);
    expect(report.counts).toMatchObject({
      joined: { port: 3, 'client-id': 0, time: 0 },
      deviceOnly: 0,
      brokerOnly: 0,
      ambiguous: 0,
      certificatesFromDevice: 3,
    });
    const [clock] = report.clocks;
    expect(clock).toMatchObject({ precisionMs: { device: 1, broker: 1000 }, basis: 'address' });
    expect(Math.abs((clock?.ms ?? 0) - HOUR_MS)).toBeLessThanOrEqual(500);
    expect(report.joined.map(({ device, broker }) => [device.port, broker.clientId])).toEqual([
      [4001, 'pump'],
      [4002, 'pump'],
      [4003, EVIL],
    ]);
  });

  it('shows a takeover with both sides’ lines, in the order in which they were written', async () => {
    const { history, log } = await twoFiles();
    const lines = timelineOf(await joinHistory([history, log]), 'pump');
    expect(
      lines.map(({ connection, vantage, kind }) => `${connection} ${vantage} ${kind}`),
    ).toEqual([
      '1 broker connected',
      '1 device connected',
      '1 broker closed',
      '2 broker connected',
      '2 device connected',
      '1 device closed',
      '2 broker closed',
      '2 device closed',
    ]);
    expect(lines[2]?.raw).toBe('Client pump already connected, closing old connection.');
    expect(lines[2]).toMatchObject({
      certificateId: certificate('1'),
      certificateFrom: 'device, joined by port',
      approximate: true,
    });
    expect(lines[5]).toMatchObject({ raw: 'FIN', correctedAt: EPOCH + 2_404 });
  });

  it('prints all of it, and the same as JSON', async () => {
    const { history, log } = await twoFiles();
    const argv = ['history', 'join', history, log, '--client-id', 'pump'];
    const shown = await runCli(argv);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain('3 connections joined by port');
    expect(shown.stdout).toMatch(/clocks: the broker's (1h|59m 59\.\d+s) behind/);
    expect(shown.stdout).toMatch(/#1 {5}B │ closed, session-taken-over «Client pump already/);
    expect(shown.stdout).toMatch(/#1 D {5}│ closed, unknown «FIN»/);
    const json = JSON.parse((await runCli([...argv, '--json'])).stdout);
    expect(json.joined).toHaveLength(3);
    expect(json.timeline).toHaveLength(8);
    expect(json.disagreements).toMatchObject([
      { kind: 'certificate-not-logged', count: 3 },
      { kind: 'device-not-told', count: 1 },
    ]);
  });

  it('says so when a client ID was never seen', async () => {
    const { history, log } = await twoFiles();
    const shown = await runCli(['history', 'join', history, log, '--client-id', '\u001b[2Jx']);
    expect(shown.stdout).toContain('Both sides of \\x1b[2Jx\nneither side has seen this client ID');
  });
});

describe('which source speaks for which side', () => {
  it('prefers a broker’s log to the broker’s side of a run, and says so', async () => {
    const { history, log } = await twoFiles();
    const broker = deviceEvents().map(
      (event, i): ObservedEvent => ({
        ...event,
        vantage: 'broker',
        sessionId: `b${Math.floor(i / 2)}`,
      }),
    );
    await writeFile(history, historyText([...deviceEvents(), ...broker]));
    const alone = await joinHistory(history);
    expect(alone.clocks[0]).toMatchObject({ device: 0, broker: 0, ms: 0 });
    const report = await joinHistory([history, log]);
    expect(report.clocks).toMatchObject([{ device: 0, broker: 1 }]);
    expect(report.counts).toMatchObject({ brokerSessions: 3, joined: { port: 3 } });
    expect(report.remarks[0]).toMatch(/the broker's side of .*device\.ndjson was left out/);
  });

  it.each(['device', 'broker'] as const)(
    'refuses to join when the %s’s side is missing',
    async (side) => {
      const { history, log } = await twoFiles();
      const only = side === 'device' ? log : history;
      const refusal = await joinHistory(only).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(UserError);
      expect((refusal as UserError).exitCode).toBe(65);
      expect((refusal as UserError).message).toContain(`has the ${side}'s side`);
    },
  );

  it('holds it against a broker that was listened to and said nothing', async () => {
    const { history } = await twoFiles();
    await writeFile(history, historyText(deviceEvents(), header(['broker', 'device'])));
    const { disagreements, counts } = await joinHistory(history);
    expect(disagreements).toMatchObject([{ kind: 'broker-missed-session', count: 3 }]);
    expect(counts).toMatchObject({ deviceOnly: 3, outside: 0, brokerSessions: 0 });
  });

  it('is inconclusive about evidence that was cut short', async () => {
    const { history, log } = await twoFiles();
    await writeFile(history, historyText(deviceEvents(), header(['device']), 'truncated'));
    const { code, stdout } = await runCli(['history', 'join', history, log]);
    expect(code).toBe(2);
    expect(stdout).toContain('note: evidence was cut short');
  });
});
