/**
 * What every broker that we start must do and show, whichever it is. The clients are bare sockets
 * over real TLS, so that each end of a connection is exactly the one that the rule is about.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BrokerStartOptions } from '../../src/broker/adapter.ts';
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
/** Common names of the devices, for brokers that keep a list of users. */
const PRINCIPALS = ['device-1', 'device-2'] as const;
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

/** What no capability says. */
export interface ContractFacts {
  /** A reload reads the accepted authorities again. */
  readonly reloadsAuthorities: boolean;
  /** The evidence of a connect names version, keep-alive and clean start; true by default. */
  readonly saysConnect?: boolean;
  /** One broker for all rules that don't end or change it, where starting takes seconds. */
  readonly shared?: ProcessAdapter;
}

export function describeBrokerContract(adapter: ProcessAdapter, facts: ContractFacts): void {
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
    if (facts.shared !== undefined) await TestClient.endAll();
    for (const subject of running.splice(0)) {
      await subject.end();
      const problems = subject.events.flatMap((event) => eventProblem(event) ?? []);
      expect(problems, 'every event can be written to a history').toEqual([]);
    }
  });

  /** A broker of the test's own. */
  async function start(
    more: Partial<BrokerStartOptions> = {},
    { start } = adapter,
  ): Promise<BrokerUnderTest> {
    const subject = await BrokerUnderTest.start({
      start,
      authority,
      server,
      more: { principals: PRINCIPALS, ...more },
    });
    running.push(subject);
    return subject;
  }

  /** A broker that is neither changed nor ended by the test. */
  function use(): Promise<BrokerUnderTest> {
    return start({}, facts.shared);
  }

  function as(
    subject: BrokerUnderTest,
    clientId: string,
    more: Partial<ClientOptions> = {},
  ): ClientOptions {
    return { endpoint: subject.broker.endpoint, credential: device, clientId, ...more };
  }

  const versions = VERSIONS.filter((version) =>
    adapter.capabilities.protocolVersions.includes(version),
  );

  describe.each(versions)('MQTT level %i', (protocolVersion) => {
    test('a connected client is reported with what it proved and what it said', async () => {
      const subject = await use();
      const client = await TestClient.connect(
        as(subject, 'a', { protocolVersion, keepAliveSeconds: 77 }),
      );
      const [event] = await subject.drained();
      const byCertificate = { kind: 'certificate-id', value: device.certificateId };
      const said = { protocolVersion, keepAliveSeconds: 77, cleanStart: true };
      const byName = { kind: 'common-name', value: 'device-1' };
      const { certificateVisible } = adapter.capabilities;
      expect(event).toMatchObject({
        kind: 'connected',
        vantage: 'broker',
        clientId: 'a',
        principal: certificateVisible ? byCertificate : byName,
        ip: '127.0.0.1',
        port: client.port,
        ...(facts.saysConnect === false ? {} : said),
      });
      expect(event?.certificateId).toBe(certificateVisible ? device.certificateId : undefined);
    });

    test('a new connection with the same client ID ends the old session by takeover', async () => {
      const subject = await use();
      const first = await TestClient.connect(as(subject, 'a', { protocolVersion }));
      const second = await TestClient.connect(as(subject, 'a', { protocolVersion }));
      const end = await first.ended;
      const third = await TestClient.open(
        as(subject, 'a', { protocolVersion, credential: otherDevice }),
      );
      // Coming back that soon, a guard against flapping lets nobody in.
      const held = subject.broker.capabilities.flappingGuard;
      expect(await third.connack).toBe(held ? undefined : 0);
      if (!held) await second.ended;
      const events = await subject.drained();
      expect(storyOf(events, 'a')).toEqual([
        'connected',
        'closed session-taken-over',
        'connected',
        ...(held ? ['connect-failed throttled'] : ['closed session-taken-over', 'connected']),
      ]);
      const owner = held ? second : third;
      expect(subject.open().map((event) => event.port)).toEqual([owner.port]);
      const told = protocolVersion === 5 && subject.broker.capabilities.sendsSessionTakenOver;
      expect(end.disconnect).toBe(told ? 0x8e : undefined);
    });

    test('the ways to leave are told apart, and close the session that they belong to', async () => {
      const subject = await use();
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
      const { closeReasonVisible } = adapter.capabilities;
      const lost = closeReasonVisible ? 'connection-lost' : 'client-initiated';
      expect(storyOf(events, 'silent')).toEqual(['connected', `closed ${lost}`]);
      expect(storyOf(events, 'broken')).toEqual(['connected', 'closed connection-lost']);
      const sessions = (kind: string) =>
        new Map(events.filter((e) => e.kind === kind).map((e) => [e.clientId, e.sessionId]));
      expect(sessions('closed')).toEqual(sessions('connected'));
    });

    test('a client that says nothing within its keep-alive time is closed for that', {
      timeout: KEEP_ALIVE_TEST_MS,
    }, async () => {
      const subject = await use();
      const client = await TestClient.connect(
        as(subject, 'a', { protocolVersion, keepAliveSeconds: 1 }),
      );
      await client.ended;
      const events = await subject.drained();
      const { closeReasonVisible } = adapter.capabilities;
      const reason = closeReasonVisible ? 'keep-alive-timeout' : 'connection-lost';
      expect(storyOf(events, 'a')).toEqual(['connected', `closed ${reason}`]);
    });

    test('a message reaches its subscriber', async () => {
      const subject = await use();
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
      const subject = await use();
      const clients = await Promise.all(
        Array.from({ length: 30 }, (_, i) => {
          const credential = i % 2 === 0 ? device : otherDevice;
          return TestClient.open(as(subject, 'clone', { protocolVersion, credential }));
        }),
      );
      const left = new Set(clients);
      for (const client of clients) client.ended.then(() => left.delete(client));
      // Each is let in and evicted, or not let in, by a guard against flapping.
      const over = (): boolean => {
        const connects = subject.events.filter((event) => event.kind !== 'closed');
        return connects.length === clients.length && subject.open().length === 1;
      };
      await subject.until(over);
      await subject.drained();
      expect(subject.open()).toHaveLength(1);
      const reasons = subject.events.flatMap((event) => event.reason ?? []);
      const { flappingGuard } = adapter.capabilities;
      const possible = ['session-taken-over', ...(flappingGuard ? ['throttled'] : [])];
      expect(reasons).toHaveLength(clients.length - 1);
      expect(reasons.filter((reason) => !possible.includes(reason))).toEqual([]);
      const [winner] = clients.filter(({ port }) => port === subject.open()[0]?.port);
      await Promise.all(clients.filter((client) => client !== winner).map(({ ended }) => ended));
      expect([...left]).toEqual([winner]);
      if (flappingGuard) return;
      // The survivor still owns the client ID: the next one evicts it.
      await TestClient.connect(as(subject, 'clone', { protocolVersion }));
      await winner?.ended;
    });
  });

  describe.each(TLS_VERSIONS)('%s', (tls) => {
    test('a device with a certificate of the fleet is let in', async () => {
      const subject = await use();
      const client = await TestClient.connect(as(subject, 'a', { tls }));
      expect(client.socket.getProtocol()).toBe(tls);
    });

    test('a certificate of another authority is refused before CONNACK, and reported', async () => {
      const subject = await use();
      const client = await TestClient.open(as(subject, 'a', { tls, credential: rogue }));
      expect((await client.ended).connack).toBeUndefined();
      const events = await subject.drained();
      expect(storyOf(events, '')).toEqual(['connect-failed auth-error']);
      const { certificateVisible } = adapter.capabilities;
      expect(events[0]?.certificateId).toBe(certificateVisible ? rogue.certificateId : undefined);
    });

    test('a device without a certificate is refused before CONNACK, and reported', async () => {
      const subject = await use();
      const { endpoint } = subject.broker;
      const client = await TestClient.open({ endpoint, clientId: 'a', tls });
      expect((await client.ended).connack).toBeUndefined();
      expect(storyOf(await subject.drained(), '')).toEqual(['connect-failed auth-error']);
    });
  });

  test('what is no TLS at all is reported as a failed connect and disturbs nobody', async () => {
    const subject = await use();
    const client = await TestClient.connect(as(subject, 'a'));
    const { host, port } = subject.broker.endpoint;
    const stranger = connect({ host, port });
    stranger.on('error', () => {}).resume();
    stranger.write('GET / HTTP/1.1\r\n\r\n');
    await new Promise((resolve) => stranger.once('close', resolve));
    const events = await subject.drained();
    expect(storyOf(events, '')).toEqual(['connect-failed protocol-error']);
    expect(subject.open().map((event) => event.port)).toEqual([client.port]);
  });

  test('draining hands over everything that happened before it', async () => {
    const subject = await use();
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
    const subject = await use();
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
    const subject = await use();
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
    expect([...subject.files().values()].join()).not.toContain('PRIVATE KEY');
  });

  test('the private key is in no file and in no argument while the broker runs', async () => {
    const subject = await start();
    expect([...subject.files().values()].join()).not.toContain('PRIVATE KEY');
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
    const [one, two] = [await use(), await start()];
    await TestClient.connect(as(one, 'a'));
    await TestClient.connect(as(two, 'a'));
    expect(storyOf(await one.drained(), 'a')).toEqual(['connected']);
    expect(storyOf(await two.drained(), 'a')).toEqual(['connected']);
  });

  test('a certificate that the broker can not use is said in one sentence, without a key', async () => {
    const bad = { ...server, privateKeyPem: otherDevice.privateKeyPem };
    const more = { principals: PRINCIPALS };
    const attempt = BrokerUnderTest.start({ start: adapter.start, authority, server: bad, more });
    const error = await attempt.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ name: 'UserError', exitCode: 69 });
    expect(String(error)).toMatch(/could not be started/);
    expect(String(error)).not.toContain('PRIVATE KEY');
  });

  test('a new revocation list counts when the profile says so, and only for whom it names', async () => {
    const { revocationEffect, reloadCutsRevoked } = adapter.capabilities;
    const subject = await start({ crlPem: authority.crl([]) });
    const victim = await TestClient.connect(as(subject, 'live'));
    const attempt = async (clientId: string, credential = device): Promise<boolean> => {
      const client = await TestClient.open(as(subject, clientId, { credential }));
      return (await client.connack) === 0;
    };
    if (revocationEffect === 'never') {
      const change = subject.broker.change({ crlPem: authority.crl([device]) });
      await expect(change).rejects.toMatchObject({ name: 'UserError' });
      return;
    }
    await subject.broker.change({ crlPem: authority.crl([device]) });
    expect(await attempt('changed')).toBe(revocationEffect !== 'at-handshake');
    expect(await subject.broker.reload()).toEqual([]);
    expect(await attempt('reloaded')).toBe(false);
    expect(await attempt('good', otherDevice)).toBe(true);
    await subject.drained();
    const isOpen = subject.open().some((event) => event.port === victim.port);
    expect(isOpen).toBe(!reloadCutsRevoked);
    expect(storyOf(subject.events, 'good')).toEqual(['connected']);
    expect([...subject.files().values()].join()).not.toContain('PRIVATE KEY');
  });

  test('what can not be read again is said at the reload, and the broker goes on', async () => {
    if (adapter.capabilities.revocationEffect === 'never') return;
    const subject = await start({ crlPem: authority.crl([]) });
    for (const crlPem of ['no list at all', null]) {
      await subject.broker.change({ crlPem });
      const errors = await subject.broker.reload();
      expect(errors.length, `what is said of ${crlPem}`).toBeGreaterThan(0);
      expect(errors.join('\n')).not.toMatch(/PRIVATE KEY|\n\s*at /);
    }
    await subject.broker.change({ crlPem: authority.crl([]) });
    expect(await subject.broker.reload()).toEqual([]);
    await TestClient.connect(as(subject, 'a'));
    expect(storyOf(await subject.drained(), 'a')).toEqual(['connected']);
    expect(subject.failures).toEqual([]);
  });

  // Where starting takes seconds: the code is that of the others.
  test.skipIf(facts.shared)(
    'a file that the configuration does not have can not be changed',
    async () => {
      const subject = await start();
      const change = subject.broker.change({ files: { '../outside': 'x' } });
      await expect(change).rejects.toMatchObject({ name: 'UserError', exitCode: 65 });
      expect([...subject.files().keys()].filter((file) => file.includes('outside'))).toEqual([]);
    },
  );

  test(`a second authority ${facts.reloadsAuthorities ? 'counts' : 'does not count'} from a reload on`, async () => {
    const subject = await start();
    const deviceCaPem = `${authority.caPem}${rogueAuthority.caPem}`;
    await subject.broker.change({ deviceCaPem });
    expect(await subject.broker.reload()).toEqual([]);
    const client = await TestClient.open(as(subject, 'new', { credential: rogue }));
    expect(await client.connack).toBe(facts.reloadsAuthorities ? 0 : undefined);
    await TestClient.connect(as(subject, 'old'));
    expect(storyOf(await subject.drained(), 'old')).toEqual(['connected']);
  });
}
