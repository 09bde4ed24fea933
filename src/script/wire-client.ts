/**
 * A raw MQTT client for scripts and probes: it sends what it is told, never reconnects, and says
 * what it saw of each connection in one word and the phase. `connect` never rejects: a refusal is an
 * observation. Judged at CONNACK, because TLS 1.3 refuses a certificate after the client's handshake
 * is done.
 */
import { WIRE_MESSAGES_MAX } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import { connectPacket } from './connect-packet.ts';
import { hex } from './observe.ts';
import type { Observed } from './result.ts';
import { WireAnswers } from './wire-answers.ts';
import { connackOf, type Packet, type PacketOf, type WireCodec, wireCodec } from './wire-codec.ts';
import type { WireConnack, WireMessage, WireOptions } from './wire-options.ts';
import { now, WireTransport } from './wire-transport.ts';

const TIMEOUT_MS = 10_000;
const KEEP_ALIVE_SECONDS = 60;

export class WireClient {
  readonly #options: WireOptions;
  readonly #transport: WireTransport;
  readonly #codec: WireCodec;
  readonly #received: WireMessage[] = [];
  readonly #answers = new WireAnswers();
  readonly #deadline: NodeJS.Timeout;
  readonly #answered: Promise<void>;
  readonly #ended: Promise<Observed>;
  #tellAnswered: () => void = () => {};
  #tellEnded: (end: Observed) => void = () => {};
  #observed: Observed | undefined;
  #answeredAt: EpochMs | undefined;
  #connack: WireConnack | undefined;
  #resumed = false;
  #lastId = 0;
  #keepAlive: NodeJS.Timeout | undefined;

  /** Opens a connection; resolves when the broker has answered, whatever the answer. */
  static async connect(options: WireOptions): Promise<WireClient> {
    const client = new WireClient(options);
    await client.#answered;
    return client;
  }

  private constructor(options: WireOptions) {
    this.#options = options;
    this.#answered = new Promise((resolve) => {
      this.#tellAnswered = resolve;
    });
    this.#ended = new Promise((resolve) => {
      this.#tellEnded = resolve;
    });
    this.#codec = wireCodec(
      options.protocolVersion,
      (packet) => this.#onPacket(packet),
      (what) => this.#fail(what),
    );
    const transport = { ...options, tcpOnly: options.stage === 'tcp' };
    this.#transport = new WireTransport(transport, {
      opened: () => this.#onOpened(),
      data: (chunk) => this.#codec.decode(chunk),
      ended: () => this.#onEnded(),
    });
    const { connectTimeoutMs = this.#timeoutMs } = options;
    this.#deadline = setTimeout(() => {
      this.#transport.blame({ kind: 'timeout', detail: `${connectTimeoutMs} ms` });
      this.#transport.destroy();
    }, connectTimeoutMs);
    options.signal?.addEventListener('abort', this.#abort);
    if (options.signal?.aborted) this.#abort();
  }

  /** What came of the connect. */
  get observed(): Observed {
    return this.#observed ?? { kind: 'timeout', phase: this.#transport.phase };
  }

  get connack(): WireConnack | undefined {
    return this.#connack;
  }

  /** When the connect was answered, or came to its end without; epoch ms. */
  get answeredAt(): EpochMs {
    return this.#answeredAt ?? now();
  }

  /** When the connection ended, epoch ms; undefined while it is open. */
  get endedAt(): EpochMs | undefined {
    return this.#transport.endedAt;
  }

  /** Our port, by which the broker's records of the connection are found; 0 if TCP never opened. */
  get port(): number {
    return this.#transport.local.port ?? 0;
  }

  get ip(): string {
    return this.#transport.local.ip ?? '';
  }

  get isOpen(): boolean {
    return this.#transport.isOpen;
  }

  /** Whether TLS took up the session of the ticket instead of asking for a certificate. */
  get resumed(): boolean {
    return this.#resumed;
  }

  /** Resolves when the connection has ended, by whomever; with the refusal if there was one. */
  get ended(): Promise<Observed> {
    return this.#ended;
  }

  get received(): readonly WireMessage[] {
    return this.#received;
  }

  /** The last session ticket that the broker gave, for whoever wants to resume it. */
  async ticket(): Promise<Buffer | undefined> {
    // Tickets come before CONNACK, or at the latest before an answer that is asked for later.
    if (this.#transport.ticket === undefined && this.isOpen) await this.ping();
    return this.#transport.ticket;
  }

  /** Code of SUBACK, undefined if there was none. Says nothing of what will be delivered. */
  subscribe(filter: string, qos: 0 | 1): Promise<number | undefined> {
    const messageId = this.#nextId();
    const subscriptions = [{ topic: filter, qos }];
    return this.#ask(`suback ${messageId}`, { cmd: 'subscribe', messageId, subscriptions });
  }

  /** Code of PUBACK with QoS 1, undefined with QoS 0 or if there was none. */
  async publish(message: {
    readonly topic: string;
    readonly payload: string;
    readonly qos?: 0 | 1;
    readonly retain?: boolean;
    readonly properties?: { readonly userProperties: Readonly<Record<string, string>> };
  }): Promise<number | undefined> {
    const { qos = 0, retain = false } = message;
    const packet = { ...message, cmd: 'publish', qos, retain, dup: false } as const;
    if (qos === 1) {
      const messageId = this.#nextId();
      return this.#ask(`puback ${messageId}`, { ...packet, messageId });
    }
    this.#send(packet);
    return undefined;
  }

  /** Whether the broker answers PINGREQ: everything sent before has been read by then. */
  async ping(): Promise<boolean> {
    return (await this.#ask('pingresp', { cmd: 'pingreq' })) !== undefined;
  }

  /** Resolves with true once `condition` holds, with false after `ms` or at the end of the session. */
  until(condition: () => boolean, ms: number): Promise<boolean> {
    return this.#answers.until(condition, ms);
  }

  /** MQTT DISCONNECT, then an orderly end; resolves when the connection has ended. */
  async disconnect(): Promise<void> {
    if (this.#transport.end !== undefined) return;
    const established = this.#transport.phase === 'established';
    this.#transport.close(
      established ? this.#codec.encode({ cmd: 'disconnect', reasonCode: 0 }) : undefined,
    );
    await this.#ended;
  }

  /** TCP RST: the broker gets no word. */
  async drop(): Promise<void> {
    if (this.#transport.end !== undefined) return;
    this.#transport.reset();
    await this.#ended;
  }

  get #timeoutMs(): number {
    return this.#options.timeoutMs ?? TIMEOUT_MS;
  }

  readonly #abort = (): void => {
    this.#transport.blame({ kind: 'error', detail: 'interrupted' });
    this.#transport.destroy();
  };

  #onOpened(): void {
    this.#resumed = this.#transport.resumed;
    const { stage = 'mqtt', keepAliveSeconds = KEEP_ALIVE_SECONDS } = this.#options;
    if (stage !== 'mqtt') {
      this.#answer({ kind: 'accepted', phase: stage });
      return;
    }
    const { cleanStart = true, sessionExpirySeconds = 0 } = this.#options;
    try {
      this.#transport.write(
        connectPacket({ ...this.#options, cleanStart, keepAliveSeconds, sessionExpirySeconds }),
      );
    } catch {
      this.#fail('a text that MQTT has no room for');
    }
  }

  #onPacket(packet: Packet): void {
    switch (packet.cmd) {
      case 'connack':
        this.#onConnack(packet);
        break;
      case 'publish':
        this.#onPublish(packet);
        break;
      case 'pubrel':
        this.#send({ cmd: 'pubcomp', messageId: packet.messageId ?? 0 });
        break;
      case 'suback':
        this.#answers.tell(`suback ${packet.messageId}`, Number(packet.granted[0] ?? 0x80));
        break;
      case 'puback':
        this.#answers.tell(`puback ${packet.messageId}`, packet.reasonCode ?? 0);
        break;
      case 'pingresp':
        this.#answers.tell('pingresp', 0);
        break;
      case 'disconnect':
        this.#transport.blame({ kind: 'disconnect', detail: hex(packet.reasonCode ?? 0) });
        // The broker closes; if it does not, the session is over all the same (MQTT 5.0 §3.14.4).
        this.#transport.close();
        break;
      default:
        this.#fail(`an unexpected ${packet.cmd.toUpperCase()}`);
    }
    this.#answers.changed();
  }

  #onConnack(packet: PacketOf<'connack'>): void {
    this.#connack ??= connackOf(packet);
    const { code, serverKeepAliveSeconds } = this.#connack;
    if (this.#observed !== undefined) return;
    if (code !== 0) {
      this.#transport.blame({ kind: 'connack', detail: hex(code) });
      this.#answer({ kind: 'connack', phase: 'connect', detail: hex(code) });
      this.#transport.close();
      return;
    }
    this.#transport.phase = 'established';
    const seconds = serverKeepAliveSeconds ?? this.#options.keepAliveSeconds ?? KEEP_ALIVE_SECONDS;
    // Sent at three quarters, so that a slow machine is not taken for a silent one.
    if (seconds > 0) this.#keepAlive = setInterval(() => void this.ping(), seconds * 750);
    this.#answer({ kind: 'accepted', phase: 'established' });
  }

  #onPublish(packet: PacketOf<'publish'>): void {
    const { topic, payload, qos, messageId = 0 } = packet;
    const message = { topic, payload: payload.toString('utf8'), qos };
    if (this.#options.onMessage !== undefined) this.#options.onMessage(message);
    else if (this.#received.length < WIRE_MESSAGES_MAX) this.#received.push(message);
    else this.#fail('too many messages');
    if (qos > 0) this.#send({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId });
  }

  #answer(observed: Observed): void {
    this.#observed = observed;
    this.#answeredAt = now();
    clearTimeout(this.#deadline);
    this.#tellAnswered();
  }

  #onEnded(): void {
    const end = this.#transport.end ?? { kind: 'fin', phase: this.#transport.phase };
    clearInterval(this.#keepAlive);
    this.#options.signal?.removeEventListener('abort', this.#abort);
    if (this.#observed === undefined) this.#answer(end);
    this.#answers.end();
    this.#tellEnded(end);
  }

  #fail(detail: string): void {
    this.#transport.blame({ kind: 'error', detail });
    this.#transport.destroy();
  }

  /** Sends a packet and waits for the code of its answer. */
  async #ask(key: string, packet: Packet): Promise<number | undefined> {
    if (!this.isOpen) return undefined;
    const code = this.#answers.code(key, this.#timeoutMs);
    this.#send(packet);
    return code;
  }

  #send(packet: Packet): void {
    this.#transport.write(this.#codec.encode(packet));
  }

  #nextId(): number {
    this.#lastId = (this.#lastId % 0xffff) + 1;
    return this.#lastId;
  }
}
