import { once } from 'node:events';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BrokerConfiguration } from '../../src/broker/configuration.ts';
import { embeddedBroker } from '../../src/broker/embedded/adapter.ts';
import { embeddedRules } from '../../src/broker/embedded/configuration.ts';
import { LiveRules, mayUseTopic } from '../../src/broker/embedded/rules.ts';
import { loadConfiguration, loadConfigurations } from '../../src/broker/load-configuration.ts';
import { UserError } from '../../src/core/errors.ts';
import { TestAuthority, type TestCredential } from '../support/broker-certificates.ts';
import { type ClientOptions, TestClient } from '../support/broker-client.ts';
import { BrokerUnderTest, storyOf } from '../support/broker-harness.ts';
import { requireProgram } from '../support/programs.ts';

const FOLDER = fileURLToPath(new URL('../../configurations/embedded', import.meta.url));
const openssl = requireProgram('openssl');
const shipped = await loadConfigurations(FOLDER);

function configuration(text: string): BrokerConfiguration {
  const files = new Map([['a.yaml', text]]);
  return { name: 'x', broker: 'embedded', path: 'a.yaml', main: 'a.yaml', files };
}

describe('the rules of the embedded broker', () => {
  test('what is not said is safe', () => {
    const safe = {
      requireCertificate: true,
      trustOther: false,
      clientId: 'any',
      topics: 'all',
      sessionTickets: false,
      connectTimeoutMs: 30_000,
      quarantine: [],
    };
    expect(embeddedRules(undefined)).toEqual(safe);
    expect(embeddedRules(configuration('port: {{port}}'))).toEqual(safe);
  });

  test('every mistake of a file is said at once, with place and remedy', () => {
    const text = `port: 1883 # not {{port}}
requireCertificate: maybe
clientID: any
topics: mine
connectTimeout: soon
`;
    try {
      embeddedRules(configuration(text));
      expect.fail('was accepted');
    } catch (error) {
      const problems = error instanceof UserError ? error.problems : [];
      expect(problems.map(({ line, hint }) => `${line} ${hint}`).sort()).toEqual([
        '1 write {{port}}',
        '2 write true or false',
        '3 did you mean clientId?',
        '4 write all or own',
        '5 write a duration of at most 10m, such as 5s',
      ]);
    }
  });

  test.each([
    ['owner', 'fleet/owner/a', true],
    ['owner', 'fleet/owner/#', true],
    ['owner', 'fleet/owner2/a', false],
    ['owner', 'fleet/+/a', false],
    ['owner', '#', false],
    ['service', '#', true],
    ['+', 'fleet/+/a', false],
    ['#', 'fleet/#/', false],
    ['a/b', 'fleet/a/b/c', false],
    ['', 'fleet//a', false],
    [undefined, 'fleet/undefined/a', false],
  ])('%s may use %s: %s', (commonName, topic, allowed) => {
    const rules = new LiveRules({ ...embeddedRules(undefined), topics: 'own' });
    expect(mayUseTopic(rules, commonName, topic)).toBe(allowed);
  });
});

describe.skipIf(!openssl.available)(`configurations of the embedded broker${openssl.note}`, () => {
  let authority: TestAuthority;
  let otherAuthority: TestAuthority;
  let server: TestCredential;
  const devices = new Map<string, TestCredential>();
  let subject: BrokerUnderTest;

  beforeAll(() => {
    authority = new TestAuthority();
    otherAuthority = new TestAuthority('Another CA');
    server = authority.server();
    for (const name of ['owner', 'intruder', 'service']) devices.set(name, authority.device(name));
  });
  afterAll(() => {
    authority.remove();
    otherAuthority.remove();
  });
  afterEach(() => subject.end());

  async function start(tested: BrokerConfiguration): Promise<void> {
    subject = await BrokerUnderTest.start({
      start: embeddedBroker.start,
      authority,
      server,
      more: { configuration: tested, otherCaPem: otherAuthority.caPem },
    });
  }

  const shippedOne = (name: string) => loadConfiguration(`${FOLDER}/${name}.yaml`);

  function as(who: string, more: Partial<ClientOptions> = {}): ClientOptions {
    const credential = devices.get(who);
    const { endpoint } = subject.broker;
    return { endpoint, clientId: who, ...(credential && { credential }), ...more };
  }

  test.each(shipped.map((one) => [one.name, one] as const))(
    '%s lets a good client in and stops clean',
    async (_name, tested) => {
      await start(tested);
      await TestClient.connect(as('owner'));
      expect(storyOf(await subject.drained(), 'owner')).toEqual(['connected']);
      await subject.broker.stop();
      expect(subject.failures).toEqual([]);
    },
  );

  test.each([
    ['certificate-not-required', 0],
    ['mutual-tls', undefined],
  ])('%s: a client without a certificate gets CONNACK %s', async (name, connack) => {
    await start(await shippedOne(name));
    const client = await TestClient.open({ endpoint: subject.broker.endpoint, clientId: 'a' });
    expect(await client.connack).toBe(connack);
  });

  test('a certificate of the other authority is let in where it is trusted', async () => {
    await start(await shippedOne('extra-authority'));
    const credential = otherAuthority.device('owner');
    await TestClient.connect(as('owner', { credential }));
  });

  test.each([
    [4, 2],
    [5, 0x85],
  ] as const)(
    'MQTT level %i: another client ID than the common name is refused with %i, and its owner stays',
    async (protocolVersion, connack) => {
      await start(await shippedOne('client-id-bound'));
      const owner = await TestClient.connect(as('owner', { protocolVersion }));
      const thief = await TestClient.open(as('intruder', { clientId: 'owner', protocolVersion }));
      expect((await thief.ended).connack).toBe(connack);
      const story = storyOf(await subject.drained(), 'owner');
      expect(story).toEqual(['connected', 'connect-failed auth-error']);
      expect(subject.open().map(({ port }) => port)).toEqual([owner.port]);
    },
  );

  test.each([4, 5] as const)(
    'MQTT level %i: foreign topics are neither written nor read, and nobody is cut off',
    async (protocolVersion) => {
      await start(await shippedOne('own-topics'));
      const [owner, intruder, service] = await Promise.all(
        ['owner', 'intruder', 'service'].map((who) =>
          TestClient.connect(as(who, { protocolVersion })),
        ),
      );
      if (!owner || !intruder || !service) throw new Error('not all are connected');
      owner.subscribe('fleet/owner/#');
      intruder.subscribe('fleet/owner/#');
      intruder.subscribe('#');
      intruder.subscribe('$denied');
      await subject.drained();
      intruder.publish('fleet/owner/commands', 'forged');
      // Handled in order: what follows on the same connection was not cut off by what was denied.
      intruder.subscribe('fleet/intruder/#');
      const own = intruder.received('own');
      intruder.publish('fleet/intruder/x', 'own');
      await own;
      const received = owner.received('genuine');
      service.publish('fleet/owner/commands', 'genuine');
      await received;
      await subject.drained();
      expect(owner.publishes).toEqual(['genuine']);
      expect(intruder.publishes).toEqual(['own']);
      intruder.disconnect();
      await intruder.ended;
      const story = storyOf(await subject.drained(), 'intruder');
      expect(story).toEqual(['connected', 'closed client-initiated']);
    },
  );

  test('a connection without CONNECT is closed in time', async () => {
    await start(configuration('port: {{port}}\nconnectTimeout: 100ms'));
    const socket = openTls('owner');
    await once(socket, 'secureConnect');
    await once(socket.resume(), 'close');
    const [event] = await subject.drained();
    expect(event).toMatchObject({ kind: 'connect-failed', reason: 'server-initiated' });
  });

  test('with session tickets a stolen one serves in place of certificate and key', async () => {
    await start(await shippedOne('session-tickets'));
    expect(subject.broker.capabilities.resumesWithoutCertificate).toBe(true);
    const victim = openTls('owner');
    const [session] = await once(victim, 'session');
    victim.destroy();
    const { endpoint } = subject.broker;
    const thief = await TestClient.open({ endpoint, clientId: 'thief', session, tls: 'TLSv1.3' });
    expect(await thief.connack).toBe(0);
    expect(thief.resumed).toBe(true);
    const event = (await subject.drained()).find(({ clientId }) => clientId === 'thief');
    expect(event?.certificateId).toBe(devices.get('owner')?.certificateId);
  });

  function openTls(who: string): TLSSocket {
    const { host, port, caPem } = subject.broker.endpoint;
    const { certificatePem, privateKeyPem } = devices.get(who) ?? server;
    const identity = { cert: certificatePem, key: privateKeyPem, servername: 'localhost' };
    return connectTls({ host, port, ca: caPem, ...identity, minVersion: 'TLSv1.3' });
  }
});
