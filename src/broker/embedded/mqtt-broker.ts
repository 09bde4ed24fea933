/**
 * The home of aedes (2.0.0-beta.1, pinned): an MQTT 3.1, 3.1.1 and 5 broker that reports what
 * becomes of its connections. Runs only in the embedded broker's process.
 *
 * Three of its methods are replaced, because takeovers race in the original: while an evicted
 * client is still closing, a second newcomer with its client ID is registered first and then
 * deleted by the evicted client's end, which leaves two live sessions under one client ID (a storm
 * of cloned client IDs does this all the time). Here the newcomer becomes the owner at once, and
 * the end of a client that is not the owner (any more) touches nothing of the owner's. A method of
 * its storage is replaced in `listen`, because resuming a session races with its messages.
 */
import type { EventEmitter } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { Aedes, type AedesOptions, type Client, type ConnectPacket } from 'aedes';
import type { CloseReason, ProtocolVersion } from '../../history/event.ts';
import { Admission, refusingConnack } from './admission.ts';
import type { Connection, Evidence } from './evidence.ts';
import { Denied, hooksOf, type LiveRules, mayUseClientId } from './rules.ts';

/** MQTT 5.0 §3.14.2.1. */
const SESSION_TAKEN_OVER = 0x8e;

/** What is used of aedes beyond its type declarations; the contract tests hold it in place. */
interface AedesInside extends EventEmitter {
  readonly version: string;
  readonly persistence: {
    outgoingUpdate(client: Client, packet: { readonly cmd: string }): Promise<unknown>;
  };
  readonly closed: boolean;
  clients: Record<string, Client | undefined>;
  preConnect: NonNullable<AedesOptions['preConnect']>;
  listen(): Promise<void>;
  handle(socket: TLSSocket): Client & { readonly _parser: EventEmitter };
  close(done: () => void): void;
  clearSessionExpiry(clientId: string): void;
  clearDelayedWill(clientId: string): void;
  scheduleSessionExpiry(client: Client): void;
  scheduleWill(client: Client, will: unknown, delaySeconds: number): void;
}

const Base = Aedes as unknown as new (options: AedesOptions) => AedesInside;

/** An aedes whose takeovers are atomic and whose connections leave evidence. */
export class MqttBroker extends Base {
  readonly #evidence: Evidence;
  readonly #connections: WeakMap<object, Connection>;

  constructor(evidence: Evidence, rules: LiveRules) {
    const connections = new WeakMap<object, Connection>();
    super(hooksOf(rules, (client) => connections.get(client.conn)?.peer.commonName));
    this.#connections = connections;
    this.#evidence = evidence;
    const admission = new Admission(rules, Date.now);
    this.preConnect = (client, packet, done) => {
      const connection = this.#onConnectPacket(client, packet);
      const { clientId } = packet;
      // Who may not use a client ID must not have it banned for its owner; it is refused later on.
      const isFit =
        connection !== undefined &&
        mayUseClientId(rules.current, connection.peer.commonName, clientId);
      const refusal = isFit ? admission.refusal(connection, clientId) : undefined;
      if (refusal === undefined || connection === undefined) {
        done(null, true);
        return;
      }
      this.#evidence.ended(connection, 'throttled', refusal.because);
      // aedes has no such answer. Ended, and not destroyed, so that it arrives.
      client.conn.end(refusingConnack(refusal, packet), () => done(new Error('refused'), false));
    };
    // Without a prototype, "__proto__" and "constructor" are client IDs like any other.
    this.clients = Object.create(null);
    this.on('keepaliveTimeout', (client: Client) => this.#end(client, 'keep-alive-timeout'));
    this.on('clientError', (client: Client, error: Error) => this.#onError(client, error));
    this.on('connectionError', (client: Client, error: Error) => this.#onError(client, error));
  }

  /**
   * What is published while a session is being resumed goes out at once and stands in the queue as
   * well. If it is acknowledged before its turn in the queue comes, aedes misses it there and closes
   * the connection; here it goes out twice, as QoS 1 allows (MQTT 5.0 §4.3.2).
   */
  override async listen(): Promise<void> {
    await super.listen();
    const { persistence } = this;
    const update = persistence.outgoingUpdate.bind(persistence);
    persistence.outgoingUpdate = (client, packet) => {
      const updated = update(client, packet);
      return packet.cmd === 'publish' ? updated.catch(() => {}) : updated;
    };
  }

  /** Serves MQTT on a socket whose certificate has been accepted. */
  serve(socket: TLSSocket, connection: Connection): void {
    this.#connections.set(socket, connection);
    // Before aedes' own listeners, which remove others.
    socket.on('error', (error) => {
      this.#evidence.ended(connection, reasonOf(error), error.message);
    });
    socket.on('end', () => this.#evidence.ended(connection, 'connection-lost'));
    socket.on('close', () => this.#evidence.ended(connection, 'connection-lost'));
    const client = this.handle(socket);
    client._parser.on('packet', (packet: { readonly cmd: string }) => {
      if (packet.cmd !== 'disconnect') return;
      connection.fate ??= 'client-initiated';
      if (connection.phase === 'connected') this.#evidence.ended(connection, 'client-initiated');
    });
  }

  /** Replaces aedes' method: see the head of this file. */
  registerClient(client: Client): void {
    if (client.closed || this.closed) return;
    const previous = this.clients[client.id];
    this.clearSessionExpiry(client.id);
    this.clearDelayedWill(client.id);
    this.clients[client.id] = client;
    const connection = this.#connections.get(client.conn);
    if (connection?.claim !== undefined) {
      // An empty client ID was replaced by one that the broker chose.
      this.#evidence.connected(connection, { ...connection.claim, clientId: client.id });
    }
    this.emit('client', client);
    previous?.disconnect({ reasonCode: SESSION_TAKEN_OVER });
  }

  /** Replaces aedes' method: see the head of this file. */
  unregisterClient(client: Client): void {
    if (this.clients[client.id] === client) delete this.clients[client.id];
    this.emit('clientDisconnect', client);
  }

  override scheduleSessionExpiry(client: Client): void {
    if (!this.#isOwnedByAnother(client)) super.scheduleSessionExpiry(client);
  }

  override scheduleWill(client: Client, will: unknown, delaySeconds: number): void {
    if (!this.#isOwnedByAnother(client)) super.scheduleWill(client, will, delaySeconds);
  }

  #isOwnedByAnother(client: Client): boolean {
    const owner = this.clients[client.id];
    return owner !== undefined && owner !== client;
  }

  #onConnectPacket(client: Client, packet: ConnectPacket): Connection | undefined {
    const connection = this.#connections.get(client.conn);
    if (connection === undefined) return undefined;
    connection.claim = {
      clientId: packet.clientId,
      protocolVersion: versionOf(packet.protocolVersion),
      keepAliveSeconds: packet.keepalive ?? 0,
      cleanStart: packet.clean !== false,
    };
    return connection;
  }

  #end(client: Client, reason: CloseReason): void {
    const connection = this.#connections.get(client.conn);
    if (connection !== undefined) this.#evidence.ended(connection, reason);
  }

  /** Not every error is the end: the socket's close is; until then the cause is kept. */
  #onError(client: Client, error: Error): void {
    if (error instanceof Denied) return;
    const connection = this.#connections.get(client.conn);
    if (connection !== undefined) connection.fate ??= reasonOf(error);
  }
}

/** aedes says its reasons in words only; whatever is not listed was the client's wrong packet. */
const REASONS: Readonly<Record<string, CloseReason>> = {
  'keep alive timeout': 'keep-alive-timeout',
  'connect did not arrive in time': 'server-initiated',
  'drain timeout': 'server-initiated',
  'Client queue limit reached': 'server-initiated',
  'connection closed': 'connection-lost',
  'not authorized': 'auth-error',
  'identifier rejected': 'auth-error',
  'bad user name or password': 'auth-error',
};

function reasonOf(error: NodeJS.ErrnoException): CloseReason {
  if (error.code?.startsWith('ERR_SSL_') === true) return 'protocol-error';
  if (error.code !== undefined) return 'connection-lost';
  return REASONS[error.message] ?? 'protocol-error';
}

function versionOf(level: number | undefined): ProtocolVersion {
  return level === 3 || level === 5 ? level : 4;
}
