/**
 * A bare MQTT client over TLS for broker tests: it sends the bytes that a test wants sent, leaves
 * in the way that a test wants, and says what it saw. Packets as in MQTT 3.1.1 and 5.0 §2 and §3.
 */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type SecureVersion, type TLSSocket } from 'node:tls';
import type { BrokerEndpoint } from '../../src/broker/adapter.ts';
import type { TestCredential } from './broker-certificates.ts';

export interface ClientOptions {
  readonly endpoint: BrokerEndpoint;
  readonly credential?: TestCredential;
  readonly clientId: string;
  readonly protocolVersion?: 4 | 5;
  readonly keepAliveSeconds?: number;
  readonly tls?: SecureVersion;
  /** A session to resume, as a thief of its ticket would. */
  readonly session?: Buffer;
}

/** How a connection ended: what the client's end of it saw. */
export interface ClientEnd {
  /** `fin` for an orderly end, else the code of the error. */
  readonly end: string;
  /** The return or reason code of CONNACK, if it came. */
  readonly connack: number | undefined;
  /** The reason code of the broker's DISCONNECT, if it came (MQTT 5 only). */
  readonly disconnect: number | undefined;
}

export class TestClient {
  /** All that were opened and not yet ended by `endAll`. */
  static readonly #opened: TestClient[] = [];
  readonly socket: TLSSocket;
  readonly port: number;
  /** Resolves when the connection has ended, by whomever. */
  readonly ended: Promise<ClientEnd>;
  /** Resolves with the code of CONNACK, or `undefined` if the connection ends without. */
  readonly connack: Promise<number | undefined>;
  readonly publishes: string[] = [];
  /** Whether TLS took up an earlier session instead of asking for a certificate. */
  resumed: boolean | undefined;
  readonly #tcp: Socket;
  readonly #version: 4 | 5;
  #buffer = Buffer.alloc(0);
  #connackCode: number | undefined;
  #disconnectCode: number | undefined;
  #onPacket: () => void = () => {};

  constructor(tcp: Socket, options: ClientOptions) {
    this.#tcp = tcp;
    this.#version = options.protocolVersion ?? 4;
    this.port = tcp.localPort ?? 0;
    const { endpoint, credential, tls, session } = options;
    this.socket = connectTls({
      socket: tcp,
      ca: endpoint.caPem,
      servername: endpoint.serverName ?? 'localhost',
      ...(credential === undefined
        ? {}
        : { cert: credential.certificatePem, key: credential.privateKeyPem }),
      ...(tls === undefined ? {} : { minVersion: tls, maxVersion: tls }),
      ...(session === undefined ? {} : { session }),
    });
    let error = 'fin';
    this.socket.on('error', (cause: NodeJS.ErrnoException) => {
      error = cause.code ?? cause.message;
    });
    this.ended = new Promise((resolve) => {
      this.socket.once('close', () =>
        resolve({ end: error, connack: this.#connackCode, disconnect: this.#disconnectCode }),
      );
    });
    const connack = new Promise<number | undefined>((resolve) => {
      this.#onPacket = () => {
        if (this.#connackCode !== undefined) resolve(this.#connackCode);
      };
    });
    this.connack = Promise.race([connack, this.ended.then((end) => end.connack)]);
    this.socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.socket.once('secureConnect', () => {
      this.resumed = this.socket.isSessionReused();
      this.write(connectPacket(options));
    });
  }

  /** Opens TCP and begins TLS and MQTT; `connack` and `ended` tell how it goes. */
  static async open(options: ClientOptions): Promise<TestClient> {
    const tcp = connectTcp({ host: options.endpoint.host, port: options.endpoint.port });
    await once(tcp, 'connect');
    const client = new TestClient(tcp, options);
    TestClient.#opened.push(client);
    return client;
  }

  /** Ends whoever is still there, for brokers that go on after a test. */
  static async endAll(): Promise<void> {
    const clients = TestClient.#opened.splice(0);
    for (const client of clients) client.reset();
    await Promise.all(clients.map(({ ended }) => ended));
  }

  /** Opens and waits for an accepting CONNACK. */
  static async connect(options: ClientOptions): Promise<TestClient> {
    const client = await TestClient.open(options);
    const code = await client.connack;
    if (code !== 0) throw new Error(`no connection: ${JSON.stringify(await client.ended)}`);
    return client;
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  publish(topic: string, payload: string): void {
    const properties = this.#version === 5 ? [0] : [];
    this.write(packet(0x30, [...field(topic), ...properties, ...Buffer.from(payload)]));
  }

  subscribe(topic: string): void {
    const properties = this.#version === 5 ? [0] : [];
    this.write(packet(0x82, [0, 1, ...properties, ...field(topic), 0]));
  }

  /** DISCONNECT, then an orderly end. */
  disconnect(): void {
    this.socket.end(Buffer.from([0xe0, 0]));
  }

  /** FIN without DISCONNECT. */
  leave(): void {
    this.socket.end();
  }

  /** TCP RST. */
  reset(): void {
    this.#tcp.resetAndDestroy();
    this.socket.destroy();
  }

  /** Resolves when a message with this payload has come. */
  async received(payload: string): Promise<void> {
    while (!this.publishes.includes(payload)) await once(this.socket, 'data');
  }

  #read(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    // Lengths in these tests fit one byte; longer ones would be a different test.
    while (this.#buffer.length >= 2) {
      const length = 2 + (this.#buffer[1] ?? 0);
      if (this.#buffer.length < length) return;
      const whole = this.#buffer.subarray(0, length);
      this.#buffer = this.#buffer.subarray(length);
      const type = (whole[0] ?? 0) >> 4;
      if (type === 2) this.#connackCode = whole[3];
      if (type === 14) this.#disconnectCode = whole[2] ?? 0;
      if (type === 3) this.#readPublish(whole);
      this.#onPacket();
    }
  }

  #readPublish(whole: Buffer): void {
    const start = 4 + whole.readUInt16BE(2) + (this.#version === 5 ? 1 : 0);
    this.publishes.push(whole.subarray(start).toString('utf8'));
  }
}

/** The bytes of a CONNECT with clean session or clean start. */
export function connectPacket(options: ClientOptions): Buffer {
  const version = options.protocolVersion ?? 4;
  const keepAlive = options.keepAliveSeconds ?? 60;
  const properties = version === 5 ? [0] : [];
  const flags = 0x02;
  const head = [...field('MQTT'), version, flags, keepAlive >> 8, keepAlive & 0xff];
  return packet(0x10, [...head, ...properties, ...field(options.clientId)]);
}

function packet(type: number, body: readonly number[]): Buffer {
  const length: number[] = [];
  let rest = body.length;
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Buffer.from([type, ...length, ...body]);
}

function field(text: string): number[] {
  const bytes = Buffer.from(text, 'utf8');
  return [bytes.length >> 8, bytes.length & 0xff, ...bytes];
}
