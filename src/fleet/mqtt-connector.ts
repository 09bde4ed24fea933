/**
 * The connector over real sockets: MQTT on TLS on a socket that can be reset or abandoned, which
 * no MQTT client offers. Never reconnects: that is the device's decision.
 */
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { writeToStream } from 'mqtt-packet';
import type { Clock } from '../core/time.ts';
import { type CloseCause, errorCause } from './close-cause.ts';
import type {
  Connection,
  ConnectionListener,
  Connector,
  ConnectRequest,
  DeviceMessage,
  Subscription,
} from './connector.ts';
import { DeviceTls } from './device-tls.ts';
import { KeepAlive } from './keep-alive.ts';
import { type LinkListener, type LinkShared, MqttLink } from './mqtt-link.ts';
import { PacketParser } from './packet-reader.ts';

/** What all connections of a connector have in common. */
interface Shared extends LinkShared {
  readonly tls: DeviceTls;
  readonly clock: Clock;
}

/** TLS contexts are kept for the life of the connector. */
export async function mqttConnector(clock: Clock): Promise<Connector> {
  // mqtt-packet would make a buffer for each of 65,536 numbers, 7 MB that every collection visits.
  writeToStream.cacheNumbers = false;
  const shared = {
    tls: new DeviceTls(),
    clock,
    keepAlive: new KeepAlive(),
    parsers: { 4: new PacketParser(4), 5: new PacketParser(5) },
  };
  return { open: (request, listener) => new MqttConnection(shared, request, listener) };
}

class MqttConnection implements Connection, LinkListener {
  readonly #shared: Shared;
  readonly #request: ConnectRequest;
  readonly #listener: ConnectionListener;
  readonly #socket: Socket;
  /** The socket itself, or TLS on it; from the moment TCP is connected. */
  #stream: Socket | undefined;
  /** From the moment TLS is. */
  #link: MqttLink | undefined;
  #phase: 'connecting' | 'connected' | 'ended' = 'connecting';
  #abandoned = false;
  /** What the peer or the network said before the close; the first word counts. */
  #cause: CloseCause | undefined;
  #local: { ip?: string; port?: number } = {};
  readonly #cancelDeadline: () => void;

  constructor(shared: Shared, request: ConnectRequest, listener: ConnectionListener) {
    this.#shared = shared;
    this.#request = request;
    this.#listener = listener;
    const { endpoint, connectTimeoutMs, localAddress } = request;
    const { clock } = shared;
    const { host, port } = endpoint;
    const from = localAddress === undefined ? {} : { localAddress };
    this.#socket = connect({ host, port, noDelay: true, ...from });
    // Node replaces the handle while it tries one address of a host after the other, and crashes
    // if TLS has already been put on the first.
    this.#socket.once('connect', () => this.#onTcp());
    this.#socket.once('close', () => {
      if (this.#stream === undefined) this.#ended();
    });
    this.#socket.on('error', (error) => this.#failed(error));
    this.#cancelDeadline = clock.schedule(clock.now() + connectTimeoutMs, () => {
      this.#cause ??= { reason: 'unknown', raw: `no CONNACK within ${connectTimeoutMs} ms` };
      this.destroy();
    });
  }

  disconnect(): void {
    const connected = this.#phase === 'connected';
    this.#cause ??= {
      reason: 'client-initiated',
      raw: connected ? 'DISCONNECT sent' : 'given up before CONNACK',
    };
    if (connected && !this.#abandoned) this.#link?.disconnect();
    else this.destroy();
  }

  reset(): void {
    this.#cause ??= { reason: 'connection-lost', raw: 'RST sent' };
    this.#link?.silence();
    // Node can't reset what it is shutting down: it would leak the handle, and spin at its exit.
    if (this.#socket.writableEnded) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  abandon(): void {
    this.#abandoned = true;
    this.#link?.silence();
  }

  publish(message: DeviceMessage, acknowledged: () => void): boolean {
    return this.#link?.publish(message, acknowledged) ?? false;
  }

  subscribe(
    filters: readonly Subscription[],
    granted: (filters: readonly Subscription[]) => void,
  ): void {
    this.#link?.subscribe(filters, granted);
  }

  destroy(): void {
    this.#cause ??= { reason: 'connection-lost', raw: 'socket destroyed' };
    this.#link?.silence();
    this.#stream?.destroy();
    this.#socket.destroy();
  }

  accepted(sessionPresent: boolean): void {
    this.#cancelDeadline();
    this.#phase = 'connected';
    this.#listener.connected({ at: this.#shared.clock.now(), ...this.#local, sessionPresent });
  }

  received(topic: string, payload: Buffer): void {
    this.#listener.received(topic, payload);
  }

  ending(cause: CloseCause, mustEnd: 'after-writes' | 'at-once'): void {
    this.#cause ??= cause;
    if (mustEnd === 'at-once') this.destroy();
    else this.#stream?.destroySoon();
  }

  /** TLS and MQTT, unless the device has changed its mind. */
  #onTcp(): void {
    if (this.#cause !== undefined || this.#abandoned) return;
    const { localAddress, localPort } = this.#socket;
    this.#local = {
      ...(localAddress === undefined ? {} : { ip: localAddress.replace(/^::ffff:/, '') }),
      ...(localPort === undefined ? {} : { port: localPort }),
    };
    if (this.#request.endpoint.transport === 'tcp') {
      this.#stream = this.#socket.once('close', () => this.#ended());
      this.#speak(this.#stream);
      return;
    }
    try {
      const stream = this.#shared.tls.open(this.#socket, this.#request);
      this.#stream = stream;
      stream.on('error', (error) => this.#failed(error));
      stream.once('close', () => this.#ended());
      stream.once('secureConnect', () => this.#speak(stream));
    } catch (error) {
      this.#failed(error);
      this.destroy();
    }
  }

  #speak(stream: Socket): void {
    if (this.#cause !== undefined || this.#abandoned) return;
    try {
      this.#link = new MqttLink(stream, this.#request, { shared: this.#shared, listener: this });
    } catch (error) {
      this.#failed(error);
      this.destroy();
    }
  }

  #failed(error: unknown): void {
    this.#cause ??= errorCause(error instanceof Error ? error : new Error(String(error)));
  }

  #ended(): void {
    if (this.#phase === 'ended') return;
    this.#cancelDeadline();
    this.#link?.silence();
    const at = this.#shared.clock.now();
    const wasConnected = this.#phase === 'connected';
    this.#phase = 'ended';
    const cause: CloseCause = this.#cause ?? { reason: 'unknown', raw: 'FIN' };
    if (wasConnected) this.#listener.closed({ at, ...cause });
    else this.#listener.failed({ at, ...cause, ...this.#local });
    this.#socket.destroy();
  }
}
