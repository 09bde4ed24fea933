/**
 * A broker's process with a log that is read as evidence: its start until it is ready, its drains,
 * and its end in whichever way. It is killed when this process exits and, by a guard, even when this
 * one is killed itself; so are its companions, which are ended after it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { EXIT, fileError, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import { listensBeyond } from './listening-sockets.ts';
import { LiveLog } from './live-log.ts';
import { describeExit, endProcess, hasEnded, ownProcess, startGuard } from './process.ts';
import { type MarkedLog, untilQuiet } from './quiet-log.ts';

const DRAIN_TIMEOUT_MS = 10_000;

/** What a broker's log is to its process. */
export interface ServerLog {
  line(text: string): void;
  /** The log has ended: nothing follows. */
  end(): void;
  /** Resolves when the log says that the broker is ready. */
  readonly ready: Promise<void>;
  /** What it said last, or the last error, before it ended. */
  readonly lastWords: string;
}

export interface ServerProcessOptions {
  /** Such as `nats-server`, for messages. */
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly logFile: string;
  /** Files that must not stay should this process be killed while the broker reads them. */
  readonly secrets: readonly string[];
  readonly logStream: 'stdout' | 'stderr';
  readonly log: ServerLog;
  readonly startTimeoutMs: number;
  readonly stopGraceMs: number;
  readonly onFailure: (message: string) => void;
}

export class ServerProcess {
  readonly #options: ServerProcessOptions;
  readonly #live: LiveLog;
  readonly #companions: ChildProcess[] = [];
  #child: ChildProcess | undefined;
  /** Resolves when the process has ended and its log has been read to the end: how it ended. */
  #gone: Promise<string> = Promise.resolve('');
  #phase: 'starting' | 'running' | 'ending' = 'starting';
  #draining: Promise<void> = Promise.resolve();

  constructor(options: ServerProcessOptions) {
    this.#options = options;
    this.#live = new LiveLog({
      file: options.logFile,
      onLine: (line) => options.log.line(line),
      onWriteError: (error) => {
        const told = fileError(error, 'write', options.logFile);
        this.fail(told instanceof Error ? told.message : String(told));
      },
    });
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#child === undefined || hasEnded(this.#child);
  }

  /** Starts a program that the broker needs beside it; it ends with the broker. */
  companion(file: string, args: readonly string[]): void {
    const child = spawn(file, args, { detached: true, stdio: 'ignore', env: {} });
    child.on('error', () => {});
    own(child);
    this.#companions.push(child);
  }

  /** Resolves when it is ready, or with why it is not going to be. To be called once. */
  async start(): Promise<string | undefined> {
    const { log, startTimeoutMs } = this.#options;
    this.#spawn();
    let late = false;
    const timeout = setTimeout(() => {
      late = true;
      this.#child?.kill('SIGKILL');
    }, startTimeoutMs);
    const refusal = await Promise.race([log.ready.then(() => undefined), this.#gone]);
    clearTimeout(timeout);
    if (late) return `it was not ready within ${startTimeoutMs / 1000} s`;
    if (refusal !== undefined) return refusal;
    const [beyond] = await listensBeyond(this.pid);
    if (beyond !== undefined) return `it listened on ${beyond}, which is not this machine alone`;
    this.#phase = 'running';
    return undefined;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Waits until the log has told everything so far. Drains follow one another. */
  drain(log: MarkedLog): Promise<void> {
    const drain = this.#draining.then(() => this.#catchUp(log));
    this.#draining = drain.catch(() => {});
    return drain;
  }

  /** Tells once that the broker, or its evidence, is lost. */
  fail(message: string): void {
    if (this.#phase !== 'running') return;
    this.#phase = 'ending';
    this.#options.onFailure(message);
  }

  /** Ends it and waits until it has gone. May be called again. */
  async stop(): Promise<void> {
    this.#phase = 'ending';
    const child = this.#child;
    if (child === undefined) await this.#live.end();
    else await endProcess(child, () => child.kill('SIGTERM'), this.#options.stopGraceMs);
    await this.#gone;
    await Promise.all(this.#companions.map((one) => endProcess(one, () => one.kill('SIGKILL'))));
  }

  kill(): void {
    this.#phase = 'ending';
    for (const child of [this.#child, ...this.#companions]) {
      if (child !== undefined && !hasEnded(child)) child.kill('SIGKILL');
    }
  }

  async #catchUp(log: MarkedLog): Promise<void> {
    const { name } = this.#options;
    const abort = new AbortController();
    let late = false;
    const timeout = setTimeout(() => {
      late = true;
      abort.abort();
    }, DRAIN_TIMEOUT_MS);
    this.#gone.then(() => abort.abort());
    try {
      await untilQuiet(log, abort.signal);
    } catch (error) {
      // A broker that has gone has nothing more to say; that it went is told elsewhere.
      if (this.hasEnded) await this.#gone;
      else throw drainError(name, error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(timeout);
    }
    if (late) throw drainError(name, `its log stood still for ${DRAIN_TIMEOUT_MS / 1000} s`);
  }

  #spawn(): void {
    const { name, command, environment, folder, secrets, logStream, log } = this.#options;
    const [program, ...args] = command;
    const child = spawn(program, args, {
      cwd: folder,
      env: environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    own(child, secrets);
    child[logStream].on('data', (chunk: Buffer) => this.#live.push(chunk));
    const other: Buffer[] = [];
    const [rest] = [child.stdout, child.stderr].filter((stream) => stream !== child[logStream]);
    rest?.on('data', (chunk: Buffer) => {
      if (other.length < OTHER_CHUNKS_MAX) other.push(chunk);
    });
    this.#gone = new Promise<string>((resolve) => {
      // Unlike `exit`, `close` comes after the last byte of the log.
      child.once('close', (code, signal) => resolve(describeExit(code, signal)));
      child.once('error', (error) => resolve(error.message));
    }).then(async (end) => {
      for (const chunk of other) this.#live.push(chunk);
      await this.#live.end();
      log.end();
      const words = printable(log.lastWords);
      const why = words === '' ? `it ${end}` : `it ${end} and said last: ${words}`;
      this.fail(`${name} failed: ${why}`);
      return why;
    });
  }
}

/** What a broker prints beside its log is a few lines at most. */
const OTHER_CHUNKS_MAX = 100;

/** Owned, with a guard that goes when the process does. */
function own(child: ChildProcess, secrets: readonly string[] = []): void {
  ownProcess(child);
  if (child.pid === undefined) return;
  const guard = startGuard(child.pid, secrets);
  child.once('exit', () => guard.kill('SIGKILL'));
}

function drainError(name: string, why: string): UserError {
  return new UserError(EXIT.unavailable, {
    message: `${name}'s evidence may be incomplete: ${printable(why)}`,
  });
}
