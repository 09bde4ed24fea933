/**
 * TCP and TLS under a scripted client: how far it has come, and one observation of how it ended,
 * the first cause counting. The broker's certificate is always verified.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureVersion, type TLSSocket } from 'node:tls';
import type { BrokerEndpoint } from '../broker/adapter.ts';
import type { EpochMs } from '../core/time.ts';
import { BY_CLIENT, observedError } from './observe.ts';
import type { ConnectPhase, Observed } from './result.ts';

/** How long a peer may take to close its side after we have closed ours. */
const LINGER_MS = 2000;

export interface TransportOptions {
  readonly endpoint: BrokerEndpoint;
  /** What the client proves to be; without one it shows no certificate. */
  readonly credential?: { readonly certificatePem: string; readonly privateKeyPem: string };
  /** The only version offered; TLS 1.2 and 1.3 by default. */
  readonly tls?: '1.2' | '1.3';
  /** A session of an earlier connection to resume, whoever's it was. */
  readonly ticket?: Buffer;
  /** Stops when TCP is open. */
  readonly tcpOnly?: boolean;
}

export interface TransportListener {
  opened(): void;
  data(chunk: Buffer): void;
  ended(): void;
}

export class WireTransport {
  /** Set by the layer above once it has been answered. */
  phase: ConnectPhase = 'tcp';
  readonly #options: TransportOptions;
  readonly #listener: TransportListener;
  readonly #socket: Socket;
  #stream: TLSSocket | undefined;
  #cause: Observed | undefined;
  #end: Observed | undefined;
  #endedAt: EpochMs | undefined;
  #ticket: Buffer | undefined;
  #linger: NodeJS.Timeout | undefined;
  #local: { readonly ip?: string; readonly port?: number } = {};

  constructor(options: TransportOptions, listener: TransportListener) {
    this.#options = options;
    this.#listener = listener;
    const { host, port } = options.endpoint;
    // Nagle off, or CONNACK waits 40 ms for a delayed acknowledgement.
    this.#socket = connectTcp({ host, port, noDelay: true });
    this.#socket.once('connect', () => this.#onTcp());
    this.#socket.on('error', (error) => this.#onError(error));
    this.#socket.once('close', () => this.#onClose());
  }

  /** How the connection ended; undefined while it is open. */
  get end(): Observed | undefined {
    return this.#end;
  }

  get endedAt(): EpochMs | undefined {
    return this.#endedAt;
  }

  get isOpen(): boolean {
    return this.#end === undefined && this.#cause === undefined && this.phase !== 'tcp';
  }

  get local(): { readonly ip?: string; readonly port?: number } {
    return this.#local;
  }

  get ticket(): Buffer | undefined {
    return this.#ticket;
  }

  get resumed(): boolean {
    return this.#stream?.isSessionReused() ?? false;
  }

  write(bytes: Buffer): void {
    if (this.isOpen) this.#stream?.write(bytes);
  }

  /** Keeps what ends the connection, if nothing else has. */
  blame(cause: Omit<Observed, 'phase'>): void {
    this.#cause ??= { ...cause, phase: this.phase };
  }

  /** An orderly end of ours; of a peer that does not close its side, after a while all the same. */
  close(lastBytes?: Buffer): void {
    if (lastBytes !== undefined) this.write(lastBytes);
    this.blame({ kind: 'fin', detail: BY_CLIENT });
    (this.#stream ?? this.#socket).end();
    this.#linger ??= setTimeout(() => this.destroy(), LINGER_MS);
  }

  /** TCP RST; of a connection that is being closed already, no more than its socket is dropped. */
  reset(): void {
    this.blame({ kind: 'tcp-reset', detail: BY_CLIENT });
    // Node can't reset what it is shutting down: it would leak the handle, and spin at its exit.
    if (this.#socket.writableEnded || this.#stream?.writableEnded) this.destroy();
    else this.#socket.resetAndDestroy();
  }

  destroy(): void {
    this.#stream?.destroy();
    this.#socket.destroy();
  }

  #onTcp(): void {
    const { localAddress, localPort } = this.#socket;
    this.#local = {
      ...(localAddress === undefined ? {} : { ip: localAddress.replace(/^::ffff:/, '') }),
      ...(localPort === undefined ? {} : { port: localPort }),
    };
    this.phase = 'tls';
    if (this.#options.tcpOnly) {
      // Without a reader Node would not notice that the broker closes.
      this.#socket.resume();
      this.#listener.opened();
      return;
    }
    try {
      this.#onTlsStream(openTls(this.#socket, this.#options));
    } catch (error) {
      this.#onError(error);
      this.destroy();
    }
  }

  #onTlsStream(stream: TLSSocket): void {
    this.#stream = stream;
    stream.on('error', (error) => this.#onError(error));
    stream.once('close', () => this.#onClose());
    stream.on('session', (session) => {
      this.#ticket = session;
    });
    stream.on('data', (chunk: Buffer) => this.#listener.data(chunk));
    stream.once('secureConnect', () => {
      this.phase = 'connect';
      this.#listener.opened();
    });
  }

  #onError(error: unknown): void {
    this.#cause ??= observedError(error, this.phase);
  }

  #onClose(): void {
    if (this.#end !== undefined) return;
    this.#end = this.#cause ?? { kind: 'fin', phase: this.phase };
    this.#endedAt = now();
    clearTimeout(this.#linger);
    this.destroy();
    this.#listener.ended();
  }
}

/** Starts the handshake on a socket that is connected. Throws for a key that OpenSSL won't take. */
function openTls(socket: Socket, options: TransportOptions): TLSSocket {
  const { endpoint, credential, tls, ticket } = options;
  const name = endpoint.serverName ?? endpoint.host;
  const version: SecureVersion | undefined = tls && (tls === '1.2' ? 'TLSv1.2' : 'TLSv1.3');
  return connectTls({
    socket,
    host: name,
    // SNI carries no addresses (RFC 6066 §3).
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(endpoint.alpnProtocols && { ALPNProtocols: [...endpoint.alpnProtocols] }),
    ca: endpoint.caPem,
    ...(credential && { cert: credential.certificatePem, key: credential.privateKeyPem }),
    minVersion: version ?? 'TLSv1.2',
    maxVersion: version ?? 'TLSv1.3',
    ...(ticket && { session: ticket }),
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
    rejectUnauthorized: true,
  });
}

/** Wall time with the resolution of the monotonic clock, as the clock of a run has it. */
export function now(): EpochMs {
  return performance.timeOrigin + performance.now();
}
