/** A session of the embedded broker that is taken up again while its messages keep coming. */
import { connect, type MqttClient } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { embeddedBroker } from '../../src/broker/embedded/adapter.ts';
import { TestAuthority } from '../support/broker-certificates.ts';
import { BrokerUnderTest, storyOf } from '../support/broker-harness.ts';
import { requireProgram } from '../support/programs.ts';

const openssl = requireProgram('openssl');
/** Without the care taken for it, one of them is closed in every run that was tried. */
const RESUMPTIONS = 25;
const UNDER_WAY_AT_ONCE = 2;
/** How many new messages a session is kept for. */
const NEWS = 60;
/** Messages that wait for a session before it is taken up again. */
const QUEUED = 300;

describe.skipIf(!openssl.available)(`the embedded broker${openssl.note}`, () => {
  test('a message acknowledged before its turn in the queue does not end the session', async () => {
    const authority = new TestAuthority();
    const server = authority.server();
    const device = authority.device('device-1');
    const subject = await BrokerUnderTest.start({ start: embeddedBroker.start, authority, server });
    const { host, port, caPem } = subject.broker.endpoint;
    const open = (clientId: string): MqttClient =>
      connect({
        ...{ host, port, protocol: 'mqtts', ca: caPem, servername: 'localhost' },
        ...{ cert: device.certificatePem, key: device.privateKeyPem },
        ...{ clientId, clean: false, protocolVersion: 4, reconnectPeriod: 0 },
      });
    const publisher = open('publisher');
    let sent = 0;
    let stopped = false;
    let queued = (): void => {};
    const publish = (): void => {
      if (sent % QUEUED === 0) queued();
      if (!stopped) publisher.publish('commands', String(++sent), { qos: 1 }, publish);
    };
    const more = async (): Promise<void> => {
      for (let count = 0; count < 2; count++) await new Promise<void>((done) => (queued = done));
    };
    try {
      await connected(publisher);
      for (let count = 0; count < UNDER_WAY_AT_ONCE; count++) publish();
      for (let count = 0; count <= RESUMPTIONS; count++) {
        const subscriber = open('subscriber');
        subscriber.on('error', () => {});
        await connected(subscriber);
        if (count === 0) await subscriber.subscribeAsync('commands', { qos: 1 });
        await newsOf(subscriber, () => sent);
        await subscriber.endAsync();
        await more();
      }
      const closes = storyOf(await subject.drained(), 'subscriber').filter((event) =>
        event.startsWith('closed'),
      );
      expect(closes).toEqual(Array(RESUMPTIONS + 1).fill('closed client-initiated'));
    } finally {
      stopped = true;
      await publisher.endAsync(true);
      await subject.end();
      authority.remove();
    }
  });
});

function connected(client: MqttClient): Promise<unknown> {
  return new Promise((resolve, reject) => client.once('connect', resolve).once('error', reject));
}

/** Resolves when a message comes that was published well after the call, or the connection closes. */
function newsOf(client: MqttClient, sent: () => number): Promise<void> {
  const known = sent() + NEWS;
  return new Promise((resolve) => {
    client.once('close', () => resolve());
    client.on('message', (_topic, payload) => {
      if (Number(payload.toString()) > known) resolve();
    });
  });
}
