import { afterEach, describe, expect, test, vi } from 'vitest';
import { mqttConnector } from '../../src/fleet/mqtt-connector.ts';
import { realClock } from '../../src/fleet/real-clock.ts';
import { type Change, open, pester, tlsOf } from './connector-harness.ts';
import { PACKET, publishQos1, startServer } from './mqtt-server.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('the end of a connection', () => {
  async function connected(change: Change = {}) {
    const server = await startServer(tlsOf());
    const { connection, heard } = open(await mqttConnector(realClock), server.port, change);
    await heard.until('connected', 'failed');
    return { connection, heard, session: await server.next(), server };
  }

  const tlsVersions = ['1.2', '1.3'] as const;

  test.each(tlsVersions)('by disconnect is DISCONNECT, then FIN (TLS %s)', async (tls) => {
    const { connection, heard, session } = await connected({ mqtt: { tls } });
    connection.disconnect();
    expect(await session.ended).toBe('fin');
    expect(session.packets).toEqual([PACKET.connect, PACKET.disconnect]);
    expect(await heard.until('closed')).toMatchObject({ reason: 'client-initiated' });
    await pester(connection);
    expect(heard.kinds).toEqual(['connected', 'closed']);
  });

  test.each(tlsVersions)('by reset is RST, without a word before it (TLS %s)', async (tls) => {
    const { connection, heard, session } = await connected({ mqtt: { tls } });
    connection.reset();
    expect(await session.ended).toBe('ECONNRESET');
    expect(session.packets).toEqual([PACKET.connect]);
    expect(await heard.until('closed')).toMatchObject({ reason: 'connection-lost' });
    await pester(connection);
    expect(heard.kinds).toEqual(['connected', 'closed']);
  });

  test('by destroy comes at once and once', async () => {
    const { connection, heard, session } = await connected();
    connection.destroy();
    await session.ended;
    expect(await heard.until('closed')).toMatchObject({ reason: 'connection-lost' });
    await pester(connection);
    expect(session.packets).toEqual([PACKET.connect]);
    expect(heard.kinds).toEqual(['connected', 'closed']);
  });

  test('by the server, without a word, has an unknown reason', async () => {
    const { connection, heard, session } = await connected();
    session.socket.end();
    const news = await heard.until('closed');
    expect(news).toEqual({ kind: 'closed', reason: 'unknown', raw: 'FIN' });
    await pester(connection);
    expect(heard.kinds).toEqual(['connected', 'closed']);
  });

  const disconnects = [
    [0x8d, 'keep-alive-timeout'],
    [0x8e, 'session-taken-over'],
    [0x97, 'throttled'],
    [0x8b, 'server-initiated'],
  ] as const;

  test.each(disconnects)('by the server with DISCONNECT %i is %s', async (code, reason) => {
    const { heard, session } = await connected();
    session.socket.end(Buffer.of(0xe0, 2, code, 0));
    const raw = `DISCONNECT 0x${code.toString(16)}`;
    expect(await heard.until('closed')).toEqual({ kind: 'closed', reason, raw });
  });
});

describe('a device that abandons its connection', () => {
  /** One device, and a twin on the same server that goes on: what it sends, the other must not. */
  async function pair() {
    // Keep-alive runs on intervals; everything else keeps its real time.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const server = await startServer(tlsOf());
    const connector = await mqttConnector(realClock);
    const mqtt = { keepAliveSeconds: 1 };
    const one = open(connector, server.port, { mqtt });
    await one.heard.until('connected', 'failed');
    const oneSession = await server.next();
    const twin = open(connector, server.port, { mqtt });
    await twin.heard.until('connected', 'failed');
    const twinSession = await server.next();
    return { one: { ...one, session: oneSession }, twin: { ...twin, session: twinSession } };
  }

  test('acknowledges nothing any more and hears nothing', async () => {
    const { one, twin } = await pair();
    one.connection.abandon();
    one.session.socket.write(publishQos1(1));
    twin.session.socket.write(publishQos1(1));
    await twin.session.until(PACKET.puback);
    expect(one.heard.kinds).toEqual(['connected']);
    expect(one.session.open).toBe(true);
    one.connection.destroy();
    await one.session.ended;
    expect(one.session.packets).toEqual([PACKET.connect]);
  });

  test('sends no keep-alive, no message and no DISCONNECT, and leaves the socket open', async () => {
    const { one, twin } = await pair();
    one.connection.abandon();
    const message = { topic: 't', payload: 'x', qos: 0 } as const;
    for (const { connection } of [one, twin]) connection.publish(message, () => {});
    one.connection.subscribe([{ filter: 't', qos: 0 }], () => {});
    vi.advanceTimersByTime(1_000);
    await twin.session.until(PACKET.pingreq);
    expect(twin.session.packets).toContain(PACKET.publish);
    expect(one.session.open).toBe(true);
    expect(one.heard.kinds).toEqual(['connected']);
    one.connection.disconnect();
    await one.session.ended;
    expect(one.session.packets).toEqual([PACKET.connect]);
    await one.heard.until('closed');
    await pester(one.connection);
    expect(one.heard.kinds).toEqual(['connected', 'closed']);
  });
});
