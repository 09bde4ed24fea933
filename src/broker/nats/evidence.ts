/**
 * The log of nats-server while it is written: events by the reader of recorded logs, and what our
 * side waits for: that it is ready, where it listens, what it says of a reload, our own markers.
 */
import { connect, type Socket } from 'node:net';
import type { Principal } from '../../history/event.ts';
import { NATS_STAMP, NatsLogReader } from '../../history/formats/nats-log.ts';
import type { BrokerStartOptions } from '../adapter.ts';
import { LogEvidence } from '../log-evidence.ts';
import { freePort } from '../loopback-port.ts';
import type { MarkedLog } from '../quiet-log.ts';
import type { ServerLog } from '../server-process.ts';
import { isLoopback } from '../target.ts';
import { commonNameOf } from './configuration.ts';

const HOST = '127.0.0.1';
const LISTENING = /^(?:Listening for .* on|Starting https? monitor on) (?:\w+:\/\/)?(\S+):\d+$/;
const BEGINS = / - (?:Client connection created|Starting TLS client connection handshake)$/;
/** How a marker ends: the handshake that it does not do, or a server that has no place for it. */
const MARKED = / - (?:TLS handshake error: |maximum connections exceeded$)/;
const TROUBLE = new Set(['ERR', 'FTL']);
/** Words of a start that failed: a configuration has at most this many mistakes that are told. */
const WORDS_MAX = 50;

export class NatsEvidence implements ServerLog, MarkedLog {
  readonly ready: Promise<void>;
  readonly #evidence: LogEvidence;
  readonly #reader: NatsLogReader;
  readonly #port: number;
  /** The server carries only so many connections. */
  readonly #isLimited: boolean;
  /** Ports of our own markers → what to do when the log has told the end of one. */
  readonly #own = new Map<number, () => void>();
  /** The server's number of the marker whose last line is still to come. */
  #ownNumber = '';
  readonly #unstamped: string[] = [];
  readonly #beyond: string[] = [];
  #onReady: () => void = () => {};
  #onReloaded: ((failure: string | undefined) => void) | undefined;
  #isReady = false;
  #foreign = 0;
  #trouble = '';
  #last = '';

  constructor(start: BrokerStartOptions, port: number, isLimited: boolean) {
    this.#port = port;
    this.#isLimited = isLimited;
    this.#evidence = new LogEvidence({
      clock: start.clock,
      onEvent: start.onEvent,
      isOwn: ({ port: peer }) => peer !== undefined && this.#own.has(peer),
    });
    const names = new Set(start.principals);
    // The server is started with the zone that its stamps don't name.
    this.#reader = new NatsLogReader(
      { zoneMinutes: 0, principalOf: (user) => principalOf(user, names) },
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
    return this.#trouble === '' ? this.#last : this.#trouble;
  }

  /** What it printed instead of starting: one mistake of the configuration each. */
  get complaints(): readonly string[] {
    return this.#unstamped;
  }

  /** Addresses it listens on that are not this machine's own. */
  get beyondLoopback(): readonly string[] {
    return this.#beyond;
  }

  line(text: string): void {
    const stamp = NATS_STAMP.exec(text);
    if (stamp === null) {
      if (text !== '') this.#last = text;
      if (!this.#isReady && text !== '' && this.#unstamped.length < WORDS_MAX) {
        this.#unstamped.push(text);
      } else {
        this.#read(text);
      }
      return;
    }
    const body = text.slice(stamp[0].length);
    this.#last = body;
    if (TROUBLE.has(stamp[3] ?? '')) this.#trouble = body;
    if (!this.#isReady) this.#starting(body);
    if (this.#reload(body)) return;
    this.#client(body, text);
  }

  end(): void {
    this.#reader.end();
    this.#onReloaded?.('the server ended');
  }

  foreignLines(): number {
    return this.#foreign;
  }

  /** A connection's lines come at once, one after the other. */
  isTelling(): boolean {
    return false;
  }

  /** A bare TCP connection that is reset: its failed handshake is an error, told at every level. */
  async mark(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    // Where connections are limited, the server may end ours before we know its port: it is chosen.
    const chosen = this.#isLimited ? { localAddress: HOST, localPort: await freePort() } : {};
    let onTold: () => void = () => {};
    const told = new Promise<void>((resolve) => {
      onTold = resolve;
    });
    if (chosen.localPort !== undefined) this.#own.set(chosen.localPort, onTold);
    const socket = connect({ host: HOST, port: this.#port, ...chosen });
    // A reset before the port is known would leave a line that nobody takes for ours.
    const port = await localPort(socket);
    this.#own.set(port, onTold);
    socket.resetAndDestroy();
    await Promise.race([told, aborted]);
    // The port may be a device's soon.
    this.#own.delete(port);
  }

  /** Resolves with what it said of the reload that is asked for next: undefined if it went well. */
  reloaded(): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#onReloaded = resolve;
    });
  }

  #read(text: string): void {
    this.#evidence.reading(text);
    this.#reader.read(text);
  }

  #starting(body: string): void {
    const host = LISTENING.exec(body)?.[1];
    if (host !== undefined && !isLoopback(host.replace(/^\[|\]$/g, ''))) this.#beyond.push(host);
    if (body !== 'Server is ready') return;
    this.#isReady = true;
    this.#trouble = '';
    this.#onReady();
  }

  /** `Reloaded server configuration`, or why not. */
  #reload(body: string): boolean {
    const failure = /^Failed to reload server configuration: (.*)$/.exec(body)?.[1];
    if (failure === undefined && !body.startsWith('Reloaded server configuration')) return false;
    this.#onReloaded?.(failure);
    this.#onReloaded = undefined;
    return true;
  }

  #client(body: string, text: string): void {
    const [, port, number = ''] = /^127\.0\.0\.1:(\d+) - mid:(\d+) - /.exec(body) ?? [];
    const told = this.#own.get(Number(port));
    this.#read(text);
    if (told === undefined) {
      // Of a marker, these may be read before its port is known here.
      const begins = BEGINS.test(body);
      if (!begins && (number === '' || number !== this.#ownNumber)) this.#foreign += 1;
      return;
    }
    if (!MARKED.test(body)) return;
    this.#ownNumber = number;
    told();
  }
}

/** Users of the run are listed by the common names of their certificates. */
function principalOf(user: string, names: ReadonlySet<string>): Principal | undefined {
  const value = commonNameOf(user);
  return names.has(value) ? { kind: 'common-name', value } : undefined;
}

function localPort(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket.localPort ?? 0));
    socket.once('error', reject);
  });
}
