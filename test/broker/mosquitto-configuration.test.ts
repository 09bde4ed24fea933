import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BrokerConfiguration } from '../../src/broker/configuration.ts';
import { loadConfigurations } from '../../src/broker/load-configuration.ts';
import { mosquittoBroker } from '../../src/broker/mosquitto/adapter.ts';
import { TestAuthority, type TestCredential } from '../support/broker-certificates.ts';
import { type ClientOptions, TestClient } from '../support/broker-client.ts';
import { BrokerUnderTest, isAlive, storyOf } from '../support/broker-harness.ts';
import { requireProgram } from '../support/programs.ts';

const FOLDER = fileURLToPath(new URL('../../configurations/mosquitto', import.meta.url));
const mosquitto = requireProgram('mosquitto');
const openssl = requireProgram('openssl');
const shipped = await loadConfigurations(FOLDER);

/** Lines that most of the configurations here begin with; their numbers are 1 to 7. */
const BASE = `{{harness}}
listener {{port}} 127.0.0.1
cafile {{deviceCa}}
certfile {{serverCertificate}}
keyfile {{serverKey}}
require_certificate true
use_identity_as_username true
`;

function configuration(text: string, more: Readonly<Record<string, string>> = {}) {
  const files = new Map(Object.entries({ 'main.conf': text, ...more }));
  const path = '/home/author/main.conf';
  return { name: 'x', broker: 'mosquitto', path, main: 'main.conf', files };
}

describe.skipIf(!mosquitto.available || !openssl.available)(
  `configurations of Mosquitto${mosquitto.note}${openssl.note}`,
  () => {
    let authority: TestAuthority;
    let otherAuthority: TestAuthority;
    let server: TestCredential;
    let owner: TestCredential;
    let subject: BrokerUnderTest | undefined;

    beforeAll(() => {
      authority = new TestAuthority();
      otherAuthority = new TestAuthority('Another CA');
      server = authority.server();
      owner = authority.device('owner');
    });
    afterAll(() => {
      authority.remove();
      otherAuthority.remove();
    });
    afterEach(async () => {
      await subject?.end();
      subject = undefined;
    });

    async function start(tested: BrokerConfiguration): Promise<BrokerUnderTest> {
      const more = {
        configuration: tested,
        crlPem: authority.crl([]),
        otherCaPem: otherAuthority.caPem,
      };
      subject = await BrokerUnderTest.start({
        start: mosquittoBroker.start,
        authority,
        server,
        more,
      });
      return subject;
    }

    function as(to: BrokerUnderTest, clientId: string, more: Partial<ClientOptions> = {}) {
      return { endpoint: to.broker.endpoint, credential: owner, clientId, ...more };
    }

    test.each(shipped.map((one) => [one.name, one] as const))(
      '%s lets a good client in, shows it, can be reloaded and leaves nothing',
      async (_name, tested) => {
        const { broker, failures, ...rest } = await start(tested).then((one) => ({
          broker: one.broker,
          failures: one.failures,
          one,
        }));
        await TestClient.connect(as(rest.one, 'owner'));
        const silent = tested.name.endsWith('/silent-log');
        const story = storyOf(await rest.one.drained(), 'owner');
        expect(story).toEqual(silent ? [] : ['connected']);
        expect(await broker.reload()).toEqual([]);
        await broker.stop();
        expect(isAlive(broker.pid)).toBe(false);
        expect(failures).toEqual([]);
        const paths = [...rest.one.files().keys()].filter((file) => file.endsWith('.pem'));
        expect(paths).toEqual([]);
      },
    );

    test.each([
      [
        'an unknown word',
        `${BASE}\nnonsense true\n`,
        {},
        9,
        'Unknown configuration variable "nonsense"',
      ],
      ['a value that is none', `max_keepalive -7\n${BASE}`, {}, 1, 'Invalid max_keepalive value'],
    ])('%s is quoted with the line of its author', async (_what, text, files, line, words) => {
      const attempt = start(configuration(text, files));
      await expect(attempt).rejects.toMatchObject({
        name: 'UserError',
        exitCode: 65,
        problems: [
          { file: '/home/author/main.conf', line, message: expect.stringContaining(words) },
        ],
      });
    });

    test('a bad line in a companion is quoted with the companion and its line', async () => {
      const files = { 'some.acl': 'user a\ntopic read x\n\ngarbage here\n' };
      const attempt = start(configuration(`${BASE}acl_file {{file:some.acl}}\n`, files));
      await expect(attempt).rejects.toMatchObject({
        exitCode: 65,
        problems: [
          {
            file: '/home/author/some.acl',
            line: 4,
            message: expect.stringMatching(
              /Invalid line in acl_file "\/home\/author\/some.acl": garbage/,
            ),
          },
        ],
      });
    });

    test('what leads beyond this machine is refused, all of it, before anything is started', async () => {
      const text = `${BASE}listener 1883
listener 1884 0.0.0.0
port 1885
bind_interface eth0
include_dir /etc/mosquitto/conf.d
connection out
address 127.0.0.1:1883 broker.example:1883
log_dest file /tmp/x
`;
      const attempt = start(configuration(text));
      await expect(attempt).rejects.toMatchObject({ exitCode: 65 });
      const { problems } = await attempt.catch((error) => error);
      const lines = problems.map(({ line }: { readonly line: number }) => line);
      expect(lines).toEqual([8, 9, 10, 11, 12, 14, 15]);
    });

    test.each([
      ['a tab, which does not part words', 'listener 45001\t127.0.0.1'],
      ['a carriage return', 'listener 45001 # \r'.concat('x')],
      ['a line separator', 'listener 45001 0.0.0.0 \u2028'],
      ['a tab in an address', 'address 127.0.0.1\t192.0.2.1'],
    ])('%s hides nothing that leads beyond this machine', async (_what, line) => {
      await expect(start(configuration(`${BASE}${line}\n`))).rejects.toMatchObject({
        exitCode: 65,
        problems: [{ line: 8 }],
      });
    });

    test('a configuration that does not listen on its port is refused', async () => {
      const text = BASE.replace('{{port}}', '1883').concat('# {{port}}\n');
      await expect(start(configuration(text))).rejects.toThrow('no listener on {{port}}');
    });

    test('without {{harness}} it runs, and its log is no evidence', async () => {
      const running = await start(configuration(BASE.replace('{{harness}}', '')));
      expect(running.broker.capabilities.brokerEvidence).toBe(false);
      const client = await TestClient.connect(as(running, 'owner'));
      expect(await running.drained()).toEqual([]);
      expect(await running.broker.reload()).toEqual([]);
      await running.broker.stop();
      await client.ended;
      expect(running.events).toEqual([]);
    });

    test('without {{harness}} and without any log it is ready when its port is', async () => {
      const running = await start(configuration(BASE.replace('{{harness}}', 'log_dest none')));
      await TestClient.connect(as(running, 'owner'));
    });

    test('a bad line in a changed file of rights is said at the reload, with its author’s name', async () => {
      const files = { 'some.acl': 'topic readwrite #\n' };
      const running = await start(configuration(`${BASE}acl_file {{file:some.acl}}\n`, files));
      await running.broker.change({ files: { 'some.acl': 'topic read x\ngarbage\n' } });
      const [error] = await running.broker.reload();
      expect(error).toBe('Invalid line in acl_file "/home/author/some.acl": garbage.');
      await running.broker.change({ files: { 'some.acl': 'topic read x\n' } });
      expect(await running.broker.reload()).toEqual([]);
    });

    test('a changed main file keeps to the rails and counts from the reload on', async () => {
      const running = await start(configuration(BASE));
      const open = running.broker.change({ files: { 'main.conf': `${BASE}listener 1883\n` } });
      await expect(open).rejects.toMatchObject({ exitCode: 65 });
      await running.broker.change({ files: { 'main.conf': `${BASE}clientid_prefixes own\n` } });
      expect(await running.broker.reload()).toEqual([]);
      const refused = await TestClient.open(as(running, 'foreign'));
      expect((await refused.ended).connack).toBe(5);
      await TestClient.connect(as(running, 'owner'));
    });

    test('connections of ours do not count where connections are counted', async () => {
      const running = await start(configuration(`${BASE}max_connections 2\n`));
      await running.broker.drainEvidence();
      await TestClient.connect(as(running, 'a'));
      await TestClient.connect(as(running, 'b'));
      await running.broker.drainEvidence();
      const third = await TestClient.open(as(running, 'c'));
      expect((await third.ended).connack).toBeUndefined();
      const events = await running.drained();
      expect(events.map(({ kind, reason }) => reason ?? kind)).toEqual([
        'connected',
        'connected',
        'throttled',
      ]);
    });

    test('what a client claims to be is no common name', async () => {
      const text = BASE.replace('use_identity_as_username true', 'allow_anonymous true');
      const running = await start(configuration(text));
      await TestClient.connect(as(running, 'a'));
      const [event] = await running.drained();
      expect(event).not.toHaveProperty('principal');
    });

    test('a list or authority that the run does not have is said before the start', async () => {
      const attempt = BrokerUnderTest.start({
        start: mosquittoBroker.start,
        authority,
        server,
        more: { configuration: configuration(`${BASE}crlfile {{crl}}\n`) },
      });
      await expect(attempt).rejects.toThrow('main.conf:8:9: nothing stands for {{crl}}');
    });
  },
);
