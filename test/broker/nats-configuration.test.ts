import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BrokerConfiguration } from '../../src/broker/configuration.ts';
import { loadConfigurations } from '../../src/broker/load-configuration.ts';
import { natsBroker } from '../../src/broker/nats/adapter.ts';
import { leavesLoopback } from '../../src/broker/nats/loopback.ts';
import { TestAuthority, type TestCredential } from '../support/broker-certificates.ts';
import { TestClient } from '../support/broker-client.ts';
import { BrokerUnderTest, isAlive, storyOf } from '../support/broker-harness.ts';
import { requireProgram } from '../support/programs.ts';

const FOLDER = fileURLToPath(new URL('../../configurations/nats', import.meta.url));
const nats = requireProgram('nats-server');
const openssl = requireProgram('openssl');
const shipped = await loadConfigurations(FOLDER);
const PRINCIPALS = ['owner', 'intruder', 'service'];

/** Its `{{harness}}` is line 1, `{{users}}` line 9. */
const BASE = `{{harness}}
mqtt { host: 127.0.0.1, port: {{port}}
  tls {
    cert_file: "{{serverCertificate}}"
    key_file: "{{serverKey}}"
    ca_file: "{{deviceCa}}"
    verify_and_map: true
  } }
authorization { users = [ {{users}} ] }
`;

function configuration(text: string): BrokerConfiguration {
  const path = '/home/author/main.conf';
  const files = new Map([['main.conf', text]]);
  return { name: 'nats/x', broker: 'nats', path, main: 'main.conf', files };
}

describe.skipIf(!nats.available || !openssl.available)(
  `configurations of NATS${nats.note}${openssl.note}`,
  () => {
    let authority: TestAuthority;
    let otherAuthority: TestAuthority;
    let server: TestCredential;
    const devices = new Map<string, TestCredential>();
    const running: BrokerUnderTest[] = [];

    beforeAll(() => {
      authority = new TestAuthority();
      otherAuthority = new TestAuthority('Another CA');
      server = authority.server();
      for (const name of PRINCIPALS) devices.set(name, authority.minted(name));
    });
    afterAll(() => {
      authority.remove();
      otherAuthority.remove();
    });
    afterEach(async () => {
      for (const subject of running.splice(0)) await subject.end();
    });

    async function start(
      tested: BrokerConfiguration,
      more: { readonly principals?: readonly string[] } = { principals: PRINCIPALS },
    ): Promise<BrokerUnderTest> {
      const subject = await BrokerUnderTest.start({
        start: natsBroker.start,
        authority,
        server,
        more: { configuration: tested, otherCaPem: otherAuthority.caPem, ...more },
      });
      running.push(subject);
      return subject;
    }

    function open(subject: BrokerUnderTest, name: string): Promise<TestClient> {
      const credential = devices.get(name);
      const { endpoint } = subject.broker;
      return TestClient.open({
        endpoint,
        clientId: name,
        ...(credential === undefined ? {} : { credential }),
      });
    }

    test.each(shipped.map((one) => [one.name, one] as const))(
      '%s lets a good client in, shows it, can be reloaded and leaves nothing',
      async (_name, tested) => {
        const subject = await start(tested);
        expect(await (await open(subject, 'owner')).connack).toBe(0);
        expect(storyOf(await subject.drained(), 'owner')).toEqual(['connected']);
        expect(await subject.broker.reload()).toEqual([]);
        const { pid } = subject.broker;
        await subject.broker.stop();
        expect(isAlive(pid)).toBe(false);
        expect([...subject.files().keys()].sort()).toEqual(['broker.log', tested.main]);
        expect(subject.failures).toEqual([]);
      },
    );

    test('own-topics delivers to their owner and the backend only', async () => {
      const tested = shipped.find(({ name }) => name === 'nats/own-topics');
      if (tested === undefined) throw new Error('it is not there');
      const subject = await start(tested);
      const [owner, intruder, service] = await Promise.all(
        PRINCIPALS.map((name) => open(subject, name)),
      );
      for (const client of [owner, intruder, service]) expect(await client?.connack).toBe(0);
      for (const client of [owner, intruder]) client?.subscribe('fleet/owner/#');
      // Repeated until the subscription holds; what is forged goes before each that is genuine.
      const timer = setInterval(() => {
        intruder?.publish('fleet/owner/commands', 'forged');
        service?.publish('fleet/owner/commands', 'genuine');
      }, 20);
      await owner?.received('genuine');
      clearInterval(timer);
      expect(owner?.publishes).not.toContain('forged');
      expect(intruder?.publishes).toEqual([]);
    });

    test('a user who is taken off the list is cut off at the reload, and nobody else', async () => {
      const subject = await start(configuration(BASE));
      const [owner, intruder] = [await open(subject, 'owner'), await open(subject, 'intruder')];
      expect([await owner.connack, await intruder.connack]).toEqual([0, 0]);
      await subject.broker.change({ principals: ['owner', 'service'] });
      expect(await subject.broker.reload()).toEqual([]);
      await intruder.ended;
      expect(await (await open(subject, 'intruder')).connack).toBe(5);
      expect(await (await open(subject, 'service')).connack).toBe(0);
      await subject.drained();
      expect(subject.open().map(({ clientId }) => clientId)).toEqual(['owner', 'service']);
    });

    test('a reload with a mistake says it, keeps what was, and the next one counts', async () => {
      const subject = await start(configuration(BASE));
      await subject.broker.change({ files: { 'main.conf': `${BASE}nonsense: 1\n` } });
      const [error] = await subject.broker.reload();
      expect(error).toMatch(/did not reload: .*unknown field "nonsense"/);
      expect(await (await open(subject, 'owner')).connack).toBe(0);
      await subject.broker.change({ files: { 'main.conf': BASE } });
      expect(await subject.broker.reload()).toEqual([]);
    });

    test('mistakes are quoted with the lines of their author', async () => {
      const text = BASE.replace('verify_and_map', 'verify_or_map');
      await expect(start(configuration(`${text}nonsense: 1\n`))).rejects.toMatchObject({
        exitCode: 65,
        problems: [
          { file: '/home/author/main.conf', line: 7, message: /verify_or_map/ },
          { file: '/home/author/main.conf', line: 10, message: /unknown field "nonsense"/ },
        ].map((problem) => ({ ...problem, message: expect.stringMatching(problem.message) })),
      });
    });

    test('without the names of its users it is not started, and says what is missing', async () => {
      await expect(start(configuration(BASE), {})).rejects.toMatchObject({
        exitCode: 65,
        message: expect.stringMatching(/this run names none.*principals/),
      });
    });

    test('an empty list of users lets in nobody, instead of everybody', async () => {
      const subject = await start(configuration(BASE), { principals: [] });
      expect(await (await open(subject, 'owner')).connack).toBe(5);
    });

    test('listening beyond this machine, or without the harness, is refused before it starts', async () => {
      const text = BASE.replace('{{harness}}', 'host: 0.0.0.0');
      await expect(start(configuration(text))).rejects.toMatchObject({
        exitCode: 65,
        problems: [
          { message: expect.stringMatching(/no \{\{harness\}\}/) },
          { line: 1, message: expect.stringMatching(/beyond this machine \(host 0\.0\.0\.0\)/) },
        ],
      });
    });
  },
);

describe('what a NATS configuration listens on', () => {
  test.each([
    'host: 127.0.0.1',
    'http: "127.0.0.1:8222"',
    "listen = '[::1]:4222'",
    'mqtt { host: localhost\n port: 1883 }',
    '# host: 0.0.0.0',
    '// listen: 4222',
    'include "users.conf"',
    'server_name: a//b # url: x',
  ])('%s stays on this machine', (text) => {
    expect(leavesLoopback(text, new Set(['users.conf']))).toEqual([]);
  });

  test.each([
    'host: 0.0.0.0',
    '"host": "::"',
    'net = 10.0.0.1',
    'listen: 4222',
    'http: 8222',
    'http ":8222"',
    'mqtt { port: 1883 }',
    'websocket: {\n port: 80 }',
    'mqtt { host: 127.0.0.1.example.com }',
    'cluster { host: 127.0.0.1, routes = [] }',
    'leafnodes { host: 127.0.0.1, remotes: [ { url: x } ] }',
    'host: $ADDRESS',
    'ws { port: 80 }',
    'cluster { host: 127.0.0.1, routes [ "nats://192.0.2.1:4222" ] }',
    'leafnodes { host: 127.0.0.1, remotes [ { url x } ] }',
    'account_resolver: URL(http://192.0.2.1)',
    'include "other.conf"',
    'include ../users.conf',
    '# a comment ends here\rhost: 0.0.0.0',
    'server_name: a//b, host: 0.0.0.0',
    'server_name: "a\\" #", host: 0.0.0.0',
  ])('%s does not', (text) => {
    const [first] = leavesLoopback(`port: 1\n${text}\n`, new Set(['users.conf']));
    expect(first?.line).toBe(2);
  });
});
