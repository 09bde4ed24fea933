/**
 * Revocation and quarantine on running brokers: what `withControls` gives is started, changed and
 * reloaded; who is held is scored by delivery.
 */
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BrokerConfiguration } from '../../src/broker/configuration.ts';
import { withControls } from '../../src/broker/controls.ts';
import { loadConfiguration } from '../../src/broker/load-configuration.ts';
import { BROKERS } from '../../src/broker/registry.ts';
import { TestAuthority, type TestCredential } from '../support/broker-certificates.ts';
import { TestClient } from '../support/broker-client.ts';
import { BrokerUnderTest } from '../support/broker-harness.ts';
import { requireProgram } from '../support/programs.ts';

const FOLDER = fileURLToPath(new URL('../../configurations', import.meta.url));
const openssl = requireProgram('openssl');
const programs = {
  embedded: { available: true, note: '' },
  mosquitto: requireProgram('mosquitto'),
  nats: requireProgram('nats-server'),
  rabbitmq: requireProgram('rabbitmq-server'),
};

let authority: TestAuthority;
let server: TestCredential;
const devices = new Map<string, TestCredential>();
let subject: BrokerUnderTest | undefined;
const NAMES = ['owner', 'bystander', 'service'];

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

async function start(id: Id, configuration?: BrokerConfiguration) {
  const controlled = withControls(id, configuration);
  if ('lacks' in controlled) throw new Error(controlled.lacks);
  const more = {
    configuration: controlled.configuration,
    crlPem: authority.crl([]),
    principals: NAMES,
  };
  subject = await BrokerUnderTest.start({ start: BROKERS[id].start, authority, server, more });
  return { ...controlled, subject, broker: subject.broker };
}

async function connect(to: BrokerUnderTest, who: string, clientId = who): Promise<TestClient> {
  const credential = devices.get(who);
  const { endpoint } = to.broker;
  return TestClient.connect({ endpoint, clientId, ...(credential && { credential }) });
}

/** Which of these topics a message of the client reaches the backend on; the last must. */
async function delivered(
  client: TestClient,
  backend: TestClient,
  topics: readonly string[],
): Promise<readonly string[]> {
  const run = Math.random().toString(36).slice(2);
  for (const topic of topics) client.publish(topic, `${run} ${topic}`);
  await backend.received(`${run} ${topics.at(-1)}`);
  return topics.filter((topic) => backend.publishes.includes(`${run} ${topic}`));
}

const OUTSIDE = 'fleet/owner/a';
const INSIDE = 'quarantine/owner/a';

describe.each([
  ['embedded', undefined],
  ['embedded', 'own-topics.yaml'],
  ['mosquitto', undefined],
  ['mosquitto', 'own-topics.conf'],
  ['mosquitto', 'listener-acl.conf'],
  ['nats', undefined],
  ['nats', 'own-topics.conf'],
] as const)('quarantine on %s, %s', (id, file) => {
  const { available, note } = programs[id];

  test.skipIf(!available || !openssl.available)(
    `holds new connections and live sessions to topics of their own, and nobody else${note}`,
    async () => {
      const configuration =
        file === undefined ? undefined : await loadConfiguration(`${FOLDER}/${id}/${file}`);
      const { subject: to, broker, quarantine } = await start(id, configuration);
      if (quarantine === undefined) throw new Error('there is no quarantine');
      const backend = await connect(to, 'service');
      for (const filter of ['fleet/#', 'quarantine/#']) backend.subscribe(filter);
      // What a client says after it has subscribed comes back when the broker has taken that in.
      await delivered(backend, backend, ['fleet/ready']);
      const live = await connect(to, 'owner');
      const bystander = await connect(to, 'bystander');
      expect(await delivered(live, backend, [OUTSIDE])).toEqual([OUTSIDE]);

      await broker.change({ files: { [quarantine.file]: quarantine.render(['owner']) } });
      expect(await broker.reload()).toEqual([]);
      const theirs = 'fleet/bystander/a';
      expect(await delivered(bystander, backend, [theirs])).toEqual([theirs]);
      const later = await connect(to, 'owner', 'owner-later');
      expect(await delivered(later, backend, [OUTSIDE, INSIDE])).toEqual([INSIDE]);
      // Reading as well: what is said to others does not come.
      for (const filter of ['fleet/#', 'quarantine/owner/#']) later.subscribe(filter);
      await delivered(later, later, [INSIDE]);
      expect(await delivered(backend, later, [theirs, 'quarantine/owner/b'])).toEqual([
        'quarantine/owner/b',
      ]);
      // A session that was open is held too, as long as it lives.
      expect(await delivered(live, backend, [OUTSIDE, INSIDE])).toEqual([INSIDE]);

      await broker.change({ files: { [quarantine.file]: quarantine.render([]) } });
      expect(await broker.reload()).toEqual([]);
      const free = await connect(to, 'owner', 'owner-free');
      expect(await delivered(free, backend, [OUTSIDE])).toEqual([OUTSIDE]);
      expect(to.failures).toEqual([]);
    },
    20_000,
  );
});

describe('quarantine on RabbitMQ', () => {
  const { available, note } = programs.rabbitmq;

  test.skipIf(!available || !openssl.available)(
    `disconnects who leaves its topics, in a new connection as in a live session${note}`,
    async () => {
      const { subject: to, broker, quarantine } = await start('rabbitmq');
      if (quarantine === undefined) throw new Error('there is no quarantine');
      const backend = await connect(to, 'service');
      for (const filter of ['fleet/#', 'quarantine/#']) backend.subscribe(filter);
      // What a client says after it has subscribed comes back when the broker has taken that in.
      await delivered(backend, backend, ['fleet/ready']);
      const live = await connect(to, 'owner');
      const bystander = await connect(to, 'bystander');
      expect(await delivered(live, backend, [OUTSIDE])).toEqual([OUTSIDE]);

      await broker.change({ files: { [quarantine.file]: quarantine.render(['owner']) } });
      expect(await broker.reload()).toEqual([]);
      const theirs = 'fleet/bystander/a';
      expect(await delivered(bystander, backend, [theirs])).toEqual([theirs]);
      const later = await connect(to, 'owner', 'owner-later');
      expect(await delivered(later, backend, [INSIDE])).toEqual([INSIDE]);
      for (const client of [later, live]) {
        // A topic that a live session used within the last second is one of its cached rights.
        client.publish('fleet/owner/b', 'forbidden');
        expect(await client.ended).toMatchObject({ connack: 0 });
      }
      const reader = await connect(to, 'owner', 'owner-reader');
      reader.subscribe('fleet/#');
      expect(await reader.ended).toMatchObject({ connack: 0 });

      await broker.change({ files: { [quarantine.file]: quarantine.render([]) } });
      expect(await broker.reload()).toEqual([]);
      const free = await connect(to, 'owner', 'owner-free');
      expect(await delivered(free, backend, [OUTSIDE])).toEqual([OUTSIDE]);
      expect(backend.publishes).not.toContain('forbidden');
      expect(to.failures).toEqual([]);
    },
    60_000,
  );
});

describe.each(['embedded', 'mosquitto', 'rabbitmq'] as const)('revocation on %s', (id) => {
  const { available, note } = programs[id];

  test.skipIf(!available || !openssl.available)(
    `refuses the certificate after change and reload, and nobody else${note}`,
    async () => {
      const { subject: to, broker, cannot } = await start(id);
      expect(cannot.revoke).toBeUndefined();
      const live = await connect(to, 'owner');
      const owner = devices.get('owner');
      await broker.change({ crlPem: authority.crl(owner === undefined ? [] : [owner]) });
      expect(await broker.reload()).toEqual([]);
      await expect(connect(to, 'owner', 'again')).rejects.toThrow('no connection');
      await connect(to, 'bystander');
      // None of them cuts a session that is open.
      expect(await Promise.race([live.ended, broker.drainEvidence()])).toBeUndefined();
    },
    60_000,
  );
});
