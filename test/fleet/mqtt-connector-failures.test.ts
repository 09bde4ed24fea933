import { describe, expect, test } from 'vitest';
import { mqttConnector } from '../../src/fleet/mqtt-connector.ts';
import { realClock } from '../../src/fleet/real-clock.ts';
import { requireProgram } from '../support/programs.ts';
import {
  expiredDevice,
  issueDevice,
  manualClock,
  open,
  pester,
  startOpenssl,
  stranger,
  tlsOf,
} from './connector-harness.ts';
import { connack, listen, PACKET, startServer } from './mqtt-server.ts';

const openssl = requireProgram('openssl');

describe('a connect fails', () => {
  test.skipIf(!openssl.available).each([
    ['1.2', 'stranger', /UNKNOWN_CA/],
    ['1.3', 'stranger', /UNKNOWN_CA/],
    ['1.2', 'expired', /CERTIFICATE_EXPIRED/],
    ['1.3', 'expired', /CERTIFICATE_EXPIRED/],
  ] as const)(
    `as auth-error in TLS %s if the server refuses a certificate: %s${openssl.note}`,
    async (tls, kind, alert) => {
      const port = await startOpenssl(openssl.file);
      const credential = kind === 'stranger' ? issueDevice(stranger) : expiredDevice();
      const { connection, heard } = open(await mqttConnector(realClock), port, {
        credential,
        mqtt: { tls },
      });
      const news = await heard.until('connected', 'failed');
      expect(news).toEqual({
        kind: 'failed',
        reason: 'auth-error',
        raw: expect.stringMatching(alert),
      });
      await pester(connection);
      expect(heard.kinds).toEqual(['failed']);
    },
  );

  test('as protocol-error if the two share no version of TLS', async () => {
    const server = await startServer({ ...tlsOf(), maxVersion: 'TLSv1.2' });
    const { heard } = open(await mqttConnector(realClock), server.port);
    expect(await heard.until('connected', 'failed')).toMatchObject({ reason: 'protocol-error' });
  });

  test('as protocol-error if the server does not speak TLS', async () => {
    const port = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const { heard } = open(await mqttConnector(realClock), port);
    expect(await heard.until('connected', 'failed')).toMatchObject({ reason: 'protocol-error' });
  });

  test('once if the server closes during the handshake', async () => {
    const port = await listen((socket) => socket.once('data', () => socket.end()));
    const { connection, heard } = open(await mqttConnector(realClock), port);
    expect(await heard.until('connected', 'failed')).toMatchObject({ reason: 'unknown' });
    await pester(connection);
    expect(heard.kinds).toEqual(['failed']);
  });

  test('once if the server resets the connection during the handshake', async () => {
    const port = await listen((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const { connection, heard } = open(await mqttConnector(realClock), port);
    const news = await heard.until('connected', 'failed');
    expect(news).toEqual({ kind: 'failed', reason: 'unknown', raw: 'ECONNRESET' });
    await pester(connection);
    expect(heard.kinds).toEqual(['failed']);
  });

  test('once if nobody listens', async () => {
    const connector = await mqttConnector(realClock);
    // Port 1 of a loopback address that is nobody's.
    const { connection, heard } = open(connector, 1, { host: '127.8.7.6' });
    const news = await heard.until('connected', 'failed');
    expect(news).toEqual({ kind: 'failed', reason: 'unknown', raw: 'ECONNREFUSED' });
    await pester(connection);
    expect(heard.kinds).toEqual(['failed']);
  });

  test('at its deadline if the server never begins the handshake', async () => {
    const clock = manualClock();
    let onHello = (): void => {};
    const hello = new Promise<void>((resolve) => {
      onHello = resolve;
    });
    const port = await listen((socket) => socket.once('data', onHello));
    const { connection, heard } = open(await mqttConnector(clock), port);
    await hello;
    clock.runAll();
    const news = await heard.until('connected', 'failed');
    expect(news).toEqual({ kind: 'failed', reason: 'unknown', raw: 'no CONNACK within 10000 ms' });
    await pester(connection);
    expect(heard.kinds).toEqual(['failed']);
    expect(clock.waiting).toBe(0);
  });

  test('at its deadline if no CONNACK comes', async () => {
    const clock = manualClock();
    const server = await startServer({ ...tlsOf(), answer: undefined });
    const { connection, heard } = open(await mqttConnector(clock), server.port);
    const session = await server.next();
    await session.until(PACKET.connect);
    clock.runAll();
    const news = await heard.until('connected', 'failed');
    expect(news).toEqual({ kind: 'failed', reason: 'unknown', raw: 'no CONNACK within 10000 ms' });
    await session.ended;
    await pester(connection);
    expect(heard.kinds).toEqual(['failed']);
    expect(clock.waiting).toBe(0);
  });

  test('as client-initiated if the device gives up before CONNACK, which sends nothing', async () => {
    const server = await startServer({ ...tlsOf(), answer: undefined });
    const { connection, heard } = open(await mqttConnector(realClock), server.port);
    const session = await server.next();
    await session.until(PACKET.connect);
    connection.disconnect();
    expect(await heard.until('connected', 'failed')).toMatchObject({ reason: 'client-initiated' });
    await session.ended;
    expect(session.packets).toEqual([PACKET.connect]);
  });

  const codes = [
    [4, 1, 'protocol-error'],
    [4, 2, 'server-initiated'],
    [4, 4, 'auth-error'],
    [4, 5, 'auth-error'],
    [5, 0x80, 'server-initiated'],
    [5, 0x84, 'protocol-error'],
    [5, 0x86, 'auth-error'],
    [5, 0x87, 'auth-error'],
    [5, 0x8a, 'throttled'],
    [5, 0x97, 'throttled'],
    [5, 0x9f, 'throttled'],
  ] as const;

  test.each(codes)(
    'of MQTT %i with CONNACK code %i is %s',
    async (protocolVersion, code, reason) => {
      const server = await startServer({ ...tlsOf(), answer: connack(code, protocolVersion) });
      const connector = await mqttConnector(realClock);
      const { connection, heard } = open(connector, server.port, { mqtt: { protocolVersion } });
      const raw = `CONNACK 0x${code.toString(16).padStart(2, '0')}`;
      expect(await heard.until('connected', 'failed')).toEqual({ kind: 'failed', reason, raw });
      await (await server.next()).ended;
      await pester(connection);
      expect(heard.kinds).toEqual(['failed']);
    },
  );
});
