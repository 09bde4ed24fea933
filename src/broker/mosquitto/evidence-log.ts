/**
 * Mosquitto's log while it is being written: every byte is kept in `broker.log`, every line becomes
 * events at the moment it is read (Mosquitto's own stamps count whole seconds).
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { printable } from '../../core/text.ts';
import { MosquittoLog } from '../../history/formats/mosquitto.ts';
import { readMosquittoLine, readStamp } from '../../history/formats/mosquitto-lines.ts';
import type { BrokerStartOptions } from '../adapter.ts';
import { LineSplitter } from '../line-splitter.ts';
import type { PreparedConfiguration } from './prepared.ts';

/** A broker that logs nothing else than errors says the same ones again. */
const ERRORS_MAX = 20;

export interface EvidenceLogOptions extends Pick<BrokerStartOptions, 'clock' | 'onEvent'> {
  readonly file: string;
  readonly tag: string;
  readonly prepared: Pick<PreparedConfiguration, 'evidence' | 'facts'>;
  /** Called once if the copy can't be written. */
  readonly onWriteError: (error: Error) => void;
}

export class EvidenceLog {
  readonly #options: EvidenceLogOptions;
  readonly #parser: MosquittoLog;
  readonly #splitter = new LineSplitter((line) => this.#onLine(line));
  readonly #copy: WriteStream;
  /** While a connection of ours is being made: what to do with the ports that the log names. */
  #onAccepted: ((port: number) => void) | undefined;
  #onOwnEnded: (() => void) | undefined;
  #lines = 0;
  #errors: string[] = [];
  #lastLine = '';
  #isRunning = false;
  #onRunning: () => void = () => {};
  readonly running: Promise<void>;

  constructor(options: EvidenceLogOptions) {
    this.#options = options;
    this.#parser = new MosquittoLog({
      tag: options.tag,
      username: options.prepared.facts.username,
    });
    this.running = new Promise((resolve) => {
      this.#onRunning = () => {
        this.#isRunning = true;
        resolve();
      };
    });
    this.#copy = createWriteStream(options.file, { flags: 'a' });
    this.#copy.once('error', options.onWriteError);
  }

  /** What Mosquitto said last before it ended: its last error if there was one. */
  get lastWords(): string {
    return this.#errors.at(-1) ?? this.#lastLine;
  }

  /** The errors that Mosquitto has said since the last call, as it said them. */
  takeErrors(): readonly string[] {
    const errors = this.#errors;
    this.#errors = [];
    return errors;
  }

  /** The examples are safe to show: they hold what clients have sent. */
  get unread(): { readonly lines: number; readonly examples: readonly string[] } {
    const { lines, examples } = this.#parser.unread;
    return { lines, examples: examples.map((example) => printable(example)) };
  }

  lineCount(): number {
    return this.#lines;
  }

  push(chunk: Buffer): void {
    if (this.#copy.writable) this.#copy.write(chunk);
    this.#splitter.push(chunk);
  }

  awaitOwnConnection(): (port: number) => Promise<void> {
    // The line may come before our own socket has told its port.
    const named = new Set<number>();
    this.#onAccepted = (port) => named.add(port);
    return (port) =>
      new Promise((resolve) => {
        const check = (accepted: number): void => {
          if (accepted !== port) return;
          this.#onAccepted = undefined;
          this.#parser.ignorePeer({ ip: '127.0.0.1', port });
          resolve();
        };
        this.#onAccepted = check;
        if (named.has(port)) check(port);
      });
  }

  /** Resolves when the ends of all our own connections stand in the log. */
  ownConnectionsEnded(): Promise<void> {
    if (this.#parser.ownConnections === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onOwnEnded = resolve;
    });
  }

  /** Resolves when the copy is on disk. */
  async end(): Promise<void> {
    this.#splitter.end();
    this.#copy.end();
    await finished(this.#copy).catch(() => {});
  }

  #onLine(text: string): void {
    this.#lines += 1;
    const stamp = readStamp(text);
    const body = stamp?.body ?? text;
    // A log that is not ours has no tag, and is no evidence.
    const isOurs = this.#options.prepared.evidence !== 'none';
    const isGenuine = !isOurs || stamp?.tag === this.#options.tag;
    if (isOurs) {
      const events = this.#parser.line(text, Math.round(this.#options.clock.now()));
      for (const event of events) this.#options.onEvent(event);
    }
    if (body !== '') this.#lastLine = body;
    // Until its configuration is read it writes without the tag; nobody can forge a line so early.
    if (isGenuine || !this.#isRunning) this.#keepError(body);
    if (!isGenuine) return;
    if (/^mosquitto version \S+ running$/.test(body)) this.#onRunning();
    if (this.#onOwnEnded !== undefined && this.#parser.ownConnections === 0) {
      this.#onOwnEnded();
      this.#onOwnEnded = undefined;
    }
    if (this.#onAccepted === undefined) return;
    const line = readMosquittoLine(body);
    if (line?.kind === 'accepted') this.#onAccepted(line.port);
  }

  #keepError(body: string): void {
    if (/^Error\b/.test(body) && this.#errors.length < ERRORS_MAX) this.#errors.push(body);
  }
}
