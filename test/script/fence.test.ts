/**
 * «Nothing came» must never be said of a message that the broker has let through. Real brokers,
 * with every way in which a message can come late: queued, retained, in bursts beyond the receive
 * maximum, and of a publisher that is gone. No time is waited, so that only the round trips count.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { embeddedBroker } from '../../src/broker/embedded/adapter.ts';
import { mosquittoBroker } from '../../src/broker/mosquitto/adapter.ts';
import { fence, roundTrips } from '../../src/script/verbs/fence.ts';
import { WireClient } from '../../src/script/wire-client.ts';
import { TestAuthority, type TestCredential } from '../support/broker-certificates.ts';
import { BrokerUnderTest } from '../support/broker-harness.ts';
import { requireProgram } from '../support/programs.ts';

const openssl = requireProgram('openssl');
const mosquitto = requireProgram('mosquitto');

const ROUNDS = 60;
/** More than brokers send before they want an acknowledgement (Mosquitto: 20). */
const BURST = 60;

describe.each([
  { adapter: embeddedBroker, available: openssl.available },
  { adapter: mosquittoBroker, available: openssl.available && mosquitto.available },
])('the fence on $adapter.id', ({ adapter, available }) => {
  let authority: TestAuthority;
  let device: TestCredential;
  let subject: BrokerUnderTest;
  let publisher: WireClient;
  let count = 0;

  beforeAll(async () => {
    if (!available) return;
    authority = new TestAuthority();
    device = authority.device('device');
    const server = authority.server();
    subject = await BrokerUnderTest.start({ start: adapter.start, authority, server });
    publisher = await open('publisher');
  });
  afterAll(async () => {
    await publisher?.disconnect();
    await subject?.end();
    authority?.remove();
  });

  function open(clientId: string, cleanStart = true): Promise<WireClient> {
    return WireClient.connect({
      endpoint: subject.broker.endpoint,
      credential: device,
      clientId,
      protocolVersion: 5,
      cleanStart,
      sessionExpirySeconds: cleanStart ? 0 : 600,
    });
  }

  async function publish(client: WireClient, qos: 0 | 1, more: { retain?: boolean } = {}) {
    count += 1;
    const payload = `message ${count}`;
    await client.publish({ topic: 'a/b', payload, qos, ...more });
    await roundTrips(client);
    return payload;
  }

  /** Payloads that were let through and that the fence has missed. */
  async function missed(
    rounds: number,
    round: () => Promise<{ readonly receiver: WireClient; readonly payload: string }>,
  ): Promise<readonly string[]> {
    const all: string[] = [];
    for (let left = rounds; left > 0; left--) {
      const { receiver, payload } = await round();
      expect(await fence(receiver, { graceMs: 0, slowestMs: 0 })).toBe(true);
      if (!receiver.received.some((one) => one.payload === payload)) all.push(payload);
      await receiver.disconnect();
    }
    return all;
  }

  async function subscribed(qos: 0 | 1): Promise<WireClient> {
    const receiver = await open('receiver');
    await receiver.subscribe('a/b', qos);
    return receiver;
  }

  test.skipIf(!available).for([0, 1] as const)('misses no message of QoS %i', async (qos) => {
    const misses = await missed(ROUNDS, async () => {
      const receiver = await subscribed(qos);
      return { receiver, payload: await publish(publisher, qos) };
    });
    expect(misses).toEqual([]);
  });

  test.skipIf(!available)(
    'misses none of a publisher that has dropped its connection',
    async () => {
      const misses = await missed(ROUNDS, async () => {
        const [receiver, gone] = [await subscribed(1), await open('gone')];
        const payload = await publish(gone, 0);
        await gone.drop();
        return { receiver, payload };
      });
      expect(misses).toEqual([]);
    },
  );

  test.skipIf(!available)('misses none that was queued for a session', async () => {
    const misses = await missed(ROUNDS / 4, async () => {
      const owner = await open('owner', false);
      await owner.subscribe('a/b', 1);
      await owner.disconnect();
      let payload = '';
      for (let left = BURST / 2; left > 0; left--) payload = await publish(publisher, 1);
      return { receiver: await open('owner', false), payload };
    });
    expect(misses).toEqual([]);
  });

  test.skipIf(!available)('misses none of a burst', async () => {
    const misses = await missed(ROUNDS / 4, async () => {
      const receiver = await subscribed(1);
      const burst = Array.from({ length: BURST }, () => publish(publisher, 1));
      return { receiver, payload: (await Promise.all(burst)).at(-1) ?? '' };
    });
    expect(misses).toEqual([]);
  });

  test.skipIf(!available)('misses none that was retained', async () => {
    const payload = await publish(publisher, 1, { retain: true });
    const misses = await missed(ROUNDS, async () => ({ receiver: await subscribed(1), payload }));
    await publisher.publish({ topic: 'a/b', payload: '', qos: 1, retain: true });
    expect(misses).toEqual([]);
  });

  test.skipIf(!available)('is none once the connection has ended', async () => {
    const receiver = await subscribed(0);
    await receiver.drop();
    expect(await fence(receiver, { graceMs: 0, slowestMs: 0 })).toBe(false);
  });
});
