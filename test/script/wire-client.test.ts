/**
 * The raw client against servers that answer as a test wants, over real TLS: what it says of each
 * connection, and that nothing a server sends makes it throw, hang or grow.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WIRE_MESSAGES_MAX, WIRE_PACKET_BYTES_MAX } from '../../src/core/limits.ts';
import type { Observed } from '../../src/script/result.ts';
import { WireClient } from '../../src/script/wire-client.ts';
import type { WireOptions } from '../../src/script/wire-options.ts';
import {
  device,
  expiredDevice,
  issueDevice,
  startOpenssl,
  stranger,
  tlsOf,
} from '../fleet/connector-harness.ts';
import { connack, listen, PACKET, publishQos1, startServer } from '../fleet/mqtt-server.ts';
import { requireProgram } from '../support/programs.ts';

const openssl = requireProgram('openssl');
const { ca } = tlsOf();

async function connect(port: number, change: Partial<WireOptions> = {}): Promise<WireClient> {
  const client = await WireClient.connect({
    endpoint: { host: '127.0.0.1', port, caPem: String(ca) },
    clientId: 'client-1',
    protocolVersion: 5,
    credential: device,
    ...change,
  });
  onTestFinished(() => client.drop());
  return client;
}

/** The client and the server's end of its connection. */
async function pair(answer?: Buffer, change: Partial<WireOptions> = {}) {
  const server = await startServer({ ...tlsOf(), ...(answer === undefined ? {} : { answer }) });
  const [client, session] = await Promise.all([connect(server.port, change), server.next()]);
  return { client, session };
}

/** A server that answers CONNECT and then ignores every end. */
async function listenHalfOpen(answer: Buffer): Promise<number> {
  const server = createServer({ ...tlsOf(), requestCert: true });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    socket.allowHalfOpen = true;
    sockets.add(socket);
  });
  server.on('secureConnection', (stream) => {
    stream.allowHalfOpen = true;
    stream.on('error', () => {});
    stream.once('data', () => stream.write(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

describe('a connect is answered', () => {
  test('by CONNACK, with what it says', async () => {
    // Session present; server keep-alive 30; assigned client ID "ab".
    const answer = Buffer.of(0x20, 11, 1, 0, 8, 0x13, 0, 30, 0x12, 0, 2, 0x61, 0x62);
    const { client } = await pair(answer);
    expect(client.observed).toEqual({ kind: 'accepted', phase: 'established' });
    expect(client.connack).toEqual({
      code: 0,
      sessionPresent: true,
      serverKeepAliveSeconds: 30,
      assignedClientId: 'ab',
    });
    expect(client.isOpen).toBe(true);
    expect(client.ip).toBe('127.0.0.1');
    expect(client.port).toBeGreaterThan(0);
  });

  test.each([
    [5, 0x87],
    [4, 5],
  ] as const)('by a refusal in MQTT %i, and stays refused', async (protocolVersion, code) => {
    const { client } = await pair(connack(code, protocolVersion), { protocolVersion });
    const refused = {
      kind: 'connack',
      phase: 'connect',
      detail: `0x${code.toString(16).padStart(2, '0')}`,
    };
    expect(client.observed).toEqual(refused);
    expect(await client.ended).toEqual(refused);
    expect(client.isOpen).toBe(false);
  });

  test('by silence', async () => {
    const server = await startServer({ ...tlsOf(), answer: undefined });
    const client = await connect(server.port, { timeoutMs: 50 });
    expect(client.observed).toEqual({ kind: 'timeout', phase: 'connect', detail: '50 ms' });
    expect(await client.ended).toEqual(client.observed);
  });

  test('by nobody', async () => {
    const port = await listen(() => {});
    const gone = await connect(port, { endpoint: { host: '127.0.0.1', port: 1, caPem: '' } });
    expect(gone.observed).toEqual({ kind: 'error', phase: 'tcp', detail: 'ECONNREFUSED' });
    expect(gone.port).toBe(0);
  });

  test.each<[string, (socket: Socket) => void, Observed]>([
    ['a FIN', (socket) => socket.end(), { kind: 'fin', phase: 'tls' }],
    ['a reset', (socket) => socket.resetAndDestroy(), { kind: 'tcp-reset', phase: 'tls' }],
  ])('by %s in the handshake', async (_what, end, expected) => {
    const port = await listen((socket) => socket.once('data', () => end(socket)));
    const client = await connect(port);
    expect(client.observed).toEqual(expected);
  });

  test('by a server that can’t prove its name, or that we don’t trust: not at all', async () => {
    const server = await startServer(tlsOf());
    const named = await connect(server.port, {
      endpoint: { host: '127.0.0.1', port: server.port, caPem: String(ca), serverName: 'other' },
    });
    const endpoint = { host: '127.0.0.1', port: server.port, caPem: stranger.trustPem };
    const untrusted = await connect(server.port, { endpoint });
    expect(named.observed).toMatchObject({ kind: 'error', phase: 'tls' });
    expect(named.observed.detail).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(untrusted.observed).toMatchObject({ kind: 'error', phase: 'tls' });
    const session = await server.next();
    await session.ended;
    expect(session.packets).not.toContain(PACKET.connect);
  });

  test.skipIf(!openssl.available).each([
    ['1.2', 'tls', 'handshake_failure', undefined],
    ['1.3', 'connect', 'certificate_required', undefined],
    ['1.2', 'tls', 'unknown_ca', 'stranger'],
    ['1.3', 'connect', 'unknown_ca', 'stranger'],
    ['1.2', 'tls', 'certificate_expired', 'expired'],
    ['1.3', 'connect', 'certificate_expired', 'expired'],
  ] as const)(
    `by the alert of TLS %s, in the phase %s: %s${openssl.note}`,
    async (tls, phase, detail, kind) => {
      const port = await startOpenssl(openssl.file);
      const credential = kind === 'expired' ? expiredDevice() : issueDevice(stranger);
      const client = await WireClient.connect({
        endpoint: { host: '127.0.0.1', port, caPem: String(ca) },
        clientId: 'client-1',
        protocolVersion: 5,
        tls,
        ...(kind === undefined ? {} : { credential }),
      });
      expect(client.observed).toEqual({ kind: 'tls-alert', phase, detail });
    },
  );

  test('even if its own key is none', async () => {
    const server = await startServer(tlsOf());
    const credential = { certificatePem: 'no certificate', privateKeyPem: 'no key' };
    const client = await connect(server.port, { credential });
    expect(client.observed).toMatchObject({ kind: 'error', phase: 'tls' });
    expect(JSON.stringify(client.observed)).not.toContain('no key');
  });

  test('even if its client ID does not fit into a packet', async () => {
    const server = await startServer(tlsOf());
    const client = await connect(server.port, { clientId: 'x'.repeat(70_000) });
    expect(client.observed).toMatchObject({ kind: 'error', phase: 'connect' });
  });
});

describe('a session', () => {
  test('ends with the word of the server', async () => {
    const { client, session } = await pair();
    session.socket.end(Buffer.of(0xe0, 2, 0x8e, 0));
    expect(await client.ended).toEqual({
      kind: 'disconnect',
      phase: 'established',
      detail: '0x8e',
    });
    expect(client.endedAt).toBeGreaterThanOrEqual(client.answeredAt);
  });

  test.each([
    ['a refusal', connack(0x87), { kind: 'connack', detail: '0x87' }],
    ['DISCONNECT', Buffer.concat([connack(0), Buffer.of(0xe0, 1, 0x8e)]), { detail: '0x8e' }],
  ])('is over after %s even if the server never closes its side', async (_what, answer, end) => {
    const port = await listenHalfOpen(answer);
    const client = await connect(port);
    expect(await client.ended).toMatchObject(end);
  });

  test('ends with a bare FIN of the server, and is told from one of ours', async () => {
    const theirs = await pair();
    theirs.session.socket.end();
    expect(await theirs.client.ended).toEqual({ kind: 'fin', phase: 'established' });
    const ours = await pair();
    await ours.client.disconnect();
    await ours.session.ended;
    expect(ours.session.packets).toContain(PACKET.disconnect);
    expect(await ours.client.ended).toMatchObject({ kind: 'fin', detail: 'by the client' });
  });

  test('is dropped with a reset and without a word', async () => {
    const { client, session } = await pair();
    await client.drop();
    expect(await session.ended).toBe('ECONNRESET');
    expect(session.packets).not.toContain(PACKET.disconnect);
    expect(await client.ended).toMatchObject({ kind: 'tcp-reset', detail: 'by the client' });
  });

  test('can be dropped while it is being closed, and leaves no socket behind', async () => {
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
    const before = sockets();
    const { client, session } = await pair(connack(0x87));
    await client.drop();
    await client.drop();
    await client.disconnect();
    expect(await client.ended).toMatchObject({ kind: 'connack' });
    await session.ended;
    // Handles are closed in the turns that follow.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(sockets()).toBe(before);
  });

  test('is given up when the signal says so', async () => {
    const abort = new AbortController();
    const { client } = await pair(undefined, { signal: abort.signal });
    abort.abort();
    expect(await client.ended).toMatchObject({ kind: 'error', detail: 'interrupted' });
    const port = await listen(() => {});
    const late = await connect(port, { signal: abort.signal });
    expect(late.observed).toMatchObject({ kind: 'error', detail: 'interrupted' });
  });

  test('answers what has been asked when it ends', async () => {
    const { client, session } = await pair();
    const asked = [
      client.ping(),
      client.subscribe('a', 1),
      client.publish({ topic: 'a', payload: 'b', qos: 1 }),
      client.until(() => false, 60_000),
    ];
    session.socket.destroy();
    expect(await Promise.all(asked)).toEqual([false, undefined, undefined, false]);
    expect(await client.ping()).toBe(false);
    expect(await client.publish({ topic: 'a', payload: 'b', qos: 1 })).toBeUndefined();
  });

  test('acknowledges what it receives and keeps it', async () => {
    const { client, session } = await pair();
    session.socket.write(publishQos1(7));
    expect(await client.until(() => client.received.length === 1, 60_000)).toBe(true);
    expect(client.received).toEqual([{ topic: 't', payload: 'x', qos: 1 }]);
    await session.until(PACKET.puback);
  });

  test('stays silent at the stage where it is told to stop', async () => {
    const server = await startServer(tlsOf());
    const tcp = await connect(server.port, { stage: 'tcp' });
    expect(tcp.observed).toEqual({ kind: 'accepted', phase: 'tcp' });
    const first = await server.next();
    const tls = await connect(server.port, { stage: 'tls' });
    expect(tls.observed).toEqual({ kind: 'accepted', phase: 'tls' });
    const second = await server.next();
    await Promise.all([tcp.disconnect(), tls.disconnect()]);
    await Promise.all([first.ended, second.ended]);
    expect([...first.packets, ...second.packets]).toEqual([]);
  });

  test('notices that the server closes a connection that is only TCP', async () => {
    const port = await listen((socket) => setImmediate(() => socket.end()));
    const client = await connect(port, { stage: 'tcp' });
    expect(await client.ended).toMatchObject({ kind: 'fin' });
  });
});

describe('a hostile server', () => {
  test.each([
    ['a packet of type 0', Buffer.of(0x00, 0)],
    ['a length without end', Buffer.of(0x30, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ['CONNACK with flags that are reserved', Buffer.of(0x2f, 2, 0, 0)],
    ['CONNACK that is empty', Buffer.of(0x20, 0)],
    ['CONNACK without a code', Buffer.of(0x20, 1, 0)],
    ['a PUBLISH of QoS 3', Buffer.of(0x36, 5, 0, 1, 0x74, 0, 1)],
    ['a CONNECT', Buffer.of(0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 0)],
    ['plain text', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('that sends %s is an error and no more', async (_what, bytes) => {
    const { client } = await pair(bytes);
    expect(client.observed).toMatchObject({ kind: 'error', phase: 'connect' });
    expect(await client.ended).toEqual(client.observed);
  });

  test('can’t make it keep more than it wants', async () => {
    const { client, session } = await pair();
    session.socket.on('error', () => {});
    const flood = Buffer.concat(
      Array.from({ length: 1000 }, () => Buffer.of(0x30, 5, 0, 1, 0x74, 0, 0x78)),
    );
    for (let sent = 0; sent <= WIRE_MESSAGES_MAX && !session.socket.destroyed; sent += 1000) {
      session.socket.write(flood);
    }
    expect(await client.ended).toMatchObject({ kind: 'error', detail: 'too many messages' });
    expect(client.received).toHaveLength(WIRE_MESSAGES_MAX);
  });

  test('can’t make it wait for a packet of any length', async () => {
    const { client, session } = await pair();
    session.socket.on('error', () => {});
    // A PUBLISH that is said to be 256 MB long.
    session.socket.write(Buffer.of(0x30, 0xff, 0xff, 0xff, 0x7f));
    session.socket.write(Buffer.alloc(WIRE_PACKET_BYTES_MAX + 1));
    expect(await client.ended).toMatchObject({
      kind: 'error',
      detail: 'a packet that is too long',
    });
    await once(session.socket, 'close');
  });
});
