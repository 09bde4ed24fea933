import { afterEach, describe, expect, test, vi } from 'vitest';
import { DEVICE_UNSENT_BYTES_MAX } from '../../src/core/limits.ts';
import { mqttConnector } from '../../src/fleet/mqtt-connector.ts';
import { realClock } from '../../src/fleet/real-clock.ts';
import { type Change, open, pester } from './connector-harness.ts';
import { startPlainServer } from './plain-server.ts';

type Connack = Parameters<typeof startPlainServer>[1];

afterEach(() => {
  vi.useRealTimers();
});

async function connected(connack: Connack = {}, change: Change = {}) {
  const { protocolVersion = 5 } = change.mqtt ?? {};
  const server = await startPlainServer(protocolVersion, connack);
  const connector = await mqttConnector(realClock);
  const { connection, heard } = open(connector, server.port, { transport: 'tcp', ...change });
  const session = await server.first;
  await heard.until('connected', 'failed');
  return { connection, heard, session };
}

const message = (topic: string, qos: 0 | 1) => ({ topic, payload: 'x', qos }) as const;

describe('a CONNECT', () => {
  test.each([4, 5] as const)('of MQTT %i says what the device is', async (protocolVersion) => {
    const will = { topic: 'gone', payload: 'é', qos: 1, retain: true } as const;
    const mqtt = {
      protocolVersion,
      keepAliveSeconds: 77,
      cleanStart: false,
      sessionExpirySeconds: 99,
    };
    const { session } = await connected({}, { clientId: 'pump-1', will, mqtt });
    expect(session.packets[0]).toMatchObject({
      clientId: 'pump-1',
      protocolVersion,
      keepalive: 77,
      clean: false,
      will: { topic: 'gone', payload: Buffer.from('é'), qos: 1, retain: true },
    });
    const properties = session.of('connect')[0]?.properties;
    expect(properties).toEqual(protocolVersion === 5 ? { sessionExpiryInterval: 99 } : undefined);
  });
});

describe('messages of QoS 1', () => {
  test('go out as many as the broker takes at once, the others in order as it answers', async () => {
    const { connection, session } = await connected({ properties: { receiveMaximum: 2 } });
    const acknowledged: string[] = [];
    for (const topic of ['a', 'b', 'c', 'd', 'e']) {
      expect(connection.publish(message(topic, 1), () => acknowledged.push(topic))).toBe(true);
    }
    connection.publish(message('after', 0), () => {});
    await session.until('publish', 3);
    expect(session.of('publish').map(({ topic }) => topic)).toEqual(['a', 'b', 'after']);
    for (let answered = 0; answered < 5; answered++) {
      const sent = (await session.until('publish', Math.min(6, answered + 3))).filter(
        ({ qos }) => qos === 1,
      );
      session.send({ cmd: 'puback', messageId: sent[answered]?.messageId ?? 0 });
    }
    await vi.waitUntil(() => acknowledged.length === 5);
    expect(acknowledged).toEqual(['a', 'b', 'c', 'd', 'e']);
    const topics = session.of('publish').map(({ topic }) => topic);
    expect(topics).toEqual(['a', 'b', 'after', 'c', 'd', 'e']);
  });

  test('that have not gone out are not acknowledged, whatever the broker says', async () => {
    const { connection, session } = await connected({ properties: { receiveMaximum: 1 } });
    const acknowledged: string[] = [];
    for (const topic of ['sent', 'queued']) {
      connection.publish(message(topic, 1), () => acknowledged.push(topic));
    }
    const [sent] = await session.until('publish', 1);
    const id = sent?.messageId ?? 0;
    session.send({ cmd: 'puback', messageId: id + 1 });
    session.send({ cmd: 'puback', messageId: id });
    const [, next] = await session.until('publish', 2);
    expect(next).toMatchObject({ topic: 'queued', messageId: id + 1 });
    expect(acknowledged).toEqual(['sent']);
  });

  test('that the broker refuses are not acknowledged, nor are packet IDs that are nobody’s', async () => {
    const { connection, session } = await connected();
    const acknowledged: string[] = [];
    for (const topic of ['refused', 'taken']) {
      connection.publish(message(topic, 1), () => acknowledged.push(topic));
    }
    const [refused, taken] = await session.until('publish', 2);
    session.send({ cmd: 'puback', messageId: 4711 });
    session.send({ cmd: 'puback', messageId: refused?.messageId ?? 0, reasonCode: 0x87 });
    session.send({ cmd: 'puback', messageId: taken?.messageId ?? 0, reasonCode: 0x10 });
    await vi.waitUntil(() => acknowledged.length > 0);
    expect(acknowledged).toEqual(['taken']);
  });

  test('are answered before the device disconnects', async () => {
    const { connection, heard, session } = await connected();
    let acknowledged = false;
    connection.publish(message('last', 1), () => {
      acknowledged = true;
    });
    connection.disconnect();
    expect(connection.publish(message('too late', 0), () => {})).toBe(false);
    const [last] = await session.until('publish');
    expect(session.of('disconnect')).toEqual([]);
    session.send({ cmd: 'puback', messageId: last?.messageId ?? 0 });
    await session.until('disconnect');
    expect(acknowledged).toBe(true);
    expect(await heard.until('closed')).toMatchObject({ reason: 'client-initiated' });
    expect(session.packets.map(({ cmd }) => cmd)).toEqual(['connect', 'publish', 'disconnect']);
  });
});

describe('a message is not sent', () => {
  test('if no packet ID is free, those of unanswered SUBSCRIBEs included', async () => {
    const { connection } = await connected();
    connection.subscribe([{ filter: 't', qos: 0 }], () => {});
    for (let sent = 0; sent < 65_534; sent++) {
      if (!connection.publish(message('t', 1), () => {})) throw new Error(`only ${sent} sent`);
    }
    expect(connection.publish(message('t', 1), () => {})).toBe(false);
    expect(connection.publish(message('t', 0), () => {})).toBe(true);
  });

  test('if it is more than the broker takes', async () => {
    const properties = { maximumPacketSize: 100, maximumQoS: 0 };
    const { connection, session } = await connected({ properties });
    const publish = (payload: string, qos: 0 | 1): boolean =>
      connection.publish({ topic: 't', payload, qos }, () => {});
    expect(publish('x'.repeat(100), 0)).toBe(false);
    expect(publish('x', 1)).toBe(false);
    expect(publish('x'.repeat(90), 0)).toBe(true);
    await session.until('publish');
    expect(session.of('publish')).toHaveLength(1);
  });

  test('if MQTT has no such topic', async () => {
    const { connection, session } = await connected();
    expect(connection.publish(message('t'.repeat(65_536), 0), () => {})).toBe(false);
    expect(connection.publish(message('', 0), () => {})).toBe(false);
    expect(connection.publish(message('t', 0), () => {})).toBe(true);
    await session.until('publish');
    expect(session.of('publish')).toHaveLength(1);
  });

  test.each([0, 1] as const)(
    'of QoS %i if too much waits already, until it has gone',
    async (qos) => {
      const { connection, session } = await connected({ properties: { receiveMaximum: 2000 } });
      session.socket.pause();
      const payload = 'x'.repeat(64 * 1024);
      let sent = 0;
      while (connection.publish({ topic: 't', payload, qos }, () => {})) {
        sent++;
        // The kernel's buffers come first, and take their share in turns of the loop.
        await new Promise((resolve) => setImmediate(resolve));
        expect(sent).toBeLessThan(2000);
      }
      expect(sent * payload.length).toBeGreaterThan(DEVICE_UNSENT_BYTES_MAX);
      session.socket.resume();
      expect(await session.until('publish', sent)).toHaveLength(sent);
      expect(connection.publish({ topic: 't', payload, qos }, () => {})).toBe(true);
    },
  );

  test('after the end, nor before the beginning', async () => {
    const server = await startPlainServer();
    const connector = await mqttConnector(realClock);
    const { connection, heard } = open(connector, server.port, { transport: 'tcp' });
    expect(connection.publish(message('t', 0), () => {})).toBe(false);
    await heard.until('connected');
    connection.destroy();
    expect(connection.publish(message('t', 0), () => {})).toBe(false);
    const session = await server.first;
    await session.ended;
    expect(session.of('publish')).toEqual([]);
  });
});

describe('what a broker sends', () => {
  test.each(['byte by byte', 'in one piece'])('is understood %s', async (how) => {
    const { heard, session } = await connected();
    const packets = [
      { cmd: 'publish', topic: 'a', payload: 'x'.repeat(300), qos: 0, retain: false, dup: false },
      { cmd: 'publish', topic: 'b', payload: 'y', qos: 1, messageId: 7, retain: false, dup: false },
      { cmd: 'publish', topic: 'c', payload: '', qos: 0, retain: false, dup: false },
    ] as const;
    const bytes = Buffer.concat(packets.map((packet) => session.bytes(packet)));
    if (how === 'in one piece') session.socket.write(bytes);
    else {
      session.socket.setNoDelay(true);
      for (const byte of bytes) {
        session.socket.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    expect(await session.until('puback')).toMatchObject([{ messageId: 7 }]);
    await vi.waitUntil(() => heard.texts.length === 3);
    expect(heard.texts).toEqual([`a ${'x'.repeat(300)}`, 'b y', 'c ']);
  });

  test('with QoS 2 is heard once, however often it is sent', async () => {
    const { heard, session } = await connected();
    const packet = { cmd: 'publish', topic: 't', payload: 'x', qos: 2, retain: false } as const;
    session.send({ ...packet, messageId: 3, dup: false });
    session.send({ ...packet, messageId: 3, dup: true });
    expect(await session.until('pubrec', 2)).toMatchObject([{ messageId: 3 }, { messageId: 3 }]);
    expect(heard.texts).toEqual(['t x']);
    session.send({ cmd: 'pubrel', messageId: 3 });
    expect(await session.until('pubcomp')).toMatchObject([{ messageId: 3 }]);
    session.send({ ...packet, payload: 'y', messageId: 3, dup: false });
    await session.until('pubrec', 3);
    expect(heard.texts).toEqual(['t x', 't y']);
  });

  test('as SUBACK tells which filters were granted, and at which QoS', async () => {
    const { connection, session } = await connected();
    const asked = [
      { filter: 'a', qos: 1 },
      { filter: 'b', qos: 1 },
      { filter: 'c', qos: 0 },
    ] as const;
    const granted = new Promise((resolve) => connection.subscribe(asked, resolve));
    const [packet] = await session.until('subscribe');
    expect(packet?.subscriptions).toMatchObject([
      { topic: 'a', qos: 1 },
      { topic: 'b', qos: 1 },
      { topic: 'c', qos: 0 },
    ]);
    session.send({ cmd: 'suback', messageId: packet?.messageId ?? 0, granted: [0, 0x87, 0] });
    expect(await granted).toEqual([
      { filter: 'a', qos: 0 },
      { filter: 'c', qos: 0 },
    ]);
  });

  const broken = [
    ['a packet of clients', Buffer.of(0x10, 0), 0x81, 'Not a packet of servers'],
    ['a length without an end', Buffer.of(0x30, 255, 255, 255, 255), 0x81, /variable byte/],
    ['a packet that is too long', Buffer.of(0x30, 255, 255, 255, 127), 0x81, 'Packet too long'],
    ['a message without its topic', Buffer.of(0x30, 2, 0, 9), 0x81, 'Cannot parse topic'],
    ['an acknowledgement cut off', Buffer.of(0x40, 1, 0), 0x81, /./],
    ['a topic alias that was not allowed', Buffer.of(0x30, 6, 0, 0, 3, 0x23, 0, 1), 0x81, /alias/i],
    ['a second CONNACK', Buffer.of(0x20, 3, 0, 0, 0), 0x82, 'unexpected CONNACK'],
    ['a PUBREC, for nothing is sent with QoS 2', Buffer.of(0x50, 2, 0, 1), 0x82, /PUBREC/],
  ] as const;

  test.each(broken)('must be MQTT: %s ends the connection', async (_what, bytes, code, raw) => {
    const { connection, heard, session } = await connected();
    session.socket.write(bytes);
    const news = await heard.until('closed');
    const words = typeof raw === 'string' ? raw : expect.stringMatching(raw);
    expect(news).toEqual({ kind: 'closed', reason: 'protocol-error', raw: words });
    await session.ended;
    expect(session.of('disconnect')).toMatchObject([{ reasonCode: code }]);
    await pester(connection);
    expect(heard.kinds).toEqual(['connected', 'closed']);
  });

  test.each(['receiveMaximum', 'maximumPacketSize'])(
    'must allow something: a %s of 0 is against MQTT',
    async (name) => {
      const { connection, heard } = await connected({ properties: { [name]: 0 } });
      expect(heard.news).toMatchObject([{ kind: 'failed', reason: 'protocol-error' }]);
      await pester(connection);
      expect(heard.kinds).toEqual(['failed']);
    },
  );

  test('harms no other connection if it is not MQTT', async () => {
    const connector = await mqttConnector(realClock);
    const [one, two] = [await startPlainServer(), await startPlainServer()];
    const bad = open(connector, one.port, { transport: 'tcp' });
    const good = open(connector, two.port, { transport: 'tcp' });
    await Promise.all([bad.heard.until('connected'), good.heard.until('connected')]);
    // A PUBLISH whose topic is longer than it, and behind it bytes that could pass for a packet.
    (await one.first).socket.write(Buffer.of(0x30, 4, 0, 9, 0x30, 0x30));
    await bad.heard.until('closed');
    const packet = { cmd: 'publish', topic: 't', payload: 'x', qos: 0 } as const;
    (await two.first).send({ ...packet, retain: false, dup: false });
    await good.heard.until('received');
    expect(good.heard.texts).toEqual(['t x']);
  });

  test.each([
    ['a message', Buffer.of(0x30, 4, 0, 1, 0x74, 0)],
    ['a CONNACK without its code', Buffer.of(0x20, 1, 0)],
  ])('first must be CONNACK, and whole: %s is none', async (_what, bytes) => {
    const server = await startPlainServer(5, { sessionPresent: true });
    const connector = await mqttConnector(realClock);
    server.first.then(({ socket }) => socket.write(bytes));
    const { connection, heard } = open(connector, server.port, { transport: 'tcp' });
    const news = await heard.until('connected', 'failed');
    expect(news).toMatchObject({ kind: 'failed', reason: 'protocol-error' });
    await (await server.first).ended;
    await pester(connection);
    expect(heard.kinds).toEqual(['failed']);
  });
});

describe('keep-alive', () => {
  async function kept(connack: Connack, keepAliveSeconds: number) {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    return connected(connack, { mqtt: { keepAliveSeconds } });
  }

  test('pings a broker that it has told nothing for most of the time, and not before', async () => {
    const { connection, session } = await kept({}, 10);
    vi.advanceTimersByTime(8_500);
    connection.publish(message('t', 0), () => {});
    await session.until('publish');
    vi.advanceTimersByTime(8_500);
    connection.publish(message('t', 0), () => {});
    await session.until('publish', 2);
    expect(session.of('pingreq')).toEqual([]);
    vi.advanceTimersByTime(9_000);
    await session.until('pingreq');
  });

  test('takes the time that the broker sets (MQTT 5.0 §3.2.2.3.14)', async () => {
    const { session } = await kept({ properties: { serverKeepAlive: 2 } }, 600);
    vi.advanceTimersByTime(2_000);
    await session.until('pingreq');
  });

  test('goes on while the broker answers, and ends the connection when it does not', async () => {
    const { heard, session } = await kept({}, 2);
    for (let pings = 1; pings <= 3; pings++) {
      vi.advanceTimersByTime(2_000);
      await session.until('pingreq', pings);
      session.send({ cmd: 'pingresp' });
      // What comes after the answer shows that the answer has been read.
      session.send({ cmd: 'publish', topic: 't', payload: '', qos: 0, retain: false, dup: false });
      await vi.waitUntil(() => heard.texts.length === pings);
    }
    vi.advanceTimersByTime(3_000);
    expect(heard.kinds).not.toContain('closed');
    vi.advanceTimersByTime(1_500);
    const news = await heard.until('closed');
    expect(news).toEqual({ kind: 'closed', reason: 'unknown', raw: 'Keepalive timeout' });
    await session.ended;
    expect(vi.getTimerCount()).toBe(0);
  });

  test('of 0 seconds is none', async () => {
    const { session } = await kept({}, 0);
    expect(vi.getTimerCount()).toBe(0);
    expect(session.of('pingreq')).toEqual([]);
  });
});

test('a lack of our own addresses is told as such', async () => {
  const connector = await mqttConnector(realClock);
  // TEST-NET-1 (RFC 5737) is nobody's.
  const { heard } = open(connector, 1, { transport: 'tcp', localAddress: '192.0.2.1' });
  const news = await heard.until('failed', 'connected');
  expect(news).toEqual({ kind: 'failed', reason: 'unknown', raw: 'EADDRNOTAVAIL' });
});
