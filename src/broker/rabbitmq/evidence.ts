/**
 * RabbitMQ's log on stdout while it is written: events by the reader of recorded logs, and what our
 * side waits for: that it is ready, where it listens, our own markers. Nothing is evidence before
 * `begin`: the broker's own start and our warming up come first.
 */
import { connect } from 'node:net';
import type { ObservedEvent } from '../../history/event.ts';
import { RABBITMQ_STAMP } from '../../history/formats/rabbitmq-lines.ts';
import { RabbitLogReader } from '../../history/formats/rabbitmq-log.ts';
import type { BrokerStartOptions } from '../adapter.ts';
import { LogEvidence } from '../log-evidence.ts';
import type { MarkedLog } from '../quiet-log.ts';
import type { ServerLog } from '../server-process.ts';
import { isLoopback } from '../target.ts';

const HOST = '127.0.0.1';
const LISTENING = /^started .*listener on \[?(.*?)\]?:(\d+)$/;
/** What a handler of Erlang's logger says that can't keep up. */
const HANDLER = /^\S+ \S+ \[notice\] <unknown pid> Handler \S+ (.*)$/;
const LOST = /^(?:switched from +\w+ to drop|flushed )/;
/** First and second line of what a first byte leaves that no record of TLS begins with. */
const MARKER = /^TLS server: In state \w+ at tls_record\.erl:\d+ generated SERVER ALERT: Fatal - /;
const MARKED = /^ ?- \{unsupported_record_type,(\d+)\}$/;
/** Types of TLS records are 20 to 24 (RFC 8446 §5.1), and text has no such bytes. */
const MARKER_BYTE_MIN = 150;
const MARKER_BYTES = 100;
/** The lines of one message come in one piece; the next message may take long. */
const FLUSH_MS = 10;
const WORDS_MAX = 200;

export interface RabbitmqEvidenceOptions {
  readonly start: BrokerStartOptions;
  readonly port: number;
  /** Called when lines are known to be missing. */
  readonly onLost: () => void;
}

export class RabbitmqEvidence implements ServerLog, MarkedLog {
  readonly ready: Promise<void>;
  readonly #evidence: LogEvidence;
  readonly #reader: RabbitLogReader;
  readonly #options: RabbitmqEvidenceOptions;
  /** First bytes of our own markers → what to do when one is told. */
  readonly #own = new Map<number, () => void>();
  readonly #errors: string[] = [];
  readonly #beyond: string[] = [];
  readonly #ports = new Set<number>();
  #nextByte = 0;
  #ownRefusals = 0;
  #flush: NodeJS.Timeout | undefined;
  #onReady: () => void = () => {};
  #phase: 'starting' | 'ready' | 'begun' = 'starting';
  #foreign = 0;
  #lastError = '';

  constructor(options: RabbitmqEvidenceOptions) {
    this.#options = options;
    const { clock, onEvent, principals } = options.start;
    this.#evidence = new LogEvidence({ clock, onEvent, isOwn: (event) => this.#isOwn(event) });
    const names = new Set(principals);
    this.#reader = new RabbitLogReader(
      {
        tlsIsMqtt: true,
        evicts: true,
        kindOf: (user) => (names.has(user) ? 'common-name' : 'username'),
      },
      this.#evidence,
    );
    this.ready = new Promise((resolve) => {
      this.#onReady = resolve;
    });
  }

  get unread(): { readonly lines: number; readonly examples: readonly string[] } {
    return this.#evidence.unreadLines;
  }

  get lastWords(): string {
    return this.#lastError;
  }

  /** Errors since the start, line by line. */
  get errors(): readonly string[] {
    return this.#errors;
  }

  /** Addresses it listens on that are not this machine's own. */
  get beyondLoopback(): readonly string[] {
    return this.#beyond;
  }

  listensOn(port: number): boolean {
    return this.#ports.has(port);
  }

  /** What is said from now on is evidence. */
  begin(): void {
    this.#phase = 'begun';
    this.#errors.length = 0;
    this.#lastError = '';
  }

  /** A connection of ours without a certificate will be refused. */
  expectOwnRefusal(): void {
    this.#ownRefusals += 1;
  }

  line(text: string): void {
    const [head, , level] = RABBITMQ_STAMP.exec(text) ?? [];
    const body = head === undefined ? text : text.slice(head.length);
    // Where its start failed, it prints the reason without a stamp.
    if (level === 'error' || level === 'critical' || head === undefined) this.#error(body, level);
    if (this.#phase === 'starting') this.#starting(body);
    const ofHandler = HANDLER.exec(text)?.[1];
    if (ofHandler !== undefined) {
      if (LOST.test(ofHandler)) this.#options.onLost();
      return;
    }
    this.#count(body);
    if (this.#phase !== 'begun') return;
    this.#evidence.reading(text);
    this.#reader.read(text);
    if (this.#flush === undefined) {
      this.#flush = setTimeout(() => this.#reader.flush(), FLUSH_MS).unref();
    } else {
      this.#flush.refresh();
    }
  }

  end(): void {
    clearTimeout(this.#flush);
    this.#reader.end();
  }

  foreignLines(): number {
    return this.#foreign;
  }

  isTelling(): boolean {
    this.#reader.flush();
    return this.#reader.isTelling;
  }

  /** A connection whose first byte is no record of TLS: the log names the byte, which is ours. */
  async mark(signal: AbortSignal): Promise<void> {
    const byte = MARKER_BYTE_MIN + this.#nextByte;
    this.#nextByte = (this.#nextByte + 1) % MARKER_BYTES;
    const told = new Promise<void>((resolve) => this.#own.set(byte, resolve));
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const socket = connect({ host: HOST, port: this.#options.port });
    const failed = new Promise<never>((_resolve, reject) => socket.once('error', reject));
    // What is sent in answer is read, or its end would not come.
    socket.resume().write(Buffer.from([byte, 3, 3, 0, 1, 0]));
    try {
      await Promise.race([told, aborted, failed]);
    } finally {
      this.#own.delete(byte);
      socket.on('error', () => {});
      socket.destroy();
    }
  }

  #starting(body: string): void {
    const [, host, port] = LISTENING.exec(body) ?? [];
    if (host !== undefined) this.#ports.add(Number(port));
    if (host !== undefined && !isLoopback(host)) this.#beyond.push(host);
    if (!body.startsWith('Server startup complete')) return;
    this.#phase = 'ready';
    this.#onReady();
  }

  #error(body: string, level: string | undefined): void {
    if (body.trim() === '') return;
    if (level !== undefined) this.#lastError = body;
    if (this.#errors.length < WORDS_MAX) this.#errors.push(body);
  }

  /** Which of two connections without a certificate was ours makes no difference. */
  #isOwn({ raw, reason }: ObservedEvent): boolean {
    if (isMarker(raw)) return true;
    const refused = raw?.startsWith('TLS server: ') === true && reason === 'auth-error';
    if (!refused || this.#ownRefusals === 0) return false;
    this.#ownRefusals -= 1;
    return true;
  }

  #count(body: string): void {
    const byte = MARKED.exec(body)?.[1];
    if (byte !== undefined) this.#own.get(Number(byte))?.();
    if (byte === undefined && !MARKER.test(body)) this.#foreign += 1;
  }
}

/**
 * Ours, or somebody's who knows how we mark: a connection that sends nothing but one such byte tells
 * of no device.
 */
function isMarker(raw: string | undefined): boolean {
  const byte = Number(/\{unsupported_record_type,(\d+)\}$/.exec(raw ?? '')?.[1]);
  return byte >= MARKER_BYTE_MIN && byte < MARKER_BYTE_MIN + MARKER_BYTES;
}
