/**
 * What every broker that we start must do and show, whichever it is. The clients are bare sockets
 * over real TLS, so that each end of a connection is exactly the one that the rule is about.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ProtocolVersion } from '../../src/history/event.ts';
import { eventProblem } from '../../src/history/validate-event.ts';
import { TestAuthority, type TestCredential } from '../support/broker-certificates.ts';
import { type ClientOptions, TestClient } from '../support/broker-client.ts';
import {
  BrokerUnderTest,
  isAlive,
  type ProcessAdapter,
  storyOf,
} from '../support/broker-harness.ts';

const VERSIONS = [4, 5] as const satisfies readonly ProtocolVersion[];
const TLS_VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
/** Mosquitto looks for silent clients every five seconds only. */
const KEEP_ALIVE_TEST_MS = 30_000;

/** IDs that look like something else to a database, a log, an object or a terminal. */
const HOSTILE_CLIENT_IDS = [
  '__proto__',
  'constructor',
  "'; DROP TABLE sessions; --",
  'a b\u2028c\u2029d',
  '<unknown>',
  '$(reboot)',
  '../../etc/passwd',
  '\u202Eevil',
  '名前',
  'x'.repeat(300),
] as const;

export function describeBrokerContract(adapter: ProcessAdapter): void {
  let authority: TestAuthority;
  let rogueAuthority: TestAuthority;
  let server: TestCredential;
  let device: TestCredential;
  let otherDevice: TestCredential;
  let rogue: TestCredential;
  const running: BrokerUnderTest[] = [];

  beforeAll(() => {
    authority = new TestAuthority();
    rogueAuthority = new TestAuthority('Another CA');
    server = authority.server();
    device = authority.device('device-1');
    otherDevice = authority.device('device-2');
    rogue = rogueAuthority.device('device-1');
  });
  afterAll(() => {
    authority.remove();
    rogueAuthority.remove();
  });
  afterEach(async () => {
    for (const subject of running.splice(0)) {
      await subject.end();
      const problems = subject.events.flatMap((event) => eventProblem(event) ?? []);
      expect(problems, 'every event can be written to a history').toEqual([]);
    }
  });

  async function start(): Promise<BrokerUnderTest> {
    const subject = await BrokerUnderTest.start({ start: adapter.start, authority, server });
    running.push(subject);
    return subject;
  }

  function as(
    subject: BrokerUnderTest,
    clientId: string,
    more: Partial<ClientOptions> = {},
  ): ClientOptions {
    return { endpoint: subject.broker.endpoint, credential: device, clientId, ...more };
  }

  describe.each(VERSIONS)('MQTT level %i', (protocolVersion) => {
    test('a connected client is reported with what it proved and what it said', async () => {
      const subject = await start();
      const client = await TestClient.connect(
        as(subject, 'a', { protocolVersion, keepAliveSeconds: 77 }),
      );
      const [event] = await subject.drained();
      const byCertificate = { kind: 'certificate-id', value: device.certificateId };
      const byName = { kind: 'common-name', value: 'device-1' };
      const { certificateVisible } = adapter.capabilities;
      expect(event).toMatchObject({
        kind: 'connected',
        vantage: 'broker',
        clientId: 'a',
        principal: certificateVisible ? byCertificate : byName,
        ip: '127.0.0.1',
        port: client.port,
        protocolVersion,
        keepAliveSeconds: 77,
        cleanStart: true,
      });
      expect(event?.certificateId).toBe(certificateVisible ? device.certificateId : undefined);
    });

    test('a new connection with the same client ID ends the old session by takeover', async () => {
      const subject = await start();
      const first = await TestClient.connect(as(subject, 'a', { protocolVersion }));
      const second = await TestClient.connect(as(subject, 'a', { protocolVersion }));
      const end = await first.ended;
      const third = await TestClient.connect(
        as(subject, 'a', { protocolVersion, credential: otherDevice }),
      );
      await second.ended;
      const events = await subject.drained();
      expect(storyOf(events, 'a')).toEqual([
        'connected',
        'closed session-taken-over',
        'connected',
        'closed session-taken-over',
        'connected',
      ]);
      expect(subject.open().map((event) => event.port)).toEqual([third.port]);
      const told = protocolVersion === 5 && subject.broker.capabilities.sendsSessionTakenOver;
      expect(end.disconnect).toBe(told ? 0x8e : undefined);
    });

    test('the ways to leave are told apart, and close the session that they belong to', async () => {
      const subject = await start();
      const polite = await TestClient.connect(as(subject, 'polite', { protocolVersion }));
      const silent = await TestClient.connect(as(subject, 'silent', { protocolVersion }));
      const broken = await TestClient.connect(as(subject, 'broken', { protocolVersion }));
      polite.publish('t', 'last words');
      polite.disconnect();
      silent.leave();
      broken.reset();
      await Promise.all([polite.ended, silent.ended]);
      const events = await subject.drained();
      expect(storyOf(events, 'polite')).toEqual(['connected', 'closed client-initiated']);
      expect(storyOf(events, 'silent')).toEqual(['connected', 'closed connection-lost']);
      expect(storyOf(events, 'broken')).toEqual(['connected', 'closed connection-lost']);
      const sessions = (kind: string) =>
        new Map(events.filter((e) => e.kind === kind).map((e) => [e.clientId, e.sessionId]));
      expect(sessions('closed')).toEqual(sessions('connected'));
    });

    test('a client that says nothing within its keep-alive time is closed for that', {
      timeout: KEEP_ALIVE_TEST_MS,
    }, async () => {
      const subject = await start();
      const client = await TestClient.connect(
        as(subject, 'a', { protocolVersion, keepAliveSeconds: 1 }),
      );
      await client.ended;
      const events = await subject.drained();
      expect(storyOf(events, 'a')).toEqual(['connected', 'closed keep-alive-timeout']);
    });

    test('a message reaches its subscriber', async () => {
      const subject = await start();
      const subscriber = await TestClient.connect(as(subject, 'sub', { protocolVersion }));
      subscriber.subscribe('fleet/+/up');
      const publisher = await TestClient.connect(as(subject, 'pub', { protocolVersion }));
      // Retried until the subscription holds: its acknowledgement is not what the rule is about.
      const received = subscriber.received('21.5');
      const timer = setInterval(() => publisher.publish('fleet/7/up', '21.5'), 20);
      await received;
      clearInterval(timer);
      expect(subscriber.publishes).toContain('21.5');
    });

    test('of many connections that fight for one client ID, one session stays open', async () => {
      const subject = await start();
      const clients = await Promise.all(
        Array.from({ length: 30 }, (_, i) => {
          const credential = i % 2 === 0 ? device : otherDevice;
          return TestClient.open(as(subject, 'clone', { protocolVersion, credential }));
        }),
      );
      const left = new Set(clients);
      for (const client of clients) client.ended.then(() => left.delete(client));
      await subject.until(() => subject.events.length >= 2 * clients.length - 1);
      await subject.drained();
      expect(subject.open()).toHaveLength(1);
      const reasons = subject.events.flatMap((event) => event.reason ?? []);
      expect(reasons).toEqual(Array(clients.length - 1).fill('session-taken-over'));
      const [winner] = clients.filter(({ port }) => port === subject.open()[0]?.port);
      await Promise.all(clients.filter((client) => client !== winner).map(({ ended }) => ended));
      expect([...left]).toEqual([winner]);
      // The survivor still owns the client ID: the next one evicts it.
      await TestClient.connect(as(subject, 'clone', { protocolVersion }));
      await winner?.ended;
    });
  });

  describe.each(TLS_VERSIONS)('%s', (tls) => {
    test('a device with a certificate of the fleet is let in', async () => {
      const subject = await start();
      const client = await TestClient.connect(as(subject, 'a', { tls }));
      expect(client.socket.getProtocol()).toBe(tls);
    });

    test('a certificate of another authority is refused before CONNACK, and reported', async () => {
      const subject = await start();
      const client = await TestClient.open(as(subject, 'a', { tls, credential: rogue }));
      expect((await client.ended).connack).toBeUndefined();
      const events = await subject.drained();
      expect(storyOf(events, '')).toEqual(['connect-failed auth-error']);
      const { certificateVisible } = adapter.capabilities;
      expect(events[0]?.certificateId).toBe(certificateVisible ? rogue.certificateId : undefined);
    });

    test('a device without a certificate is refused before CONNACK, and reported', async () => {
      const subject = await start();
      const { endpoint } = subject.broker;
      const client = await TestClient.open({ endpoint, clientId: 'a', tls });
      expect((await client.ended).connack).toBeUndefined();
      expect(storyOf(await subject.drained(), '')).toEqual(['connect-failed auth-error']);
    });
  });

  test('what is no TLS at all is reported as a failed connect and disturbs nobody', async () => {
    const subject = await start();
    const client = await TestClient.connect(as(subject, 'a'));
    const { host, port } = subject.broker.endpoint;
    const stranger = connect({ host, port });
    stranger.on('error', () => {});
    stranger.write('GET / HTTP/1.1\r\n\r\n');
    await new Promise((resolve) => stranger.once('close', resolve));
    const events = await subject.drained();
    expect(storyOf(events, '')).toEqual(['connect-failed protocol-error']);
    expect(subject.open().map((event) => event.port)).toEqual([client.port]);
  });

  test('draining hands over everything that happened before it', async () => {
    const subject = await start();
    const clients = await Promise.all(
      Array.from({ length: 200 }, (_, i) => TestClient.connect(as(subject, `burst-${i}`))),
    );
    const [polite, broken] = [clients.slice(0, 100), clients.slice(100)];
    for (const client of polite) client.disconnect();
    await Promise.all(polite.map((client) => client.ended));
    // A reset is on the broker's socket when the call returns: from here on only draining counts.
    for (const client of broken) client.reset();
    const events = await subject.drained();
    expect(events.filter((event) => event.kind === 'connected')).toHaveLength(200);
    expect(events.filter((event) => event.kind === 'closed')).toHaveLength(200);
    expect(events.filter((event) => event.reason === 'client-initiated')).toHaveLength(100);
    expect(subject.open()).toEqual([]);
  });

  test('evidence comes in the order of its time, from session IDs that are never used twice', async () => {
    const subject = await start();
    for (let i = 0; i < 5; i++) {
      const client = await TestClient.connect(as(subject, 'a'));
      client.disconnect();
      await client.ended;
    }
    const events = await subject.drained();
    const times = events.map((event) => event.at);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const connected = events.filter((event) => event.kind === 'connected');
    expect(new Set(connected.map((event) => event.sessionId)).size).toBe(5);
  });

  test('client IDs are free text: none breaks the broker, its evidence or a drain', async () => {
    const subject = await start();
    for (const clientId of HOSTILE_CLIENT_IDS) {
      await TestClient.connect(as(subject, clientId));
      const next = await TestClient.connect(as(subject, clientId));
      next.disconnect();
      await next.ended;
      const events = await subject.drained();
      expect(storyOf(events, clientId)).toEqual([
        'connected',
        'closed session-taken-over',
        'connected',
        'closed client-initiated',
      ]);
    }
    expect(subject.broker.unreadEvidence().lines).toBe(0);
    expect(subject.failures).toEqual([]);
  });

  test('a stop closes what is open by its own doing and leaves no process, port or key', async () => {
    const subject = await start();
    const { pid, endpoint } = subject.broker;
    const client = await TestClient.connect(as(subject, 'a'));
    expect(isAlive(pid)).toBe(true);
    await subject.broker.stop();
    await client.ended;
    await subject.broker.stop();
    expect(isAlive(pid)).toBe(false);
    expect(storyOf(subject.events, 'a')).toEqual(['connected', 'closed server-initiated']);
    const refusal = await new Promise<NodeJS.ErrnoException>((resolve) => {
      connect({ host: endpoint.host, port: endpoint.port }).once('error', resolve);
    });
    expect(refusal.code).toBe('ECONNREFUSED');
    expect(subject.failures).toEqual([]);
    for (const file of readdirSync(subject.folder)) {
      expect(readFileSync(path.join(subject.folder, file), 'utf8')).not.toContain('PRIVATE KEY');
    }
  });

  test('the private key is in no file and in no argument while the broker runs', async () => {
    const subject = await start();
    for (const file of readdirSync(subject.folder)) {
      expect(readFileSync(path.join(subject.folder, file), 'utf8')).not.toContain('PRIVATE KEY');
    }
    if (process.platform !== 'linux') return;
    for (const what of ['cmdline', 'environ']) {
      const text = readFileSync(`/proc/${subject.broker.pid}/${what}`, 'utf8');
      expect(text).not.toContain('PRIVATE KEY');
    }
  });

  test('a broker that dies is reported once, and neither a drain nor a stop hangs on it', async () => {
    const subject = await start();
    await TestClient.connect(as(subject, 'a'));
    process.kill(subject.broker.pid, 'SIGKILL');
    await subject.until(() => subject.failures.length > 0);
    await subject.broker.drainEvidence();
    await subject.broker.stop();
    expect(subject.failures).toHaveLength(1);
    expect(subject.failures[0]).toContain('SIGKILL');
  });

  test('a kill ends the process at once and is no failure', async () => {
    const subject = await start();
    const { pid } = subject.broker;
    subject.broker.kill();
    await subject.broker.stop();
    expect(isAlive(pid)).toBe(false);
    expect(subject.failures).toEqual([]);
  });

  test('two brokers at once keep their evidence apart', async () => {
    const [one, two] = [await start(), await start()];
    await TestClient.connect(as(one, 'a'));
    await TestClient.connect(as(two, 'a'));
    expect(storyOf(await one.drained(), 'a')).toEqual(['connected']);
    expect(storyOf(await two.drained(), 'a')).toEqual(['connected']);
  });

  test('a certificate that the broker can not use is said in one sentence, without a key', async () => {
    const bad = { ...server, privateKeyPem: otherDevice.privateKeyPem };
    const attempt = BrokerUnderTest.start({ start: adapter.start, authority, server: bad });
    const error = await attempt.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ name: 'UserError', exitCode: 69 });
    expect(String(error)).toMatch(/could not be started/);
    expect(String(error)).not.toContain('PRIVATE KEY');
  });
}
