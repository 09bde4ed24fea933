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
import type { BrokerChanges, BrokerStartOptions } from '../adapter.ts';
import { checkClosed } from '../loopback-port.ts';
import { describeExit, endProcess, hasEnded, ownProcess } from '../process.ts';
import { embeddedRules } from './configuration.ts';
import type { EmbeddedRules, FromBroker, TlsMaterial, ToBroker } from './messages.ts';

/** How long the process may take to listen; it takes about 0.3 s. */
const START_TIMEOUT_MS = 20_000;
/** What is kept of the last words of a dying process. */
const LAST_WORDS_LENGTH = 2000;
const UNUSABLE = "what was changed can't be used, so that nothing has changed";

type Listening = Extract<FromBroker, { type: 'listening' }>;

export class EmbeddedHandle {
  readonly #options: BrokerStartOptions;
  #rules: EmbeddedRules;
  readonly #child: ChildProcess;
  readonly #drains = new Map<number, () => void>();
  readonly #reloads = new Map<number, (errors: readonly string[]) => void>();
  /** Resolves once the process has ended and its last message has been read: why it ended. */
  readonly #gone: Promise<string>;
  #onListening: ((message: Listening) => void) | undefined;
  #phase: 'starting' | 'running' | 'ending' = 'starting';
  #reason: string | undefined;
  #lastWords = '';
  #drainCount = 0;
  #reloadCount = 0;
  #lastAt = 0;
  #port = 0;
  /** What the broker would find if it read its files now: there are none but these. */
  #deviceCaPem: string;
  #crlPem: string | null | undefined;
  /** Changed text of its main file. */
  #text: string | null | undefined;

  constructor(options: BrokerStartOptions, rules: EmbeddedRules) {
    this.#options = options;
    this.#rules = rules;
    this.#deviceCaPem = options.deviceCaPem;
    this.#crlPem = options.crlPem;
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
    const { crlPem } = this.#options;
    const timeout = setTimeout(() => {
      this.#reason ??= `it did not listen within ${START_TIMEOUT_MS / 1000} s`;
      this.#child.kill('SIGKILL');
    }, START_TIMEOUT_MS);
    try {
      return await new Promise<Listening>((resolve, reject) => {
        this.#onListening = resolve;
        this.#gone.then((why) => reject(startError(why)));
        this.#send({ type: 'start', material: this.#material(crlPem), rules: this.#rules });
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

  change({ deviceCaPem, crlPem, files = {}, principals }: BrokerChanges): void {
    if (principals !== undefined) {
      throw new UserError(EXIT.invalidInput, {
        message: 'the embedded broker has no list of users that could be changed',
      });
    }
    const main = this.#options.configuration?.main;
    const file = Object.keys(files).find((name) => name !== main);
    if (file !== undefined) {
      throw new UserError(EXIT.invalidInput, {
        message: `the embedded broker has no file ${printable(file)} that could be changed`,
      });
    }
    if (deviceCaPem !== undefined) this.#deviceCaPem = deviceCaPem;
    if (crlPem !== undefined) this.#crlPem = crlPem;
    if (main !== undefined && Object.hasOwn(files, main)) this.#text = files[main];
  }

  /** What can't be used changes nothing, and is said. */
  async reload(): Promise<readonly string[]> {
    const crlPem = this.#crlPem;
    if (crlPem === null) return ['there is no revocation list any more: the last one stays'];
    if (this.#text === null) return ['there is no configuration any more: the last one stays'];
    const before = this.#rules;
    try {
      this.#rules = this.#rulesNow();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return [`${UNUSABLE}: ${printable(error.message)}`];
    }
    if (!this.#child.connected) throw unavailable(`it has ended: ${await this.#gone}`);
    this.#reloadCount += 1;
    const reload = this.#reloadCount;
    const errors = await Promise.race([
      new Promise<readonly string[]>((resolve) => {
        this.#reloads.set(reload, resolve);
        const [material, rules] = [this.#material(crlPem), this.#rules];
        this.#send({ type: 'reload', reload, material, rules });
      }),
      this.#gone.then((why) => Promise.reject(unavailable(`it did not survive: ${why}`))),
    ]);
    if (errors.length > 0) this.#rules = before;
    return errors.map((error) => printable(`${UNUSABLE}: ${error}`));
  }

  /** Throws a `UserError` (69) if something still listens on its port. */
  async stop(): Promise<void> {
    const wasRunning = this.#phase === 'running';
    this.#phase = 'ending';
    await endProcess(this.#child, () => this.#send({ type: 'stop' }));
    await this.#gone;
    if (wasRunning) await checkClosed('the embedded broker', this.#port);
  }

  kill(): void {
    this.#phase = 'ending';
    if (!hasEnded(this.#child)) this.#child.kill('SIGKILL');
  }

  #onMessage(message: FromBroker): void {
    switch (message.type) {
      case 'listening':
        this.#phase = 'running';
        this.#port = message.port;
        this.#onListening?.(message);
        return;
      case 'events':
        this.#report(message.events);
        return;
      case 'drained':
        this.#drains.get(message.drain)?.();
        this.#drains.delete(message.drain);
        return;
      case 'reloaded':
        this.#reloads.get(message.reload)?.(message.errors);
        this.#reloads.delete(message.reload);
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

  #material(crlPem: string | undefined): TlsMaterial {
    const { server, otherCaPem } = this.#options;
    const { certificatePem, privateKeyPem } = server;
    const { trustOther } = this.#rules;
    const more = trustOther ? `\n${otherCaPem ?? ''}` : '';
    return {
      server: { certificatePem, privateKeyPem },
      deviceCaPem: `${this.#deviceCaPem}${more}`,
      // The other authority has no list, and beside one Node lets in only what has one, too.
      ...(crlPem === undefined || trustOther ? {} : { crlPem }),
    };
  }

  /** Throws a `UserError` if the changed text can't be used. */
  #rulesNow(): EmbeddedRules {
    const { configuration } = this.#options;
    const text = this.#text;
    if (configuration === undefined || typeof text !== 'string') return this.#rules;
    return embeddedRules({ ...configuration, files: new Map([[configuration.main, text]]) });
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

function unavailable(why: string): UserError {
  return new UserError(EXIT.unavailable, {
    message: `the embedded broker could not read its files again: ${why}`,
  });
}

/** The line that names the error: Node ends its report of one with its own version. */
function lastLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.filter(Boolean).at(-1) ?? '';
}
