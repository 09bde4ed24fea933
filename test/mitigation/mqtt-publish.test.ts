/** Publishing findings to a topic of a broker, over mutual TLS: MQTT 5, and MQTT 3.1.1 where that is all. */
import { createHmac } from 'node:crypto';
import { connectAsync, type IPublishPacket } from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import type { RunningBroker } from '../../src/broker/adapter.ts';
import { embeddedBroker } from '../../src/broker/embedded/adapter.ts';
import { natsBroker } from '../../src/broker/nats/adapter.ts';
import type { Credential } from '../../src/identity/types.ts';
import { mqttChannel } from '../../src/mitigation/publish/mqtt.ts';
import { signatureOf } from '../../src/mitigation/publish/signature.ts';
import { mitigatedBroker } from '../support/mitigated-broker.ts';
import { requireProgram } from '../support/programs.ts';

const nats = requireProgram('nats-server');
const SECRET = Buffer.from('0123456789abcdef');
const BODY = JSON.stringify({ finding: 'line\r\nbreak' });
const MESSAGE = {
  id: 'the-id',
  attempt: 2,
  check: 'DEVICE_CERTIFICATE_SHARED_CHECK',
  body: BODY,
  signature: signatureOf(SECRET, BODY, 1_700_000_000_000),
};
const TOPIC = 'security/findings';
const CODE = createHmac('sha256', SECRET).update(`1700000000.${BODY}`).digest('hex');

/** Resolves once somebody listens; `packet` is what they get, as it came. */
async function listen(broker: RunningBroker, credential: Credential, version: 4 | 5) {
  const { host, port, caPem } = broker.endpoint;
  const client = await connectAsync(`mqtts://${host}:${port}`, {
    clientId: 'listener',
    protocolVersion: version,
    cert: credential.certificatePem,
    key: credential.privateKeyPem,
    ca: caPem,
    reconnectPeriod: 0,
  });
  onTestFinished(() => client.endAsync(true));
  await client.subscribeAsync(TOPIC, { qos: 1 });
  const packet = new Promise<IPublishPacket>((resolve) => {
    client.once('message', (_topic, _payload, one) => resolve(one));
  });
  return { packet };
}

function send(broker: RunningBroker, credential: Credential) {
  const { endpoint } = broker;
  const to = { endpoint, credential, clientId: 'publisher', topic: TOPIC, qos: 1 } as const;
  return mqttChannel(to).send(MESSAGE, new AbortController().signal);
}

test('over MQTT 5 the payload is what was signed, with the signature as a user property', async () => {
  const { started, other, spare } = await mitigatedBroker(embeddedBroker);
  const { packet } = await listen(started, other, 5);
  expect(await send(started, spare)).toEqual({ outcome: 'delivered', detail: 'PUBACK 0x00' });
  const { payload, properties } = await packet;
  expect(payload.toString()).toBe(BODY);
  expect({ ...properties?.userProperties }).toEqual({
    'x-doppelfleet-id': 'the-id',
    'x-doppelfleet-attempt': '2',
    'x-doppelfleet-signature': `t=1700000000,v1=${CODE}`,
  });
});

test.skipIf(!nats.available)(
  `a broker that knows MQTT 3.1.1 only gets the signature in the payload${nats.note}`,
  async () => {
    const { started, other, spare } = await mitigatedBroker(natsBroker);
    const { packet } = await listen(started, other, 4);
    expect(await send(started, spare)).toMatchObject({ outcome: 'delivered' });
    expect(JSON.parse((await packet).payload.toString())).toEqual({
      id: 'the-id',
      signature: `t=1700000000,v1=${CODE}`,
      payload: BODY,
    });
  },
);

test('a certificate that is refused is a refusal, and a broker that is gone a failure', async () => {
  const { started, other } = await mitigatedBroker(embeddedBroker);
  const stranger = await mitigatedBroker(embeddedBroker);
  // The embedded broker closes where it refuses, which a broken connection does as well.
  expect((await send(started, stranger.other)).outcome).not.toBe('delivered');
  await started.stop();
  expect(await send(started, other)).toMatchObject({ outcome: 'failed' });
});
