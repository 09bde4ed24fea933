/** Minted certificates in a real handshake: mutual TLS between node:tls ends, on loopback. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type SecureVersion, type TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { issueCertificate, issueServerCertificate } from '../../src/identity/issue.ts';
import { serverHosts } from '../../src/identity/names.ts';
import { type Credential, KEY_TYPES, type KeyType } from '../../src/identity/types.ts';
import { authority, NOW, request } from './helpers.ts';

// RSA keys take a second or more each on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

interface Ends {
  readonly server: Credential;
  readonly device: Credential;
  readonly caPem: string;
}

async function ends(keyType: KeyType): Promise<Ends> {
  const ca = await authority(keyType);
  const hosts = serverHosts([]);
  return {
    server: issueServerCertificate(ca, { name: 'server', hosts, keyType }, { now: NOW }),
    device: issueCertificate(ca, request('a', 'pump-1', keyType), { now: NOW }),
    caPem: ca.trustPem,
  };
}

/** Connects; resolves with both sockets once the server has accepted the device's certificate. */
async function handshake({ server, device, caPem }: Ends, version: SecureVersion, host: string) {
  const listener = createServer({
    cert: server.certificatePem,
    key: server.privateKeyPem,
    ca: caPem,
    requestCert: true,
    rejectUnauthorized: true,
  });
  onTestFinished(() => void listener.close());
  listener.listen(0, host);
  await once(listener, 'listening');
  const accepted = once(listener, 'secureConnection') as Promise<[TLSSocket]>;
  const { port } = listener.address() as AddressInfo;
  const socket = connect({
    host,
    port,
    ca: caPem,
    cert: device.certificatePem,
    key: device.privateKeyPem,
    minVersion: version,
    maxVersion: version,
    ...(host === '127.0.0.1' ? { servername: 'localhost' } : {}),
  });
  onTestFinished(() => void socket.destroy());
  const [[peer]] = await Promise.all([accepted, once(socket, 'secureConnect')]);
  onTestFinished(() => void peer.destroy());
  return { socket, peer };
}

describe.each(KEY_TYPES)('a mutual TLS handshake with %s certificates', (keyType) => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('succeeds in %s', async (version) => {
    const both = await ends(keyType);
    const { socket, peer } = await handshake(both, version, '127.0.0.1');
    expect(socket.getProtocol()).toBe(version);
    expect([socket.authorized, peer.authorized]).toEqual([true, true]);
    const { raw, subject } = peer.getPeerCertificate();
    expect(subject.CN).toBe('pump-1');
    expect(createHash('sha256').update(raw).digest('hex')).toBe(both.device.certificateId);
  });
});

test('a device that another authority has signed is refused', async () => {
  const both = await ends('P-256');
  const stranger = await ends('P-256');
  const mixed = { ...both, device: stranger.device };
  await expect(handshake(mixed, 'TLSv1.2', '127.0.0.1')).rejects.toThrow();
});
