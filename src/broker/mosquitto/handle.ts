/**
 * One Mosquitto process and everything it leaves. It is killed when this process exits, and, by a
 * guard, even when this process is killed itself.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import path from 'node:path';
import { EXIT, fileError, type Problem, UserError } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import type { BrokerChanges, BrokerStartOptions } from '../adapter.ts';
import { listensBeyond } from '../listening-sockets.ts';
import { checkClosed, isListening } from '../loopback-port.ts';
import { describeExit, endProcess, hasEnded, ownProcess, startGuard } from '../process.ts';
import { BrokerFiles } from './broker-files.ts';
import { FILES } from './configuration.ts';
import { EvidenceLog } from './evidence-log.ts';
import { catchUp, passThrough } from './log-marker.ts';
import type { PreparedConfiguration } from './prepared.ts';
import type { MosquittoProgram } from './program.ts';
import { explainErrors, explainRejection } from './rejection.ts';

/** It takes about 0.1 s. */
const START_TIMEOUT_MS = 15_000;
/** A log that is not ours may not say that it runs: then its port is tried, from this time on. */
const POLL_MS = 100;
/** Eight markers take about 10 ms; a broker in a storm needs longer. */
const DRAIN_TIMEOUT_MS = 10_000;
const ASK_AGAIN_MS = 100;

export interface HandleOptions {
  readonly program: MosquittoProgram;
  readonly start: BrokerStartOptions;
  readonly prepared: PreparedConfiguration;
  readonly port: number;
  readonly tag: string;
}

export class MosquittoHandle {
  readonly #options: HandleOptions;
  readonly #files: BrokerFiles;
  readonly #log: EvidenceLog;
  #child: ChildProcess | undefined;
  #guard: ChildProcess | undefined;
  /** Resolves when the process has ended and its log has been read to the end: how it ended. */
  #gone: Promise<string> = Promise.resolve('');
  #phase: 'starting' | 'running' | 'ending' = 'starting';
  #draining: Promise<unknown> = Promise.resolve();

  constructor(options: HandleOptions) {
    this.#options = options;
    const { start, prepared, tag } = options;
    const file = path.join(start.workFolder, FILES.log);
    this.#files = new BrokerFiles(start, prepared);
    this.#log = new EvidenceLog({
      file,
      tag,
      prepared,
      clock: start.clock,
      onEvent: start.onEvent,
      onWriteError: (error) => {
        const told = fileError(error, 'write', file);
        this.#fail(told instanceof Error ? told.message : String(told));
      },
    });
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get unread(): { readonly lines: number; readonly examples: readonly string[] } {
    return this.#log.unread;
  }

  /** Resolves when it runs, or with why it does not. To be called once. */
  async start(): Promise<Problem | undefined> {
    try {
      await this.#files.write();
      const refusal = await this.#files.withKey(() => this.#launch());
      if (refusal !== undefined) await this.stop();
      else this.#phase = 'running';
      return refusal;
    } catch (error) {
      this.kill();
      await this.#gone;
      await this.#log.end();
      throw error;
    }
  }

  drain(): Promise<void> {
    if (this.#options.prepared.evidence === 'none') return Promise.resolve();
    return this.#inTurn(() => this.#catchUp());
  }

  async change(changes: BrokerChanges): Promise<void> {
    await this.#files.change(changes);
  }

  /** The errors that Mosquitto said meanwhile, with the author's file names. */
  reload(): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      this.#log.takeErrors();
      await this.#files.withKey(async () => {
        this.#child?.kill('SIGHUP');
        // It reads all its files in one go, between two looks at its sockets.
        await this.#catchUp();
      });
      if (this.#child === undefined || hasEnded(this.#child)) {
        throw unavailable(`mosquitto did not survive the reload: ${await this.#gone}`);
      }
      return explainErrors(this.#log.takeErrors(), this.#options.prepared);
    });
  }

  /** Throws a `UserError` (69) if something still listens on its port. */
  async stop(): Promise<void> {
    const wasRunning = this.#phase === 'running';
    this.#phase = 'ending';
    const child = this.#child;
    if (child !== undefined) {
      const ask = (): boolean => child.kill('SIGTERM');
      // One that comes just before its main loop is forgotten.
      const again = setInterval(ask, ASK_AGAIN_MS);
      const ended = endProcess(child, ask);
      // It sees signals between two looks at its sockets, for which it waits 100 ms if all is quiet.
      const waking = connect({ host: '127.0.0.1', port: this.#options.port });
      waking.on('error', () => {});
      await ended;
      waking.destroy();
      clearInterval(again);
    }
    await this.#gone;
    await this.#files.remove();
    if (wasRunning) await checkClosed('mosquitto', this.#options.port);
  }

  kill(): void {
    this.#phase = 'ending';
    if (this.#child !== undefined && !hasEnded(this.#child)) this.#child.kill('SIGKILL');
  }

  async #launch(): Promise<Problem | undefined> {
    this.#spawn();
    const { prepared } = this.#options;
    let late = false;
    const timeout = setTimeout(() => {
      late = true;
      this.#child?.kill('SIGKILL');
    }, START_TIMEOUT_MS);
    const running = prepared.evidence === 'log' ? this.#log.running : this.#answers();
    const end = await Promise.race([running.then(() => undefined), this.#gone]);
    clearTimeout(timeout);
    if (end === undefined) return this.#beyond();
    if (late) {
      const words = printable(this.#log.lastWords);
      const said = words === '' ? 'said nothing' : `said last: ${words}`;
      return { message: `it was not ready within ${START_TIMEOUT_MS / 1000} s, and ${said}` };
    }
    const errors = this.#log.takeErrors();
    return explainRejection(errors, prepared) ?? { message: end };
  }

  /** What is wrong with where it listens, if anything. */
  async #beyond(): Promise<Problem | undefined> {
    const [beyond] = await listensBeyond(this.pid);
    if (beyond === undefined) return undefined;
    return { message: `it listened on ${beyond}, which is not this machine alone` };
  }

  /** Resolves when its log says that it runs, or its port is open; or it has ended. */
  async #answers(): Promise<void> {
    let runs = false;
    const running = this.#log.running.then(() => {
      runs = true;
    });
    while (!runs && this.#child !== undefined && !hasEnded(this.#child)) {
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, POLL_MS))]);
      runs ||= await isListening(this.#options.port);
    }
    if (!runs) await this.#gone.then(() => new Promise(() => {}));
  }

  /** One after the other: markers of two drains at once can't be told apart. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#draining.then(work);
    this.#draining = turn.catch(() => {});
    return turn;
  }

  async #catchUp(): Promise<void> {
    const log = this.#log;
    const { evidence, markerPort } = this.#options.prepared;
    const abort = new AbortController();
    let late = false;
    const timeout = setTimeout(() => {
      late = true;
      abort.abort();
    }, DRAIN_TIMEOUT_MS);
    this.#gone.then(() => abort.abort());
    const marked = {
      host: '127.0.0.1',
      port: markerPort,
      lineCount: () => log.lineCount(),
      awaitOwnConnection: () => log.awaitOwnConnection(),
      ownConnectionsEnded: () => log.ownConnectionsEnded(),
    };
    try {
      if (evidence === 'log') await catchUp(marked, abort.signal);
      else await passThrough(markerPort, abort.signal);
    } catch (error) {
      // A broker that has gone has nothing more to say; that it went is told elsewhere.
      if (this.#child === undefined || hasEnded(this.#child)) await this.#gone;
      else throw drainError(error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(timeout);
    }
    if (late) throw drainError(`its log stood still for ${DRAIN_TIMEOUT_MS / 1000} s`);
  }

  #spawn(): void {
    // In its folder, so that no path of ours has to be written into the configuration.
    const child = spawn(this.#options.program.file, ['-c', this.#files.main], {
      cwd: this.#options.start.workFolder,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    ownProcess(child);
    const key = path.join(this.#options.start.workFolder, FILES.privateKey);
    if (child.pid !== undefined) this.#guard = startGuard(child.pid, [key]);
    child.stderr.on('data', (chunk: Buffer) => this.#log.push(chunk));
    this.#gone = new Promise<string>((resolve) => {
      // Unlike `exit`, `close` comes after the last byte of the log.
      child.once('close', (code, signal) => resolve(describeExit(code, signal)));
      child.once('error', (error) => resolve(error.message));
    }).then(async (end) => {
      this.#guard?.kill('SIGKILL');
      await this.#log.end();
      const words = printable(this.#log.lastWords);
      const why = words === '' ? `it ${end}` : `it ${end} and said last: ${words}`;
      this.#fail(`mosquitto failed: ${why}`);
      return why;
    });
  }

  #fail(message: string): void {
    if (this.#phase !== 'running') return;
    this.#phase = 'ending';
    this.#options.start.onFailure(message);
  }
}

function drainError(why: string): UserError {
  return unavailable(`mosquitto's evidence may be incomplete: ${printable(why)}`);
}

function unavailable(message: string): UserError {
  return new UserError(EXIT.unavailable, { message });
}
