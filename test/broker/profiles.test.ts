/**
 * Profiles of brokers that can't be run here: what they claim to show is read from records that were
 * written down from documentation, by the format that they name.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BrokerEndpoint } from '../../src/broker/adapter.ts';
import { CAPABILITY_TITLES } from '../../src/broker/capabilities.ts';
import { externalBroker } from '../../src/broker/external/adapter.ts';
import {
  CAPABILITY_IDS,
  claimedCapabilities,
  runCapabilities,
  UNKNOWN_BROKER,
  unknownCapabilities,
} from '../../src/broker/profiles/claims.ts';
import { type BrokerProfile, PROFILE_IDS } from '../../src/broker/profiles/profile.ts';
import { PROFILES } from '../../src/broker/profiles/registry.ts';
import { DeviceTls } from '../../src/fleet/device-tls.ts';
import { WireClient } from '../../src/script/wire-client.ts';
import { TestAuthority, type TestCredential } from '../support/broker-certificates.ts';
import { readFormat } from '../support/read-format.ts';
import { RECORDED } from '../support/recorded-evidence.ts';

describe.each(PROFILE_IDS)('the profile of %s', (id) => {
  const profile: BrokerProfile = PROFILES[id];
  const { evidence } = profile;
  const recorded = RECORDED[id];

  test('says of every capability what is claimed and from where, or why nothing is', () => {
    expect(profile.id).toBe(id);
    expect(Object.keys(profile.claims).sort()).toEqual(Object.keys(CAPABILITY_TITLES).sort());
    for (const claim of Object.values(profile.claims)) {
      const words = 'value' in claim ? claim.source : claim.unknown;
      expect(words.length).toBeGreaterThan(8);
    }
    const claimed = Object.keys(claimedCapabilities(profile));
    const unknown = Object.keys(unknownCapabilities(profile));
    expect([...claimed, ...unknown].sort()).toEqual([...CAPABILITY_IDS].sort());
  });

  test('assumes the cautious value where nothing is claimed, and is blind without evidence', () => {
    const unknown = Object.keys(unknownCapabilities(profile));
    const seeing: Readonly<Record<string, unknown>> = { ...runCapabilities(profile, true) };
    for (const capability of unknown) {
      expect([capability, seeing[capability]]).toEqual([
        capability,
        { ...UNKNOWN_BROKER }[capability as keyof typeof UNKNOWN_BROKER],
      ]);
    }
    expect(seeing).toMatchObject(claimedCapabilities(profile));
    expect(runCapabilities(profile, false)).toMatchObject({
      brokerEvidence: false,
      takeoverVisible: false,
      certificateVisible: false,
    });
  });

  describe(`records (written down from ${recorded.origin}, not run)`, () => {
    const { columns } = evidence;
    const options = columns === undefined ? {} : { columns };
    const { events, unread } = readFormat(evidence.format, recorded.lines.join('\n'), options);
    const closes = events.filter((event) => event.kind === 'closed');
    const stated = closes.filter((event) => event.inferred?.includes('reason') !== true);
    const { claims } = profile;
    const claimOf = (capability: keyof typeof claims): unknown => {
      const claim = claims[capability];
      return 'value' in claim ? claim.value : undefined;
    };

    test('are understood, every line of them', () => {
      expect(unread).toEqual([]);
      expect(events.filter((event) => event.kind === 'connected')).toHaveLength(3);
      expect(closes).toHaveLength(3);
      expect(claimOf('brokerEvidence')).toBe(true);
    });

    test('name a takeover exactly if that is claimed', () => {
      const named = stated.some((event) => event.reason === 'session-taken-over');
      expect(named).toBe(claimOf('takeoverVisible'));
    });

    test('name the certificate of every session exactly if that is claimed', () => {
      const named = events.every((event) => event.certificateId !== undefined);
      expect(named).toBe(claimOf('certificateVisible'));
    });

    test('tell DISCONNECT from a lost connection exactly if that is claimed', () => {
      const left = stated.filter((event) => event.reason === 'client-initiated');
      const lost = stated.find((event) => event.clientId === 'lost');
      const told = left.length === 1 && lost?.reason !== 'client-initiated';
      expect(told).toBe(claimOf('closeReasonVisible'));
    });
  });
});

describe('the port of a service', () => {
  const caPem = 'CA';
  const at = (port: number, host = 'a1b2-ats.iot.eu-west-1.amazonaws.com') =>
    externalBroker({ url: `mqtts://${host}:${port}`, caPem, profile: PROFILES['aws-iot-core'] });
  const endpointOf = async (port: number, host?: string): Promise<BrokerEndpoint> => {
    const nothing = { certificatePem: '', privateKeyPem: '', caPem: '' };
    const broker = await at(port, host).start({
      clock: { now: () => 0, schedule: () => () => {} },
      workFolder: '/nowhere',
      server: nothing,
      deviceCaPem: '',
      onEvent: () => {},
      onFailure: () => {},
    });
    return broker.endpoint;
  };

  test('decides what TLS offers: x-amzn-mqtt-ca on 443, nothing on 8883', async () => {
    expect((await endpointOf(443)).alpnProtocols).toEqual(['x-amzn-mqtt-ca']);
    expect(await endpointOf(8883)).not.toHaveProperty('alpnProtocols');
  });

  test('is refused with those that it has, but for a tunnel on this machine', async () => {
    expect(() => at(1883)).toThrow(expect.objectContaining({ exitCode: 64 }));
    expect(() => at(1883)).toThrow(/no MQTT with certificates on port 1883/);
    expect((await endpointOf(18443, '127.0.0.1')).port).toBe(18443);
  });
});

describe('ALPN', () => {
  let authority: TestAuthority;
  let server: TestCredential;
  let device: TestCredential;
  beforeAll(() => {
    authority = new TestAuthority();
    server = authority.server();
    device = authority.device('device-1');
  });
  afterAll(() => authority.remove());

  test('is offered by devices and scripted clients alike, when the endpoint says so', async () => {
    const listener = createServer({
      cert: server.certificatePem,
      key: server.privateKeyPem,
      ALPNProtocols: ['x-amzn-mqtt-ca'],
    });
    const offered: TLSSocket['alpnProtocol'][] = [];
    listener.on('secureConnection', (socket) => {
      offered.push(socket.alpnProtocol);
      socket.on('error', () => {}).end();
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const endpoint = { host: '127.0.0.1', port, caPem: authority.caPem };
    const alpn = { ...endpoint, alpnProtocols: ['x-amzn-mqtt-ca'] };
    const both = async (to: BrokerEndpoint): Promise<void> => {
      await WireClient.connect({
        endpoint: to,
        clientId: 'a',
        protocolVersion: 4,
        credential: device,
      });
      const socket = connect({ host: to.host, port: to.port });
      await once(socket, 'connect');
      const stream = new DeviceTls().open(socket, {
        endpoint: to,
        clientId: 'a',
        credential: { ...device, name: 'a', thingName: 'a', serialNumber: '01' },
        mqtt: {
          protocolVersion: 4,
          keepAliveSeconds: 60,
          cleanStart: true,
          sessionExpirySeconds: 0,
          tls: '1.3',
        },
        connectTimeoutMs: 5000,
      });
      await once(
        stream.on('error', () => {}),
        'close',
      );
    };
    try {
      await both(alpn);
      expect(offered).toEqual(['x-amzn-mqtt-ca', 'x-amzn-mqtt-ca']);
      await both(endpoint);
      expect(offered.slice(2)).toEqual([false, false]);
    } finally {
      listener.close();
    }
  });
});
