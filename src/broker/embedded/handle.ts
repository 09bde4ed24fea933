/**
 * The run's end of the embedded broker's process: starts it, takes its evidence, ends it. The
 * process ends with its IPC channel, so it can't outlive this one, not even after SIGKILL.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { assertNever } from '../../core/assert.ts';
import { EXIT, UserError } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import type { ObservedEvent } from '../../history/event.ts';
import type { BrokerStartOptions } from '../adapter.ts';
import { describeExit, endProcess, hasEnded, ownProcess } from '../process.ts';
import type { FromBroker, ToBroker } from './messages.ts';

/** How long the process may take to listen; it takes about 0.3 s. */
const START_TIMEOUT_MS = 20_000;
/** What is kept of the last words of a dying process. */
const LAST_WORDS_LENGTH = 2000;

type Listening = Extract<FromBroker, { type: 'listening' }>;

export class EmbeddedHandle {
  readonly #options: BrokerStartOptions;
  readonly #child: ChildProcess;
  readonly #drains = new Map<number, () => void>();
  /** Resolves once the process has ended and its last message has been read: why it ended. */
  readonly #gone: Promise<string>;
  #onListening: ((message: Listening) => void) | undefined;
  #phase: 'starting' | 'running' | 'ending' = 'starting';
  #reason: string | undefined;
  #lastWords = '';
  #drainCount = 0;
  #lastAt = 0;

  constructor(options: BrokerStartOptions) {
    this.#options = options;
    // The same extension as this module: `.ts` under type stripping, `.js` once compiled.
    const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
    const { NODE_OPTIONS: _, ...env } = process.env;
    this.#child = fork(fileURLToPath(new URL(`./main${extension}`, import.meta.url)), [], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
      env,
    });
    ownProcess(this.#child);
    this.#child.on('message', (message: FromBroker) => this.#onMessage(message));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS_LENGTH);
    });
    this.#gone = this.#watch();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves when the broker listens. */
  async start(): Promise<Listening> {
    const { server, deviceCaPem } = this.#options;
    const timeout = setTimeout(() => {
      this.#reason ??= `it did not listen within ${START_TIMEOUT_MS / 1000} s`;
      this.#child.kill('SIGKILL');
    }, START_TIMEOUT_MS);
    try {
      return await new Promise<Listening>((resolve, reject) => {
        this.#onListening = resolve;
        this.#gone.then((why) => reject(startError(why)));
        this.#send({ type: 'start', server, deviceCaPem });
      });
    } finally {
      clearTimeout(timeout);
    }
  }

  /** A round trip: what the broker had on its sockets before is evidence afterwards. */
  drain(): Promise<void> {
    if (!this.#child.connected) return this.#gone.then(() => {});
    this.#drainCount += 1;
    const drain = this.#drainCount;
    return new Promise((resolve) => {
      this.#drains.set(drain, resolve);
      this.#send({ type: 'drain', drain });
    });
  }

  async stop(): Promise<void> {
    this.#phase = 'ending';
    await endProcess(this.#child, () => this.#send({ type: 'stop' }));
    await this.#gone;
  }

  kill(): void {
    this.#phase = 'ending';
    if (!hasEnded(this.#child)) this.#child.kill('SIGKILL');
  }

  #onMessage(message: FromBroker): void {
    switch (message.type) {
      case 'listening':
        this.#phase = 'running';
        this.#onListening?.(message);
        return;
      case 'events':
        this.#report(message.events);
        return;
      case 'drained':
        this.#drains.get(message.drain)?.();
        this.#drains.delete(message.drain);
        return;
      case 'failed':
        this.#reason ??= message.message;
        return;
      case 'stopped':
        return;
      default:
        assertNever(message);
    }
  }

  /** The broker stamps with the system's clock; the run's clock may be another one. */
  #report(events: readonly ObservedEvent[]): void {
    const offset = this.#options.clock.now() - Date.now();
    for (const event of events) {
      this.#lastAt = Math.max(this.#lastAt, Math.round(event.at + offset));
      this.#options.onEvent({ ...event, at: this.#lastAt });
    }
  }

  #watch(): Promise<string> {
    const child = this.#child;
    return new Promise<string>((resolve) => {
      // Both must have come: messages may still be read after the process has ended.
      let awaited = 2;
      let end = 'ended';
      const part = (): void => {
        awaited -= 1;
        if (awaited === 0) resolve(this.#describe(end));
      };
      child.once('disconnect', part);
      child.once('exit', (code, signal) => {
        end = describeExit(code, signal);
        part();
      });
      child.on('error', (error) => {
        if (child.pid === undefined) resolve(error.message);
      });
    }).then((why) => {
      for (const settle of this.#drains.values()) settle();
      this.#drains.clear();
      if (this.#phase === 'running') this.#options.onFailure(`the embedded broker failed: ${why}`);
      this.#phase = 'ending';
      return why;
    });
  }

  #describe(end: string): string {
    const words = this.#reason ?? lastLine(this.#lastWords);
    return words === '' ? `its process ${end}` : printable(words);
  }

  #send(message: ToBroker): void {
    // The process may have gone in this very moment; `#gone` tells, an error here adds nothing.
    if (this.#child.connected) this.#child.send(message, () => {});
  }
}

function startError(why: string): UserError {
  return new UserError(EXIT.unavailable, {
    message: `the embedded broker could not be started: ${why}`,
  });
}

/** The line that names the error: Node ends its report of one with its own version. */
function lastLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.filter(Boolean).at(-1) ?? '';
}
