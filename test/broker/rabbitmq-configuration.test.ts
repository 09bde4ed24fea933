import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BrokerConfiguration } from '../../src/broker/configuration.ts';
import { loadConfigurations } from '../../src/broker/load-configuration.ts';
import { rabbitmqBroker } from '../../src/broker/rabbitmq/adapter.ts';
import { ownConfiguration } from '../../src/broker/rabbitmq/configuration.ts';
import { crlFileName } from '../../src/broker/rabbitmq/crl-hash.ts';
import { fillUsers } from '../../src/broker/rabbitmq/definitions.ts';
import { leavesLoopback, termsLeaveLoopback } from '../../src/broker/rabbitmq/loopback.ts';
import { TestAuthority, type TestCredential } from '../support/broker-certificates.ts';
import { TestClient } from '../support/broker-client.ts';
import { BrokerUnderTest, isAlive } from '../support/broker-harness.ts';
import { requireProgram } from '../support/programs.ts';

const FOLDER = fileURLToPath(new URL('../../configurations/rabbitmq', import.meta.url));
const rabbitmq = requireProgram('rabbitmq-server');
const openssl = requireProgram('openssl');
const shipped = await loadConfigurations(FOLDER);
const PRINCIPALS = ['owner', 'intruder', 'service'];

function configuration(
  text: string,
  more: Readonly<Record<string, string>> = {},
): BrokerConfiguration {
  const files = new Map(Object.entries({ 'main.conf': text, ...more }));
  const path = '/home/author/main.conf';
  return { name: 'rabbitmq/x', broker: 'rabbitmq', path, main: 'main.conf', files };
}

/** What a configuration says, without its comments. */
function settings(tested: BrokerConfiguration | undefined): string {
  const text = tested?.files.get(tested.main) ?? '';
  return text.replace(/^#.*\n/gm, '');
}

describe.skipIf(!rabbitmq.available || !openssl.available)(
  `configurations of RabbitMQ${rabbitmq.note}${openssl.note}`,
  () => {
    let authority: TestAuthority;
    let otherAuthority: TestAuthority;
    let server: TestCredential;
    const devices = new Map<string, TestCredential>();
    let subject: BrokerUnderTest | undefined;

    beforeAll(() => {
      authority = new TestAuthority();
      otherAuthority = new TestAuthority('Another CA');
      server = authority.server();
      for (const name of PRINCIPALS) devices.set(name, authority.device(name));
      devices.set('stranger', otherAuthority.device('owner'));
    });
    afterAll(() => {
      authority.remove();
      otherAuthority.remove();
    });
    afterEach(async () => {
      await subject?.end();
      subject = undefined;
    });

    async function start(
      tested: BrokerConfiguration,
      more: { readonly principals?: readonly string[] } = { principals: PRINCIPALS },
    ): Promise<BrokerUnderTest> {
      subject = await BrokerUnderTest.start({
        start: rabbitmqBroker.start,
        authority,
        server,
        more: { configuration: tested, ...more },
      });
      return subject;
    }

    function open({ broker }: BrokerUnderTest, name: string): Promise<TestClient> {
      const credential = devices.get(name);
      return TestClient.open({
        endpoint: broker.endpoint,
        clientId: name,
        ...(credential === undefined ? {} : { credential }),
      });
    }

    // The others are those that the adapter brings itself, which its contract is tested with.
    test.each([
      ['certificate-not-required', { stranger: false, nobody: true }],
      ['certificates-not-verified', { stranger: true, nobody: true }],
      ['certificate-or-password', { stranger: false, nobody: false }],
      ['own-topics', { stranger: false, nobody: false }],
    ])('%s lets in whom it says, and keeps topics apart if it says so', async (name, lets) => {
      const tested = shipped.find((one) => one.name === `rabbitmq/${name}`);
      if (tested === undefined) throw new Error('it is not there');
      const broker = await start(tested);
      for (const [who, isLetIn] of Object.entries(lets)) {
        expect((await (await open(broker, who)).connack) === 0, who).toBe(isLetIn);
      }
      const [owner, intruder, service] = await Promise.all(
        PRINCIPALS.map((one) => open(broker, one)),
      );
      for (const client of [owner, intruder, service]) expect(await client?.connack).toBe(0);
      owner?.subscribe('fleet/owner/#');
      const timer = setInterval(() => {
        intruder?.publish('fleet/owner/commands', 'forged');
        service?.publish('fleet/owner/commands', 'genuine');
      }, 20);
      const apart = ['certificate-or-password', 'own-topics'].includes(name);
      await owner?.received('genuine');
      // Two connections: which of their messages comes first is nobody's promise.
      if (!apart) await owner?.received('forged');
      clearInterval(timer);
      expect(owner?.publishes.includes('forged')).toBe(!apart);
      const { pid } = broker.broker;
      await broker.broker.stop();
      expect(isAlive(pid)).toBe(false);
      const left = [...broker.files().keys()].filter((file) => !tested.files.has(file));
      expect(left).toEqual(['broker.log']);
      expect(broker.failures).toEqual([]);
    });

    test.each([
      ['an unknown key', 'foo.bar = 3', 3, /no setting with the name foo\.bar/],
      ['a value of the wrong type', 'mqtt.allow_anonymous = maybe', 3, /"maybe" is not a valid/],
    ])('%s is quoted with the line of its author', async (_what, line, number, words) => {
      const text = `{{harness}}\nmqtt.listeners.ssl.default = 127.0.0.1:{{port}}\n${line}\n`;
      await expect(start(configuration(text))).rejects.toMatchObject({
        exitCode: 65,
        problems: [
          {
            file: '/home/author/main.conf',
            line: number,
            message: expect.stringMatching(words),
          },
        ],
      });
    });

    test('without the names of its users it is not started, and says what is missing', async () => {
      await expect(start(ownConfiguration(false), {})).rejects.toMatchObject({
        exitCode: 65,
        message: expect.stringMatching(/this run names none.*principals/),
      });
    });

    test('listening beyond this machine, or without the harness, is refused before it starts', async () => {
      const text = 'mqtt.listeners.ssl.default = {{port}}\n';
      const terms = { 'main.advanced.config': '[{rabbitmq_mqtt, [\n{tcp_listeners, [1]}]}].\n' };
      await expect(start(configuration(text, terms))).rejects.toMatchObject({
        exitCode: 65,
        problems: [
          { message: expect.stringMatching(/no \{\{harness\}\}/) },
          { line: 1, message: expect.stringMatching(/beyond this machine/) },
          { file: '/home/author/main.advanced.config', line: 2 },
        ],
      });
    });

    test('the hash of a revocation list is that of OpenSSL, whatever its issuer is called', () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'doppelfleet-crl-'));
      for (const name of ['Fleet CA', '  Two   BLANKS ', 'Übergröße Ä', 'x'.repeat(60)]) {
        const issuer = new TestAuthority(name);
        const file = path.join(folder, 'list.pem');
        writeFileSync(file, issuer.crl([]));
        const hash = execFileSync(openssl.file, ['crl', '-hash', '-noout', '-in', file], {
          encoding: 'utf8',
        });
        expect(crlFileName(issuer.crl([]))).toBe(`${hash.trim()}.r0`);
        issuer.remove();
      }
      rmSync(folder, { recursive: true });
    });
  },
);

test('what is no revocation list has no name as one', () => {
  expect(crlFileName('')).toBeUndefined();
  expect(crlFileName('-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----')).toBeUndefined();
});

test('mutual-tls and revocation-list say what the adapter brings itself', () => {
  const named = (name: string) => shipped.find((one) => one.name === `rabbitmq/${name}`);
  expect(settings(named('mutual-tls'))).toBe(settings(ownConfiguration(false)));
  const terms = (tested: BrokerConfiguration | undefined) =>
    [...(tested?.files ?? [])]
      .find(([name]) => name.endsWith('.config'))?.[1]
      .replace(/^%.*\n/gm, '');
  expect(terms(named('revocation-list'))).toBe(terms(ownConfiguration(true)));
});

describe('users in the definitions of RabbitMQ', () => {
  const fill = (value: object, names: readonly string[]) => {
    const tested = configuration('', { 'some.json': JSON.stringify(value) });
    return JSON.parse(fillUsers(tested, 'some.json', names));
  };

  test('an entry with {{users}} is repeated for every user without one of its own', () => {
    const users = [
      { name: 'service', tags: 'x' },
      { name: '{{users}}', tags: '' },
    ];
    const permissions = [{ user: '{{users}}', read: '^{username}' }];
    expect(fill({ vhosts: [{ name: '/' }], users, permissions }, ['a"b', 'service'])).toEqual({
      vhosts: [{ name: '/' }],
      users: [
        { name: 'service', tags: 'x' },
        { name: 'a"b', tags: '' },
      ],
      permissions: [
        { user: 'a"b', read: '^{username}' },
        { user: 'service', read: '^{username}' },
      ],
    });
  });

  test('what is no JSON is said with its file', () => {
    const tested = configuration('', { 'some.json': '{ "{{users}}"' });
    expect(() => fillUsers(tested, 'some.json', [])).toThrow(/some\.json: the definitions are no/);
  });
});

describe('what a RabbitMQ configuration listens on', () => {
  test.each([
    'mqtt.listeners.ssl.default = 127.0.0.1:1883',
    'listeners.tcp = none',
    'listeners.ssl.1 = [::1]:5671',
    'management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = 15672',
    '# listeners.tcp.default = 5672',
    '# include other.conf',
    'distribution.listener.interface = 127.0.0.1',
  ])('%s stays on this machine', (text) => {
    expect(leavesLoopback(text)).toEqual([]);
  });

  test.each([
    'mqtt.listeners.ssl.default = 8883',
    'listeners.tcp.local = 0.0.0.0:5672',
    'listeners.tcp.1 = :::5672',
    'management.tcp.port = 15672',
    'prometheus.tcp.ip = 10.0.0.1',
    'cluster_formation.peer_discovery_backend = dns',
    'cluster_nodes.disc.1 = rabbit@elsewhere',
    'log.syslog.host = 192.0.2.1',
    'distribution.listener.interface = 0.0.0.0',
    'listeners.tcp.1 = 5672 # \rx',
    'include /etc/rabbitmq/other.conf',
  ])('%s does not', (text) => {
    expect(leavesLoopback(`a = b\n${text}\n`)[0]?.line).toBe(2);
  });

  test('terms of Erlang may not open listeners at all, unless in a comment', () => {
    expect(termsLeaveLoopback('[].\n% {tcp_listeners, []}\n')).toEqual([]);
    expect(termsLeaveLoopback('[\n{ssl_listeners, [1]}].')[0]?.line).toBe(2);
    expect(termsLeaveLoopback('[\n{a, "%"}, {tcp_listeners, [1]}].')[0]?.line).toBe(2);
    expect(termsLeaveLoopback('[\n{inet_dist_use_interface, {0,0,0,0}}].')[0]?.line).toBe(2);
  });
});
