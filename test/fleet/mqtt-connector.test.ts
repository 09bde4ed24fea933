import dns from 'node:dns';
import { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Connector } from '../../src/fleet/connector.ts';
import { mqttConnector } from '../../src/fleet/mqtt-connector.ts';
import { realClock } from '../../src/fleet/real-clock.ts';
import { type Change, device, open, stranger, tlsOf } from './connector-harness.ts';
import { connack, type ServerOptions, startServer } from './mqtt-server.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('a connection', () => {
  const versions = [
    ['1.2', 'TLSv1.2', 4],
    ['1.2', 'TLSv1.2', 5],
    ['1.3', 'TLSv1.3', 4],
    ['1.3', 'TLSv1.3', 5],
  ] as const;

  test.each(versions)(
    'speaks TLS %s (%s) and MQTT %i, and shows its certificate',
    async (...row) => {
      const [tls, protocol, protocolVersion] = row;
      const server = await startServer({ ...tlsOf(), answer: connack(0, protocolVersion) });
      const mqtt = { tls, protocolVersion };
      const { heard } = open(await mqttConnector(realClock), server.port, { mqtt });
      const session = await server.next();
      const { port } = await heard.until('connected', 'failed');
      expect(session.socket.getProtocol()).toBe(protocol);
      expect(session.socket.remotePort).toBe(port);
      const shown = session.socket.getPeerX509Certificate()?.fingerprint256;
      expect(shown?.replaceAll(':', '').toLowerCase()).toBe(device.certificateId);
    },
  );

  test('one connector serves devices of both TLS versions with one certificate', async () => {
    const server = await startServer(tlsOf());
    const connector = await mqttConnector(realClock);
    const protocols: (string | null)[] = [];
    for (const tls of ['1.3', '1.2', '1.3'] as const) {
      const { heard } = open(connector, server.port, { mqtt: { tls } });
      await heard.until('connected', 'failed');
      protocols.push((await server.next()).socket.getProtocol());
    }
    expect(protocols).toEqual(['TLSv1.3', 'TLSv1.2', 'TLSv1.3']);
  });

  test('reads the certificate of the server in no way that leaks', async () => {
    // Node 24 keeps a copy of the issuer for each call, 5 KiB that nothing frees.
    const leaky = vi.spyOn(TLSSocket.prototype, 'getPeerX509Certificate');
    const server = await startServer(tlsOf());
    const { heard } = open(await mqttConnector(realClock), server.port);
    expect(await heard.until('connected', 'failed')).toMatchObject({ kind: 'connected' });
    expect(leaky).not.toHaveBeenCalled();
  });

  test('names the host to the server (SNI), and an address never', async () => {
    const server = await startServer(tlsOf());
    const connector = await mqttConnector(realClock);
    const names: unknown[] = [];
    for (const change of [{ host: 'localhost' }, {}, { serverName: 'localhost' }]) {
      const { heard } = open(connector, server.port, change);
      const session = await server.next();
      await heard.until('connected', 'failed');
      expect(heard.kinds).toEqual(['connected']);
      names.push((session.socket as { servername?: unknown }).servername);
    }
    expect(names).toEqual(['localhost', false, 'localhost']);
  });

  test('reaches a host whose first address refuses', async () => {
    const server = await startServer(tlsOf());
    const addresses = [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ];
    const lookup = (
      _host: string,
      _options: unknown,
      done: (...results: unknown[]) => void,
    ): void => void setImmediate(() => done(null, addresses));
    vi.spyOn(dns, 'lookup').mockImplementation(lookup as typeof dns.lookup);
    const { heard } = open(await mqttConnector(realClock), server.port, { host: 'localhost' });
    expect(await heard.until('connected', 'failed')).toMatchObject({ kind: 'connected' });
  });

  test('with a key that TLS will not take fails, and the key is not told', async () => {
    const server = await startServer(tlsOf());
    const body = device.privateKeyPem.split('\n')[1] ?? '';
    const privateKeyPem = device.privateKeyPem.replace(body, body.slice(0, -4));
    const credential = { ...device, privateKeyPem };
    const { heard } = open(await mqttConnector(realClock), server.port, { credential });
    const news = await heard.until('connected', 'failed');
    expect(news).toEqual({ kind: 'failed', reason: 'auth-error', raw: expect.any(String) });
    expect(news.raw).not.toContain(body.slice(0, 16));
  });
});

describe('a server is refused as auth-error', () => {
  async function refusal(connector: Connector, options: ServerOptions, change: Change = {}) {
    const server = await startServer(options);
    const { heard } = open(connector, server.port, change);
    const news = await heard.until('connected', 'failed');
    expect(news.kind).toBe('failed');
    const session = await server.next();
    await session.ended;
    expect(session.packets).toEqual([]);
    return news;
  }

  const altName = { kind: 'failed', reason: 'auth-error', raw: 'ERR_TLS_CERT_ALTNAME_INVALID' };

  test('if its certificate is for another host', async () => {
    const options = tlsOf({ dns: ['elsewhere.test'], ips: ['127.0.0.2'] });
    expect(await refusal(await mqttConnector(realClock), options)).toEqual(altName);
  });

  test('if its certificate is for another host, after a good one was accepted', async () => {
    const connector = await mqttConnector(realClock);
    const good = await startServer(tlsOf());
    const bad = tlsOf({ dns: ['elsewhere.test'], ips: [] });
    for (let round = 0; round < 2; round++) {
      const { heard } = open(connector, good.port);
      expect(await heard.until('connected', 'failed')).toMatchObject({ kind: 'connected' });
      expect(await refusal(connector, bad)).toEqual(altName);
    }
  });

  test('if a certificate that was accepted under one name is met under another', async () => {
    const connector = await mqttConnector(realClock);
    const options = tlsOf({ dns: ['broker.test'], ips: [] });
    const server = await startServer(options);
    const named = open(connector, server.port, { serverName: 'broker.test' });
    expect(await named.heard.until('connected', 'failed')).toMatchObject({ kind: 'connected' });
    expect(await refusal(connector, options)).toEqual(altName);
    expect(await refusal(connector, options, { serverName: 'other.test' })).toEqual(altName);
  });

  test('if another authority issued its certificate', async () => {
    const news = await refusal(await mqttConnector(realClock), tlsOf({ from: stranger }));
    expect(news).toEqual({
      kind: 'failed',
      reason: 'auth-error',
      raw: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
  });

  test('if the device trusts another authority than the one before did', async () => {
    const connector = await mqttConnector(realClock);
    const good = await startServer(tlsOf());
    const { heard } = open(connector, good.port);
    expect(await heard.until('connected', 'failed')).toMatchObject({ kind: 'connected' });
    const news = await refusal(connector, tlsOf(), { caPem: stranger.trustPem });
    expect(news).toMatchObject({ kind: 'failed', reason: 'auth-error' });
  });

  test('if its certificate has expired', async () => {
    const news = await refusal(await mqttConnector(realClock), tlsOf({ expired: true }));
    expect(news).toEqual({ kind: 'failed', reason: 'auth-error', raw: 'CERT_HAS_EXPIRED' });
  });

  test('even where the environment asks Node to accept everything', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const connector = await mqttConnector(realClock);
    const foreign = await refusal(connector, tlsOf({ from: stranger }));
    expect(foreign).toMatchObject({ kind: 'failed', reason: 'auth-error' });
    expect(await refusal(connector, tlsOf({ dns: ['elsewhere.test'], ips: [] }))).toEqual(altName);
  });
});
