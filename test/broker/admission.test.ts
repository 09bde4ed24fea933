/** Bans on flapping client IDs and limits on connections, as rules and on the running broker. */
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { embeddedBroker } from '../../src/broker/embedded/adapter.ts';
import { FlappingGuard } from '../../src/broker/embedded/flapping-guard.ts';
import { loadConfiguration } from '../../src/broker/load-configuration.ts';
import { TestAuthority, type TestCredential } from '../support/broker-certificates.ts';
import { TestClient } from '../support/broker-client.ts';
import { BrokerUnderTest, storyOf } from '../support/broker-harness.ts';
import { requireProgram } from '../support/programs.ts';

const FOLDER = fileURLToPath(new URL('../../configurations/embedded', import.meta.url));
const openssl = requireProgram('openssl');
const LIMITS = { connectsMax: 3, windowMs: 1000, banMs: 5000 };

describe('a client ID', () => {
  const guard = () => new FlappingGuard();
  const times = (one: FlappingGuard, id: string, ...at: number[]) =>
    at.map((now) => one.connect(id, now, LIMITS));

  test('is banned with the connect that is one too many within the window', () => {
    expect(times(guard(), 'a', 0, 400, 800, 999)).toEqual([undefined, undefined, undefined, 5999]);
  });

  test('is not banned while the oldest connect has left the window', () => {
    expect(new Set(times(guard(), 'a', 0, 400, 800, 1000, 1400, 1800))).toEqual(
      new Set([undefined]),
    );
  });

  test('does not prolong its ban by trying, and begins anew after it', () => {
    const one = guard();
    times(one, 'a', 0, 0, 0);
    expect(times(one, 'a', 1, 2, 5000, 5001, 5002, 5003, 5004)).toEqual([
      5001,
      5001,
      5001,
      undefined,
      undefined,
      undefined,
      10_004,
    ]);
  });

  test('is counted by itself', () => {
    const one = guard();
    times(one, 'a', 0, 0, 0, 0);
    expect(times(one, 'b', 1)).toEqual([undefined]);
  });
});

describe.skipIf(!openssl.available)(`the embedded broker${openssl.note}`, () => {
  let authority: TestAuthority;
  let server: TestCredential;
  let owner: TestCredential;
  let intruder: TestCredential;
  let subject: BrokerUnderTest;

  beforeAll(() => {
    authority = new TestAuthority();
    server = authority.server();
    owner = authority.device('owner');
    intruder = authority.device('intruder');
  });
  afterAll(() => authority.remove());
  afterEach(() => subject.end());

  async function start(name: string, more = ''): Promise<void> {
    const shipped = await loadConfiguration(`${FOLDER}/${name}.yaml`);
    const text = `${shipped.files.get(shipped.main)}${more}`;
    const configuration = { ...shipped, files: new Map([[shipped.main, text]]) };
    const options = { start: embeddedBroker.start, authority, server, more: { configuration } };
    subject = await BrokerUnderTest.start(options);
  }

  function open(clientId: string, protocolVersion: 4 | 5, credential = owner): Promise<TestClient> {
    return TestClient.open({
      endpoint: subject.broker.endpoint,
      credential,
      clientId,
      protocolVersion,
    });
  }

  async function connack(...options: Parameters<typeof open>): Promise<number | undefined> {
    const client = await open(...options);
    const code = await client.connack;
    if (code === 0) client.disconnect();
    await client.ended;
    return code;
  }

  test.each([
    [4, 5],
    [5, 0x8a],
  ] as const)(
    'MQTT level %i: a client ID that flaps is refused with %i, others are not',
    async (level, code) => {
      await start('flapping-ban');
      expect(subject.broker.capabilities.flappingGuard).toBe(true);
      for (let n = 0; n < 15; n++) expect(await connack('flapper', level)).toBe(0);
      expect(await connack('flapper', level)).toBe(code);
      expect(await connack('other', level)).toBe(0);
      const failed = (await subject.drained()).filter(({ kind }) => kind === 'connect-failed');
      expect(failed).toMatchObject([
        {
          clientId: 'flapper',
          reason: 'throttled',
          principal: { kind: 'certificate-id' },
          raw: expect.stringMatching(/^client ID banned for another \d+ ms$/),
        },
      ]);
    },
  );

  test('who may not use a client ID can not have it banned for its owner', async () => {
    await start('flapping-ban', 'clientId: common-name\n');
    for (let n = 0; n < 17; n++) expect(await connack('owner', 5, intruder)).toBe(0x85);
    expect(await connack('owner', 5)).toBe(0);
  });

  test.each([
    [4, 3],
    [5, 0x97],
  ] as const)(
    'MQTT level %i: one connection too many is refused with %i, a takeover is not',
    async (level, code) => {
      await start('connection-limit');
      // At once, so that places are given before any of them is connected.
      const codes = await Promise.all(
        ['a', 'b', 'c', 'd', 'e'].map(async (id) => (await open(id, level)).connack),
      );
      expect(codes.filter((one) => one === 0)).toHaveLength(3);
      expect(codes.filter((one) => one === code)).toHaveLength(2);
      const inside = subject.open().map(({ clientId }) => clientId);
      await subject.broker.drainEvidence();
      const [first = ''] = inside.length > 0 ? inside : subject.open().map((one) => one.clientId);
      const newcomer = await open(first, level);
      expect(await newcomer.connack).toBe(0);
      expect(await connack('f', level)).toBe(code);
      newcomer.disconnect();
      await newcomer.ended;
      expect(await connack('f', level)).toBe(0);
      expect(storyOf(await subject.drained(), 'f')).toEqual([
        'connect-failed throttled',
        'connected',
        'closed client-initiated',
      ]);
      await TestClient.endAll();
    },
  );

  test('what a reload can not use changes nothing, and is said', async () => {
    await start('connection-limit');
    const { broker } = subject;
    const main = 'connection-limit.yaml';
    await broker.change({ files: { [main]: 'port: {{port}}\nconnectionsMax: 0\n' } });
    const [error] = await broker.reload();
    expect(error).toContain('connectionsMax: this value is not allowed here');
    await broker.change({ files: { [main]: 'port: {{port}}\nconnectionsMax: 1\n' } });
    expect(await broker.reload()).toEqual([]);
    expect(await (await open('a', 5)).connack).toBe(0);
    expect(await connack('b', 5)).toBe(0x97);
    await broker.change({ files: { [main]: null } });
    expect(await broker.reload()).toEqual([
      'there is no configuration any more: the last one stays',
    ]);
    await expect(broker.change({ files: { other: '' } })).rejects.toThrow('no file other');
    await TestClient.endAll();
  });
});
