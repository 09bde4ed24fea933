/**
 * A server for tests of the connector: TLS with a certificate of the test's choice, and just enough
 * MQTT to answer a CONNECT as the test wants and to keep what a device sends, packet by packet.
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type SecureContextOptions, TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';

/** Packet types of MQTT 5.0 §2.1.2. */
export const PACKET = { connect: 1, publish: 3, puback: 4, pingreq: 12, disconnect: 14 } as const;

export interface ServerOptions extends SecureContextOptions {
  /** Bytes that answer a CONNECT; an accepting CONNACK of MQTT 5 by default, undefined for silence. */
  readonly answer?: Buffer | undefined;
}

/** CONNACK without properties (MQTT 3.1.1 §3.2) or with none (MQTT 5.0 §3.2). */
export function connack(code: number, protocolVersion: 4 | 5 = 5): Buffer {
  return protocolVersion === 5 ? Buffer.of(0x20, 3, 0, code, 0) : Buffer.of(0x20, 2, 0, code);
}

/** PUBLISH with QoS 1 of MQTT 5 on topic `t`. */
export function publishQos1(packetId: number): Buffer {
  return Buffer.of(0x32, 7, 0, 1, 0x74, 0, packetId, 0, 0x78);
}

/** One connection as the server sees it. */
export class ServerSession {
  readonly socket: TLSSocket;
  /** Types of the packets that came, in order. */
  readonly packets: number[] = [];
  /** Resolves with `fin`, or with the code of the error that ended it. */
  readonly ended: Promise<string>;
  open = true;
  #buffer = Buffer.alloc(0);
  #onPacket: () => void = () => {};

  constructor(tcp: Socket, options: ServerOptions) {
    this.socket = new TLSSocket(tcp, { ...options, isServer: true, requestCert: true });
    let end = 'fin';
    const onError = (error: NodeJS.ErrnoException): void => {
      end = error.code ?? error.message;
    };
    tcp.on('error', onError);
    this.socket.on('error', onError);
    this.ended = new Promise((resolve) => {
      this.socket.once('close', () => {
        this.open = false;
        resolve(end);
      });
    });
    const answer = 'answer' in options ? options.answer : connack(0);
    this.socket.on('data', (chunk: Buffer) => {
      for (const type of this.#packetTypes(chunk)) {
        this.packets.push(type);
        if (type === PACKET.connect && answer !== undefined) this.socket.write(answer);
        this.#onPacket();
      }
    });
  }

  /** Resolves when a packet of this type has come. */
  async until(type: number): Promise<void> {
    while (!this.packets.includes(type)) {
      await new Promise<void>((resolve) => {
        this.#onPacket = resolve;
      });
    }
  }

  /** Packets of these tests have a length of one byte. */
  #packetTypes(chunk: Buffer): number[] {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    const types: number[] = [];
    for (;;) {
      const length = 2 + (this.#buffer[1] ?? 0);
      if (this.#buffer.length < length) return types;
      types.push((this.#buffer[0] ?? 0) >> 4);
      this.#buffer = this.#buffer.subarray(length);
    }
  }
}

/** Listens on a free loopback port until the test has finished; `onSocket` gets every connection. */
export async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
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

/** A listening server; `next` gives its connections in the order in which they came. */
export async function startServer(options: ServerOptions) {
  const sessions: ServerSession[] = [];
  let onSession: () => void = () => {};
  let taken = 0;
  const port = await listen((socket) => {
    sessions.push(new ServerSession(socket, options));
    onSession();
  });
  return {
    port,
    async next(): Promise<ServerSession> {
      for (;;) {
        const session = sessions[taken];
        if (session !== undefined) {
          taken += 1;
          return session;
        }
        await new Promise<void>((resolve) => {
          onSession = resolve;
        });
      }
    },
  };
}
