/** The bytes of a CONNECT, read back by a parser that we did not write. */
import { parser } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { MQTT_STRING_LENGTH_MAX } from '../../src/core/limits.ts';
import { forkRandom, nextRandom } from '../../src/core/random.ts';
import { type ConnectFields, connectPacket } from '../../src/script/connect-packet.ts';

const PLAIN: ConnectFields = {
  clientId: 'pump-1',
  protocolVersion: 5,
  cleanStart: true,
  keepAliveSeconds: 60,
  sessionExpirySeconds: 0,
};

/** What a server reads; the bytes are exactly one packet. */
function read(fields: ConnectFields): Record<string, unknown> {
  const packets: Record<string, unknown>[] = [];
  const server = parser();
  server.on('packet', (packet) => packets.push({ ...packet }));
  server.on('error', (error) => {
    throw error;
  });
  expect(server.parse(connectPacket(fields))).toBe(0);
  expect(packets).toHaveLength(1);
  return packets[0] ?? {};
}

describe('a CONNECT', () => {
  test('says what it is told', () => {
    const password = Buffer.from('p');
    expect(
      read({ ...PLAIN, sessionExpirySeconds: 3600, username: 'u', password: 'p' }),
    ).toMatchObject({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 5,
      clean: true,
      keepalive: 60,
      clientId: 'pump-1',
      username: 'u',
      password,
      properties: { sessionExpiryInterval: 3600 },
    });
  });

  test('has no properties in MQTT 3.1.1, and another name for itself in MQTT 3.1', () => {
    const old = read({ ...PLAIN, protocolVersion: 4, sessionExpirySeconds: 9 });
    expect(old).toMatchObject({ protocolId: 'MQTT', protocolVersion: 4, clientId: 'pump-1' });
    expect(old.properties).toBeUndefined();
    const older = read({ ...PLAIN, protocolVersion: 3 });
    expect(older).toMatchObject({ protocolId: 'MQIsdp', protocolVersion: 3 });
  });

  test('may be one that a client library refuses to send', () => {
    const fields = { ...PLAIN, protocolVersion: 4, clientId: '', cleanStart: false } as const;
    // Fixed header, name, level 4, no flags, keep-alive 60, an empty client ID.
    const name = [0, 4, ...Buffer.from('MQTT')];
    expect([...connectPacket(fields)]).toEqual([0x10, 12, ...name, 4, 0, 0, 60, 0, 0]);
    const lone = connectPacket({ ...PLAIN, password: 'secret' });
    expect((lone[9] ?? 0) & 0xc0, 'a password without a name').toBe(0x40);
  });

  test('carries any text that fits, and its length in as many bytes as it takes', () => {
    let state = forkRandom(7, 'connect');
    const below = (limit: number): number => {
      const [value, next] = nextRandom(state);
      state = next;
      return Math.floor(value * limit);
    };
    const characters = ['a', '/', 'é', '漢', '🚰'];
    for (let round = 0; round < 100; round++) {
      const length = below(2) === 0 ? below(140) : below(12_000);
      const clientId = Array.from({ length }, () => characters[below(5)]).join('');
      const fields = { ...PLAIN, clientId, keepAliveSeconds: below(0x1_0000) };
      expect(read(fields)).toMatchObject({ clientId, keepalive: fields.keepAliveSeconds });
    }
  });

  test('is not made from a text that two bytes of length have no room for', () => {
    const clientId = 'x'.repeat(MQTT_STRING_LENGTH_MAX);
    expect(read({ ...PLAIN, clientId })).toMatchObject({ clientId });
    expect(() => connectPacket({ ...PLAIN, clientId: `${clientId}x` })).toThrow(RangeError);
  });
});
