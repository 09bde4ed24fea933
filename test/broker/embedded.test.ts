import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { embeddedBroker } from '../../src/broker/embedded/adapter.ts';
import { TestAuthority, type TestCredential } from '../support/broker-certificates.ts';
import { TestClient } from '../support/broker-client.ts';
import { BrokerUnderTest, storyOf } from '../support/broker-harness.ts';
import { requireProgram } from '../support/programs.ts';
import { describeBrokerContract } from './adapter-contract.ts';
import { describeOrphanRule } from './orphan-rule.ts';

const openssl = requireProgram('openssl');

describe.skipIf(!openssl.available)(`the embedded broker${openssl.note}`, () => {
  describeBrokerContract(embeddedBroker, { reloadsAuthorities: true });
  describeOrphanRule('embedded');

  describe('beyond the contract', () => {
    let authority: TestAuthority;
    let server: TestCredential;
    let device: TestCredential;
    let subject: BrokerUnderTest;

    beforeAll(() => {
      authority = new TestAuthority();
      server = authority.server();
      device = authority.device('device-1');
    });
    afterAll(() => authority.remove());
    afterEach(() => subject.end());

    test('it can always be started', async () => {
      subject = await BrokerUnderTest.start({ start: embeddedBroker.start, authority, server });
      expect(await embeddedBroker.unavailable()).toBeUndefined();
      expect(subject.broker.version).toBe('aedes 2.0.0-beta.1');
    });

    test('a refused device sees an orderly end and no alert, with either TLS version', async () => {
      subject = await BrokerUnderTest.start({ start: embeddedBroker.start, authority, server });
      for (const tls of ['TLSv1.2', 'TLSv1.3'] as const) {
        const { endpoint } = subject.broker;
        const client = await TestClient.open({ endpoint, clientId: 'a', tls });
        const nothing = { connack: undefined, disconnect: undefined };
        expect(await client.ended).toEqual({ end: 'fin', ...nothing });
        const event = (await subject.drained()).at(-1);
        expect(event).toMatchObject({
          port: client.port,
          raw: 'certificate refused: no certificate',
        });
      }
    });

    test('a TLS session is not resumed, so a stolen ticket is no identity', async () => {
      subject = await BrokerUnderTest.start({ start: embeddedBroker.start, authority, server });
      for (const tls of ['TLSv1.2', 'TLSv1.3'] as const) {
        const { endpoint } = subject.broker;
        const session = await sessionOf(endpoint, device, tls);
        const thief = await TestClient.open({ endpoint, clientId: 'thief', tls, session });
        expect((await thief.ended).connack).toBeUndefined();
        expect(thief.resumed).toBe(false);
      }
      expect(storyOf(await subject.drained(), 'thief')).toEqual([]);
    });

    test('a refused certificate is named with its subject and the cause', async () => {
      subject = await BrokerUnderTest.start({ start: embeddedBroker.start, authority, server });
      const rogueAuthority = new TestAuthority('Another CA');
      const credential = rogueAuthority.device('device-1');
      rogueAuthority.remove();
      const { endpoint } = subject.broker;
      await (await TestClient.open({ endpoint, credential, clientId: 'a' })).ended;
      const [event] = await subject.drained();
      expect(event).toMatchObject({
        kind: 'connect-failed',
        clientId: '',
        reason: 'auth-error',
        certificateId: credential.certificateId,
        raw: 'certificate refused: UNABLE_TO_VERIFY_LEAF_SIGNATURE (CN=device-1)',
      });
      // It was refused: whose name it bears is not a proof.
      expect(event).not.toHaveProperty('principal');
    });

    test('time is that of the clock of the run', async () => {
      const hour = 3_600_000;
      subject = await BrokerUnderTest.start({
        start: (options) =>
          embeddedBroker.start({
            ...options,
            clock: { ...options.clock, now: () => Date.now() + 24 * hour },
          }),
        authority,
        server,
      });
      await TestClient.connect({
        endpoint: subject.broker.endpoint,
        credential: device,
        clientId: 'a',
      });
      const [event] = await subject.drained();
      expect(event?.at).toBeGreaterThan(Date.now() + 23 * hour);
    });
  });
});

/** What a client may keep to resume its TLS session later. */
async function sessionOf(
  endpoint: BrokerUnderTest['broker']['endpoint'],
  credential: TestCredential,
  version: 'TLSv1.2' | 'TLSv1.3',
): Promise<Buffer> {
  const socket = connectTls({
    host: endpoint.host,
    port: endpoint.port,
    ca: endpoint.caPem,
    cert: credential.certificatePem,
    key: credential.privateKeyPem,
    servername: 'localhost',
    minVersion: version,
    maxVersion: version,
  });
  await once(socket, 'session');
  const session = socket.getSession();
  socket.destroy();
  if (session === undefined) throw new Error('no session');
  return session;
}
