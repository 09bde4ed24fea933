/**
 * MQTT 3.1.1 and 5.0 as a device speaks it, on a stream that is connected: packets in and out, and
 * no more of a state than the device needs. The `mqtt` client would take 20 KiB of memory and a
 * third of the CPU of a connection. Never closes by itself but for a broker that breaks the rules.
 */
import type { Duplex } from 'node:stream';
import { generate, type ISubackPacket } from 'mqtt-packet';
import { DEVICE_UNSENT_BYTES_MAX } from '../core/limits.ts';
import { type CloseCause, connackCause, disconnectCause } from './close-cause.ts';
import type { ConnectRequest, DeviceMessage, Subscription } from './connector.ts';
import type { KeepAlive, KeptAlive } from './keep-alive.ts';
import { connectPacket } from './mqtt-packets.ts';
import { MalformedPacket, type Packet, type PacketParser, PacketReader } from './packet-reader.ts';
import { PACKET_IDS, PublishWindow } from './publish-window.ts';

/** What the links of a connector have in common. */
export interface LinkShared {
  readonly parsers: Readonly<Record<4 | 5, PacketParser>>;
  readonly keepAlive: KeepAlive;
}

export interface LinkListener {
  accepted(sessionPresent: boolean): void;
  received(topic: string, payload: Buffer): void;
  /** Why the connection will end, or must: then `mustEnd` is how. */
  ending(cause: CloseCause, mustEnd?: 'after-writes' | 'at-once'): void;
}

type PacketOf<Command extends Packet['cmd']> = Extract<Packet, { cmd: Command }>;
type Granted = (filters: readonly Subscription[]) => void;

/** Reason codes of MQTT 5.0 §2.4 that a client sends in DISCONNECT. */
const REASON = { normal: 0, malformed: 0x81, protocolError: 0x82 } as const;
/** Codes from here on are refusals. */
const REFUSAL = 0x80;

export class MqttLink implements KeptAlive {
  readonly #stream: Duplex;
  readonly #request: ConnectRequest;
  readonly #shared: LinkShared;
  readonly #listener: LinkListener;
  readonly #reader = new PacketReader();
  #phase: 'connecting' | 'connected' | 'leaving' | 'silent' = 'connecting';
  #window: PublishWindow | undefined;
  #subscribing: Map<number, { filters: readonly Subscription[]; granted: Granted }> | undefined;
  /** Packet IDs of QoS 2 messages that were handed on and whose PUBREL is to come. */
  #handedOn: Set<number> | undefined;
  /** What the broker takes (MQTT 5.0 §3.2.2.3). */
  #maximumQos: number = 1;
  #maximumPacketSize = Number.POSITIVE_INFINITY;
  #receiveMaximum = PACKET_IDS;

  /** Sends CONNECT. Throws for one that MQTT doesn't allow. */
  constructor(
    stream: Duplex,
    request: ConnectRequest,
    about: { readonly shared: LinkShared; readonly listener: LinkListener },
  ) {
    this.#stream = stream;
    this.#request = request;
    this.#shared = about.shared;
    this.#listener = about.listener;
    this.#send(connectPacket(request));
    stream.on('data', (chunk: Buffer) => this.#onChunk(chunk));
  }

  publish(message: DeviceMessage, acknowledged: () => void): boolean {
    const { topic, payload, qos } = message;
    if (this.#phase !== 'connected' || topic === '') return false;
    const unsent = this.#stream.writableLength + (this.#window?.queuedBytes ?? 0);
    if (unsent > DEVICE_UNSENT_BYTES_MAX || qos > this.#maximumQos) return false;
    const messageId = qos === 0 ? 0 : this.#nextId();
    if (messageId === undefined) return false;
    const flags = { retain: false, dup: false } as const;
    const bytes = this.#encode({ cmd: 'publish', topic, payload, qos, ...flags, messageId });
    if (bytes === undefined || bytes.length > this.#maximumPacketSize) return false;
    if (qos === 0 || this.#windowFor().add(messageId, bytes, acknowledged)) this.#write(bytes);
    return true;
  }

  subscribe(filters: readonly Subscription[], granted: Granted): void {
    if (this.#phase !== 'connected') return;
    const messageId = this.#nextId();
    if (messageId === undefined) return;
    this.#subscribing ??= new Map();
    this.#subscribing.set(messageId, { filters, granted });
    const subscriptions = filters.map(({ filter, qos }) => ({ topic: filter, qos }));
    this.#send({ cmd: 'subscribe', messageId, subscriptions });
  }

  /** DISCONNECT and the end of the stream, once the broker has answered the QoS 1 messages. */
  disconnect(): void {
    if (this.#phase !== 'connected' && this.#phase !== 'leaving') return;
    this.#phase = 'leaving';
    if ((this.#window?.waiting ?? 0) > 0) return;
    this.#farewell(REASON.normal);
    this.#stream.end();
  }

  /** Says nothing any more and hears nothing; the stream stays as it is. */
  silence(): void {
    this.#phase = 'silent';
    this.#shared.keepAlive.remove(this);
  }

  ping(): void {
    this.#send({ cmd: 'pingreq' });
  }

  unanswered(): void {
    this.silence();
    this.#listener.ending({ reason: 'unknown', raw: 'Keepalive timeout' }, 'at-once');
  }

  #onChunk(chunk: Buffer): void {
    if (this.#phase === 'silent') return;
    const parser = this.#shared.parsers[this.#request.mqtt.protocolVersion];
    // The answers to everything in it go out together.
    this.#stream.cork();
    try {
      this.#reader.read(chunk, (bytes) => {
        if (this.#phase !== 'silent') this.#onPacket(parser.parse(bytes));
      });
    } catch (error) {
      if (!(error instanceof MalformedPacket)) throw error;
      this.#breaks(error.message, REASON.malformed);
    } finally {
      this.#stream.uncork();
    }
  }

  #onPacket(packet: Packet): void {
    if ((packet.cmd === 'connack') !== (this.#phase === 'connecting')) {
      this.#breaks(`unexpected ${packet.cmd.toUpperCase()}`);
      return;
    }
    switch (packet.cmd) {
      case 'connack':
        this.#onConnack(packet);
        break;
      case 'publish':
        this.#onPublish(packet);
        break;
      case 'puback':
        this.#onPuback(packet);
        break;
      case 'pubrel':
        this.#handedOn?.delete(packet.messageId ?? 0);
        this.#send({ cmd: 'pubcomp', messageId: packet.messageId ?? 0 });
        break;
      case 'suback':
        this.#onSuback(packet);
        break;
      case 'pingresp':
        this.#shared.keepAlive.answered(this);
        break;
      case 'disconnect':
        this.silence();
        this.#listener.ending(disconnectCause(packet.reasonCode), 'after-writes');
        break;
      default:
        this.#breaks(`unexpected ${packet.cmd.toUpperCase()}`);
    }
  }

  #onConnack(packet: PacketOf<'connack'>): void {
    // The parser reads a CONNACK that lacks its code as success.
    if ((packet.length ?? 0) < 2) throw new MalformedPacket('Packet too short');
    const code = packet.reasonCode ?? packet.returnCode ?? 0;
    if (code !== 0) {
      this.silence();
      this.#listener.ending(connackCause(code), 'after-writes');
      return;
    }
    const { serverKeepAlive, ...limits } = packet.properties ?? {};
    // MQTT 5.0 §3.2.2.3.3 and §3.2.2.3.6: nothing could ever be sent.
    if (limits.receiveMaximum === 0 || limits.maximumPacketSize === 0) {
      this.#breaks('CONNACK with a maximum of 0');
      return;
    }
    this.#maximumQos = limits.maximumQoS ?? this.#maximumQos;
    this.#maximumPacketSize = limits.maximumPacketSize ?? this.#maximumPacketSize;
    this.#receiveMaximum = limits.receiveMaximum ?? this.#receiveMaximum;
    this.#phase = 'connected';
    this.#shared.keepAlive.add(this, serverKeepAlive ?? this.#request.mqtt.keepAliveSeconds);
    this.#listener.accepted(packet.sessionPresent);
  }

  #onPublish({ topic, payload, qos, messageId = 0 }: PacketOf<'publish'>): void {
    // An empty topic is an alias (MQTT 5.0 §3.3.2.3.4), and CONNECT has allowed none.
    if (topic === '') throw new MalformedPacket('Topic alias out of range');
    if (qos === 2) {
      this.#handedOn ??= new Set();
      const isNew = !this.#handedOn.has(messageId);
      this.#handedOn.add(messageId);
      this.#send({ cmd: 'pubrec', messageId });
      if (!isNew) return;
    } else if (qos === 1) {
      this.#send({ cmd: 'puback', messageId });
    }
    this.#listener.received(topic, Buffer.isBuffer(payload) ? payload : Buffer.from(payload));
  }

  #onPuback({ messageId = 0, reasonCode = 0 }: PacketOf<'puback'>): void {
    const next = this.#window?.take(messageId, reasonCode >= REFUSAL);
    if (next !== undefined) this.#write(next);
    if (this.#phase === 'leaving') this.disconnect();
  }

  #onSuback({ messageId = 0, granted: codes }: ISubackPacket): void {
    const asked = this.#subscribing?.get(messageId);
    if (asked === undefined) return;
    this.#subscribing?.delete(messageId);
    const taken = asked.filters.flatMap(({ filter }, index) => {
      const qos = codes[index];
      return qos === 0 || qos === 1 ? [{ filter, qos: qos === 0 ? 0 : 1 } as const] : [];
    });
    if (taken.length > 0) asked.granted(taken);
  }

  /** The broker breaks the rules: MQTT 5.0 §4.13 asks for a DISCONNECT that says so. */
  #breaks(what: string, code: number = REASON.protocolError): void {
    if (this.#request.mqtt.protocolVersion === 5 && this.#phase !== 'connecting') {
      this.#farewell(code);
    }
    this.silence();
    this.#listener.ending({ reason: 'protocol-error', raw: what }, 'after-writes');
  }

  #farewell(reasonCode: number): void {
    this.#send({ cmd: 'disconnect', reasonCode });
    this.silence();
  }

  #windowFor(): PublishWindow {
    this.#window ??= new PublishWindow(this.#receiveMaximum);
    return this.#window;
  }

  #nextId(): number | undefined {
    const window = this.#windowFor();
    // With every ID in use the search would never end.
    if (window.waiting + (this.#subscribing?.size ?? 0) >= PACKET_IDS) return undefined;
    let id = window.nextId();
    while (id !== undefined && this.#subscribing?.has(id)) id = window.nextId();
    return id;
  }

  /** Undefined for what MQTT doesn't allow, such as a topic of more than 65,535 bytes. */
  #encode(packet: Packet): Buffer | undefined {
    try {
      return generate(packet, { protocolVersion: this.#request.mqtt.protocolVersion });
    } catch {
      return undefined;
    }
  }

  #send(packet: Packet): void {
    this.#write(generate(packet, { protocolVersion: this.#request.mqtt.protocolVersion }));
  }

  #write(bytes: Buffer): void {
    this.#stream.write(bytes);
    this.#shared.keepAlive.sent(this);
  }
}
