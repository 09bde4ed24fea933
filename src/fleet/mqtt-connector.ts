/**
 * The connector over real sockets: `mqtt` on a TLS socket of our own, so that a connection can be
 * reset or abandoned, which no MQTT client offers. Never reconnects: that is the device's decision.
 */
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { IClientOptions, MqttClient } from 'mqtt';
import type { Clock } from '../core/time.ts';
import { type CloseCause, disconnectCause, errorCause } from './close-cause.ts';
import type {
  Connection,
  ConnectionListener,
  Connector,
  ConnectRequest,
  Subscription,
} from './connector.ts';
import { DeviceTls } from './device-tls.ts';

/** What all connections of a connector have in common. */
interface Shared {
  readonly mqtt: typeof import('mqtt');
  readonly tls: DeviceTls;
  readonly clock: Clock;
}

/** Loads the MQTT client; TLS contexts are kept per certificate for the life of the connector. */
export async function mqttConnector(clock: Clock): Promise<Connector> {
  const shared = { mqtt: await import('mqtt'), tls: new DeviceTls(), clock };
  return { open: (request, listener) => new MqttConnection(shared, request, listener) };
}

class MqttConnection implements Connection {
  readonly #shared: Shared;
  readonly #request: ConnectRequest;
  readonly #listener: ConnectionListener;
  readonly #socket: Socket;
  /** From the moment TCP is connected. */
  #client: MqttClient | undefined;
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
    const { endpoint, connectTimeoutMs } = request;
    const { clock } = shared;
    this.#socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true });
    // Node replaces the handle while it tries one address of a host after the other, and crashes
    // if TLS has already been put on the first.
    this.#socket.once('connect', () => this.#speak());
    this.#socket.once('close', () => {
      if (this.#client === undefined) this.#ended();
    });
    this.#socket.on('error', (error) => {
      this.#cause ??= errorCause(error);
    });
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
    if (connected && !this.#abandoned) this.#client?.end();
    else this.destroy();
  }

  reset(): void {
    this.#cause ??= { reason: 'connection-lost', raw: 'RST sent' };
    // Node can't reset what it is shutting down: it would leak the handle, and spin at its exit.
    if (this.#socket.writableEnded) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  abandon(): void {
    this.#abandoned = true;
    // Documented hook: while the callback is not called, nothing received is acknowledged.
    if (this.#client !== undefined) this.#client.handleMessage = () => {};
  }

  publish(
    message: { readonly topic: string; readonly payload: string; readonly qos: 0 | 1 },
    acknowledged: () => void,
  ): void {
    if (this.#phase !== 'connected' || this.#abandoned) return;
    this.#client?.publish(message.topic, message.payload, { qos: message.qos }, (error) => {
      if (!error && message.qos > 0) acknowledged();
    });
  }

  subscribe(
    filters: readonly Subscription[],
    granted: (filters: readonly Subscription[]) => void,
  ): void {
    if (this.#phase !== 'connected' || this.#abandoned) return;
    const map = Object.fromEntries(filters.map(({ filter, qos }) => [filter, { qos }]));
    this.#client?.subscribe(map, (_error, answers = []) => {
      const taken = answers.flatMap(({ topic: filter, qos }) =>
        qos === 0 || qos === 1 ? [{ filter, qos } as const] : [],
      );
      if (taken.length > 0 && !this.#abandoned) granted(taken);
    });
  }

  destroy(): void {
    this.#cause ??= { reason: 'connection-lost', raw: 'socket destroyed' };
    this.#client?.end(true);
    this.#socket.destroy();
  }

  /** TLS and MQTT, unless the device has changed its mind. */
  #speak(): void {
    if (this.#cause !== undefined || this.#abandoned) return;
    const { localAddress, localPort } = this.#socket;
    this.#local = {
      ...(localAddress === undefined ? {} : { ip: localAddress.replace(/^::ffff:/, '') }),
      ...(localPort === undefined ? {} : { port: localPort }),
    };
    const { mqtt, tls } = this.#shared;
    try {
      const stream = tls.open(this.#socket, this.#request);
      this.#client = new mqtt.MqttClient(() => stream, this.#options());
      this.#listen(this.#client);
    } catch (error) {
      this.#cause = errorCause(error instanceof Error ? error : new Error(String(error)));
      this.destroy();
    }
  }

  #options(): IClientOptions {
    const { mqtt, will, clientId, connectTimeoutMs } = this.#request;
    return {
      clientId,
      protocolVersion: mqtt.protocolVersion,
      clean: mqtt.cleanStart,
      keepalive: mqtt.keepAliveSeconds,
      connectTimeout: connectTimeoutMs,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      ...(mqtt.protocolVersion === 5
        ? { properties: { sessionExpiryInterval: mqtt.sessionExpirySeconds } }
        : {}),
      ...(will ? { will: { ...will, payload: Buffer.from(will.payload) } } : {}),
      // Keep-alive stops with the device, not with the socket it left behind.
      timerVariant: {
        set: (run, ms) =>
          setInterval(() => {
            if (!this.#abandoned) run();
          }, ms) as unknown as number,
        clear: (timer) => clearInterval(timer),
      },
    };
  }

  #listen(client: MqttClient): void {
    client.on('connect', ({ sessionPresent }) => {
      this.#cancelDeadline();
      this.#phase = 'connected';
      this.#listener.connected({ at: this.#shared.clock.now(), ...this.#local, sessionPresent });
    });
    client.on('disconnect', (packet) => {
      this.#cause ??= disconnectCause(packet.reasonCode);
    });
    client.on('error', (error) => {
      this.#cause ??= errorCause(error);
    });
    client.on('message', (topic, payload) => {
      if (!this.#abandoned) this.#listener.received(topic, payload);
    });
    client.on('close', () => this.#ended());
  }

  #ended(): void {
    if (this.#phase === 'ended') return;
    this.#cancelDeadline();
    const at = this.#shared.clock.now();
    const wasConnected = this.#phase === 'connected';
    this.#phase = 'ended';
    const cause: CloseCause = this.#cause ?? { reason: 'unknown', raw: 'FIN' };
    if (wasConnected) this.#listener.closed({ at, ...cause });
    else this.#listener.failed({ at, ...cause, ...this.#local });
    this.#client?.end(true);
    this.#socket.destroy();
  }
}
