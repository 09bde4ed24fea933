/**
 * Every broker rule on every real broker that has it: the configuration that lets in everybody is
 * hardened, and who must come in comes in, and who must not does not.
 */
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BrokerConfiguration } from '../../src/broker/configuration.ts';
import { loadConfiguration } from '../../src/broker/load-configuration.ts';
import { BROKERS } from '../../src/broker/registry.ts';
import type { BrokerRule } from '../../src/core/broker-rule.ts';
import { TestAuthority, type TestCredential } from '../support/broker-certificates.ts';
import { type ClientEnd, TestClient } from '../support/broker-client.ts';
import { BrokerUnderTest, storyOf } from '../support/broker-harness.ts';
import { requireProgram } from '../support/programs.ts';

const FOLDER = fileURLToPath(new URL('../../configurations', import.meta.url));
const openssl = requireProgram('openssl');
const programs = {
  embedded: { available: true, note: '' },
  mosquitto: requireProgram('mosquitto'),
  nats: requireProgram('nats-server'),
  rabbitmq: requireProgram('rabbitmq-server'),
};
const LIMIT: BrokerRule = { rule: 'connection-limit', connectionsMax: 2 };
const REQUIRED: BrokerRule = { rule: 'certificate-required' };
const REVOKED: BrokerRule = { rule: 'revocation-list', groups: ['stolen'] };
const BOUND: BrokerRule = { rule: 'client-id-bound' };

let authority: TestAuthority;
let server: TestCredential;
const devices = new Map<string, TestCredential>();
let subject: BrokerUnderTest | undefined;

const NAMES = ['owner', 'bystander', 'service', 'stolen'];

beforeAll(() => {
  if (!openssl.available) return;
  authority = new TestAuthority();
  server = authority.server();
  for (const name of NAMES) devices.set(name, authority.minted(name));
});
afterAll(() => authority?.remove());
afterEach(async () => {
  await TestClient.endAll();
  await subject?.end();
  subject = undefined;
});

type Id = keyof typeof BROKERS;

/** Hardened by every rule in turn. */
async function hardened(id: Id, name: string, rules: readonly BrokerRule[]) {
  const end = id === 'embedded' ? 'yaml' : 'conf';
  let configuration = await loadConfiguration(`${FOLDER}/${id}/${name}.${end}`);
  for (const rule of rules) {
    const result = BROKERS[id].harden(rule, configuration);
    if ('lacks' in result) throw new Error(result.lacks);
    configuration = result.configuration;
  }
  return configuration;
}

async function start(id: Id, configuration: BrokerConfiguration): Promise<BrokerUnderTest> {
  const stolen = devices.get('stolen');
  const more = {
    configuration,
    crlPem: authority.crl(stolen === undefined ? [] : [stolen]),
    principals: NAMES,
  };
  subject = await BrokerUnderTest.start({ start: BROKERS[id].start, authority, server, more });
  return subject;
}

/** The client, once it was let in, or how it was not. */
async function comes(to: BrokerUnderTest, who: string | undefined, clientId: string) {
  const credential = who === undefined ? undefined : devices.get(who);
  const { endpoint } = to.broker;
  const client = await TestClient.open({
    endpoint,
    clientId,
    ...(credential === undefined ? {} : { credential }),
  });
  const isIn = (await client.connack) === 0;
  return isIn ? client : client.ended;
}

async function isLetIn(to: BrokerUnderTest, who: string | undefined, clientId: string) {
  const client = await comes(to, who, clientId);
  if (!(client instanceof TestClient)) return false;
  client.disconnect();
  await client.ended;
  await to.broker.drainEvidence();
  return true;
}

describe.each([
  ['embedded', [REQUIRED, REVOKED, LIMIT]],
  ['mosquitto', [REQUIRED, REVOKED, LIMIT]],
  ['nats', [REQUIRED, LIMIT]],
  ['rabbitmq', [REQUIRED, REVOKED, LIMIT]],
] as const)('%s', (id, rules) => {
  const { available, note } = programs[id];

  test.skipIf(!available || !openssl.available)(
    `enforces every rule that it has at once${note}`,
    async () => {
      const to = await start(id, await hardened(id, 'certificate-not-required', rules));
      // First of all: whoever leaves opens the limit of Mosquitto 2.0.11 for one more.
      const first = await comes(to, 'owner', 'owner');
      expect(first).toBeInstanceOf(TestClient);
      expect(await comes(to, 'bystander', 'bystander')).toBeInstanceOf(TestClient);
      expect(await comes(to, 'service', 'service')).not.toBeInstanceOf(TestClient);
      // The broker has no place for markers of ours either, and its log is read all the same.
      const reasons = (await to.drained()).filter((event) => event.kind === 'connect-failed');
      // RabbitMQ says of it only that the virtual host is not for this client.
      const expected = id === 'rabbitmq' ? 'auth-error' : 'throttled';
      expect(reasons.map(({ reason }) => reason)).toEqual([expected]);
      // A place that has become free is given again, and evidence still comes in order.
      if (first instanceof TestClient) first.disconnect();
      await to.broker.drainEvidence();
      expect(await isLetIn(to, 'service', 'service')).toBe(true);
      await TestClient.endAll();
      await to.broker.drainEvidence();
      expect(await isLetIn(to, undefined, 'nobody')).toBe(false);
      if (rules.some(({ rule }) => rule === 'revocation-list')) {
        expect(await isLetIn(to, 'stolen', 'stolen')).toBe(false);
      }
      expect(to.failures).toEqual([]);
    },
    60_000,
  );
});

describe.skipIf(!openssl.available)(`client IDs${openssl.note}`, () => {
  test.skipIf(!programs.mosquitto.available)(
    'are replaced by the common name on Mosquitto, so that two clients of one certificate fight',
    async () => {
      const to = await start('mosquitto', await hardened('mosquitto', 'mutual-tls', [BOUND]));
      const first = (await comes(to, 'owner', 'a')) as TestClient;
      await comes(to, 'owner', 'b');
      expect(await first.ended).toMatchObject({ connack: 0 } satisfies Partial<ClientEnd>);
      expect(storyOf(await to.drained(), 'owner')).toEqual([
        'connected',
        'closed session-taken-over',
        'connected',
      ]);
      expect(to.broker.capabilities.bindsClientId).toBe(true);
    },
  );

  test('are refused by the embedded broker where they are not the common name', async () => {
    const to = await start('embedded', await hardened('embedded', 'mutual-tls', [BOUND]));
    expect(await isLetIn(to, 'owner', 'owner')).toBe(true);
    expect(await isLetIn(to, 'owner', 'bystander')).toBe(false);
    expect(to.broker.capabilities.bindsClientId).toBe(true);
  });
});
