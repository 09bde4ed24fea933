import { describe, expect, test } from 'vitest';
import { externalBroker, parseBrokerUrl } from '../../src/broker/external/adapter.ts';
import { REAL_CLOCK } from '../support/broker-harness.ts';

describe('the URL of an external broker', () => {
  test.each([
    ['mqtts://broker.example.com', 'broker.example.com', 8883],
    ['mqtts://broker.example.com:8884', 'broker.example.com', 8884],
    ['mqtts://broker.example.com/', 'broker.example.com', 8883],
    ['mqtts://10.0.0.1:1', '10.0.0.1', 1],
    ['mqtts://[2001:db8::1]:8883', '2001:db8::1', 8883],
    ['MQTTS://a_b.internal', 'a_b.internal', 8883],
  ])('%s', (url, host, port) => {
    expect(parseBrokerUrl(url)).toEqual({ host, port });
  });

  test.each([
    ['broker.example.com', /not a URL/],
    ['mqtt://broker.example.com', /begin with mqtts:/],
    ['https://broker.example.com', /begin with mqtts:/],
    ['mqtts://', /not a URL|no host/],
    ['mqtts://:8883', /not a URL|no host/],
    ['mqtts://host:99999', /not a URL/],
    ['mqtts://host:0', /port 0/],
    ['mqtts://a%0ab', /no host/],
    ['mqtts://user:secret@host', /credentials/],
    ['mqtts://host/path', /path/],
    ['mqtts://host?x=1', /path/],
    ['mqtts://host#x', /path/],
  ])('%s is refused with a reason', (url, reason) => {
    expect(() => parseBrokerUrl(url)).toThrow(reason);
    expect(() => parseBrokerUrl(url)).toThrow(expect.objectContaining({ exitCode: 64 }));
  });

  test('everything that is wrong is said at once, and no password with it', () => {
    const attempt = () => parseBrokerUrl('mqtt://user:hunter2@host:1883/x');
    expect(attempt).toThrow(
      expect.objectContaining({ problems: expect.objectContaining({ length: 3 }) }),
    );
    expect(attempt).not.toThrow(/hunter2/);
  });
});

test('an external broker is an endpoint without evidence, and stopping it does nothing', async () => {
  const adapter = externalBroker({ url: 'mqtts://10.0.0.1', caPem: 'CA', serverName: 'broker' });
  expect(adapter.capabilities.brokerEvidence).toBe(false);
  expect(await adapter.unavailable()).toBeUndefined();
  const broker = await adapter.start({
    clock: REAL_CLOCK,
    workFolder: '/nowhere',
    server: { certificatePem: '', privateKeyPem: '', caPem: 'not this one' },
    deviceCaPem: '',
    onEvent: () => expect.fail('an external broker gives no evidence'),
    onFailure: () => expect.fail('an external broker can not fail'),
  });
  expect(broker.endpoint).toEqual({
    host: '10.0.0.1',
    port: 8883,
    caPem: 'CA',
    serverName: 'broker',
  });
  await broker.drainEvidence();
  await broker.stop();
  broker.kill();
  expect(broker.unreadEvidence()).toEqual({ lines: 0, examples: [] });
});
