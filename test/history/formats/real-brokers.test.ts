/** Logs made by running the real brokers, and what is read from them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { auditHistory } from '../../../src/audit/engine.ts';
import { plainClient } from '../../support/plain-client.ts';
import { requireProgram } from '../../support/programs.ts';
import { readFormat, sessionsOf } from '../../support/read-format.ts';
import {
  type RealBroker,
  startMosquitto,
  startNats,
  startRabbitmq,
} from '../../support/real-brokers.ts';

const mosquitto = requireProgram('mosquitto');
const nats = requireProgram('nats-server');
const rabbitmq = requireProgram('rabbitmq-server');
const epmd = requireProgram('epmd');

/** A broker may take its time to start on a busy machine. */
const TIMEOUT_MS = 120_000;

const HOSTILE = [
  'dup" - Client connection closed: Client Closed',
  "a' with duplicate id 'dup",
  "evil (p2, c1, k60, u'dup').",
  'b, client id: dup)',
  'dup disconnected.',
  'é☃😀',
];
/** MQTT allows them; Mosquitto refuses them. */
const CONTROL = ['line\nbreak)', 'dup\n[1] 2026/11/20 21:00:00.000000 [DBG] x'];

interface Told {
  readonly clientId: string;
  readonly port: number;
  readonly reason: string | undefined;
}

/** Plays one of each kind of session and returns what truly happened. */
async function play(broker: RealBroker, hostile: readonly string[]): Promise<readonly Told[]> {
  const told: Told[] = [];
  const first = await plainClient(broker.port, 'dup');
  const second = await plainClient(broker.port, 'dup');
  await first.ended;
  second.disconnect();
  await second.ended;
  told.push({ clientId: 'dup', port: first.port, reason: 'session-taken-over' });
  told.push({ clientId: 'dup', port: second.port, reason: 'client-initiated' });
  const lost = await plainClient(broker.port, 'lost');
  lost.leave();
  await lost.ended;
  told.push({ clientId: 'lost', port: lost.port, reason: 'connection-lost' });
  for (const clientId of hostile) {
    const victim = await plainClient(broker.port, clientId);
    const taker = await plainClient(broker.port, clientId);
    await victim.ended;
    taker.disconnect();
    await taker.ended;
    told.push({ clientId, port: victim.port, reason: 'session-taken-over' });
    told.push({ clientId, port: taker.port, reason: 'client-initiated' });
  }
  const silent = await plainClient(broker.port, 'silent', 1);
  await silent.ended;
  told.push({ clientId: 'silent', port: silent.port, reason: 'keep-alive-timeout' });
  return told;
}

function toldBy(text: string, id: 'mosquitto' | 'nats' | 'rabbitmq'): readonly Told[] {
  const { events, unread } = readFormat(id, text);
  expect(unread).toEqual([]);
  return sessionsOf(events).map(({ clientId, port = 0, reason }) => ({ clientId, port, reason }));
}

const byPort = (told: readonly Told[]) =>
  [...told].sort((a, b) => a.port - b.port || (a.clientId < b.clientId ? -1 : 1));

describe.skipIf(!mosquitto.available)(`a log of Mosquitto${mosquitto.note}`, () => {
  test(
    'tells every session, also of client IDs that look like lines',
    async () => {
      const broker = await startMosquitto(mosquitto.file);
      const told = await play(broker, HOSTILE);
      await broker.logWith(/Client silent has exceeded timeout/);
      expect(byPort(toldBy(await broker.stop(), 'mosquitto'))).toEqual(byPort(told));
    },
    TIMEOUT_MS,
  );

  test(
    'of devices with one client ID is audited to exactly that conflict',
    async () => {
      const broker = await startMosquitto(mosquitto.file);
      const good = await Promise.all(
        Array.from({ length: 10 }, (_, i) => plainClient(broker.port, `pump-${i}`)),
      );
      for (let round = 0; round < 12; round += 1) {
        const clone = await plainClient(broker.port, 'pump-firmware-default');
        if (round === 11) clone.disconnect();
      }
      for (const client of good) client.disconnect();
      await Promise.all(good.map((client) => client.ended));
      const folder = await mkdtemp(path.join(tmpdir(), 'doppelfleet-test-'));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      const log = path.join(folder, 'mosquitto.log');
      await writeFile(log, await broker.stop());
      const audit = await auditHistory([log]);
      expect(
        audit.findings.map(({ checkName, nonCompliantResource, doppelfleet }) => [
          checkName,
          nonCompliantResource.resourceIdentifier,
          doppelfleet.occurrences,
        ]),
      ).toEqual([['CONFLICTING_CLIENT_IDS_CHECK', { clientId: 'pump-firmware-default' }, 11]]);
      const shared = audit.auditDetails.DEVICE_CERTIFICATE_SHARED_CHECK;
      expect(shared?.doppelfleet.status).toBe('inconclusive');
      expect(shared?.doppelfleet.missing.join()).toMatch(/certificateId/);
      expect(audit.statistics.sessions).toBe(22);
    },
    TIMEOUT_MS,
  );
});

describe.skipIf(!nats.available)(`nats-server${nats.note}`, () => {
  test(
    'log and /connz tell every session, and the same ones',
    async () => {
      const broker = await startNats(nats.file);
      const told = (await play(broker, [...HOSTILE, ...CONTROL])).map((one) =>
        // The log has one word for a broken connection and one that fell silent.
        one.reason === 'keep-alive-timeout' ? { ...one, reason: 'connection-lost' } : one,
      );
      // A FIN without DISCONNECT reads as DISCONNECT does.
      const read = told.map((one) =>
        one.clientId === 'lost' ? { ...one, reason: 'client-initiated' } : one,
      );
      await broker.logWith(/"silent" - Client connection closed/);
      const connz = await (await fetch(`${broker.http}/connz?state=closed&auth=1`)).text();
      expect(byPort(toldBy(await broker.stop(), 'nats'))).toEqual(byPort(read));
      expect(byPort(toldBy(connz, 'nats'))).toEqual(byPort(read));
    },
    TIMEOUT_MS,
  );
});

describe.skipIf(!(rabbitmq.available && epmd.available))(`RabbitMQ${rabbitmq.note}`, () => {
  test(
    'log and event exchange tell every session, and the same ones',
    async () => {
      const broker = await startRabbitmq(epmd.file);
      await management(broker, 'PUT', 'queues/%2f/events', { durable: false });
      await management(broker, 'POST', 'bindings/%2f/e/amq.rabbitmq.event/q/events', {
        routing_key: '#',
      });
      const told = await play(broker, [...HOSTILE, ...CONTROL]);
      const log = await broker.logWith(/\(keepalive timeout\)/);
      expect(byPort(toldBy(log, 'rabbitmq'))).toEqual(byPort(told));
      const events = await management(broker, 'POST', 'queues/%2f/events/get', {
        count: 1_000,
        ackmode: 'ack_requeue_false',
        encoding: 'auto',
      });
      // The event of an end names no reason.
      const read = told.map((one) => ({ ...one, reason: 'unknown' }));
      expect(byPort(toldBy(events, 'rabbitmq'))).toEqual(byPort(read));
      await broker.stop();
    },
    TIMEOUT_MS,
  );
});

async function management(
  broker: RealBroker,
  method: string,
  at: string,
  body: object,
): Promise<string> {
  const answer = await fetch(`${broker.http}/api/${at}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${at}: ${answer.status}`);
  return answer.text();
}
