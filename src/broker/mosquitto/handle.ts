/**
 * One Mosquitto process and everything it leaves. Its private key is on disk (0600) only while it
 * starts: it is read once. The process is killed when this one exits, and, by a guard that reads a
 * pipe from us until it ends, even when this one is killed itself.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import path from 'node:path';
import { EXIT, fileError, UserError } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { printable } from '../../core/text.ts';
import type { BrokerStartOptions } from '../adapter.ts';
import { describeExit, endProcess, hasEnded, ownProcess } from '../process.ts';
import { FILES, mosquittoConfiguration } from './configuration.ts';
import { EvidenceLog } from './evidence-log.ts';
import { catchUp } from './log-marker.ts';
import type { MosquittoProgram } from './program.ts';

/** It takes about 0.1 s. */
const START_TIMEOUT_MS = 15_000;
/** Eight markers take about 10 ms; a broker in a storm needs longer. */
const DRAIN_TIMEOUT_MS = 10_000;
const TAG_BYTES = 16;

export class MosquittoHandle {
  readonly #program: MosquittoProgram;
  readonly #options: BrokerStartOptions;
  readonly #tag = randomBytes(TAG_BYTES).toString('hex');
  readonly #log: EvidenceLog;
  #child: ChildProcess | undefined;
  #guard: ChildProcess | undefined;
  /** Resolves when the process has ended and its log has been read to the end: how it ended. */
  #gone: Promise<string> = Promise.resolve('');
  #phase: 'starting' | 'running' | 'ending' = 'starting';
  #port = 0;
  #draining: Promise<void> = Promise.resolve();

  constructor(program: MosquittoProgram, options: BrokerStartOptions) {
    this.#program = program;
    this.#options = options;
    const file = this.#file(FILES.log);
    this.#log = new EvidenceLog({
      file,
      tag: this.#tag,
      clock: options.clock,
      onEvent: options.onEvent,
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

  /** Resolves when it runs, or with what it said before it ended. To be called once. */
  async start(port: number): Promise<string | undefined> {
    this.#port = port;
    try {
      await this.#writeFiles();
      this.#spawn();
      const timeout = setTimeout(() => this.#child?.kill('SIGKILL'), START_TIMEOUT_MS);
      const refusal = await Promise.race([this.#log.running.then(() => undefined), this.#gone]);
      clearTimeout(timeout);
      if (refusal !== undefined) {
        await this.#removeFiles();
        return refusal;
      }
      this.#phase = 'running';
    } catch (error) {
      await this.#log.end();
      throw error;
    } finally {
      await rm(this.#file(FILES.privateKey), { force: true });
    }
    return undefined;
  }

  drain(): Promise<void> {
    const drain = this.#draining.then(() => this.#catchUp());
    this.#draining = drain.catch(() => {});
    return drain;
  }

  async stop(): Promise<void> {
    this.#phase = 'ending';
    const child = this.#child;
    if (child !== undefined) await endProcess(child, () => child.kill('SIGTERM'));
    await this.#gone;
    await this.#removeFiles();
  }

  kill(): void {
    this.#phase = 'ending';
    if (this.#child !== undefined && !hasEnded(this.#child)) this.#child.kill('SIGKILL');
  }

  async #catchUp(): Promise<void> {
    const log = this.#log;
    const abort = new AbortController();
    let late = false;
    const timeout = setTimeout(() => {
      late = true;
      abort.abort();
    }, DRAIN_TIMEOUT_MS);
    this.#gone.then(() => abort.abort());
    const marked = {
      host: '127.0.0.1',
      port: this.#port,
      lineCount: () => log.lineCount(),
      awaitOwnConnection: () => log.awaitOwnConnection(),
      ownConnectionsEnded: () => log.ownConnectionsEnded(),
    };
    try {
      await catchUp(marked, abort.signal);
    } catch (error) {
      // A broker that has gone has nothing more to say; that it went is told elsewhere.
      if (this.#child === undefined || hasEnded(this.#child)) await this.#gone;
      else throw drainError(error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(timeout);
    }
    if (late) throw drainError(`its log stood still for ${DRAIN_TIMEOUT_MS / 1000} s`);
  }

  async #writeFiles(): Promise<void> {
    const { server, deviceCaPem } = this.#options;
    const asRoot = process.getuid?.() === 0;
    const configuration = mosquittoConfiguration({ port: this.#port, tag: this.#tag, asRoot });
    await writeFileAtomic(this.#file(FILES.configuration), configuration, 0o600);
    await writeFileAtomic(this.#file(FILES.deviceCa), deviceCaPem);
    await writeFileAtomic(this.#file(FILES.certificate), server.certificatePem);
    await writeFileAtomic(this.#file(FILES.privateKey), server.privateKeyPem, 0o600);
  }

  /** The log and the configuration stay: they say how the evidence came about. */
  async #removeFiles(): Promise<void> {
    for (const name of [FILES.deviceCa, FILES.certificate, FILES.privateKey]) {
      await rm(this.#file(name), { force: true });
    }
  }

  #spawn(): void {
    // In its folder, so that no path of ours has to be written into the configuration.
    const child = spawn(this.#program.file, ['-c', FILES.configuration], {
      cwd: this.#options.workFolder,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    ownProcess(child);
    if (child.pid !== undefined) this.#guard = startGuard(child.pid);
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
    this.#options.onFailure(message);
  }

  #file(name: string): string {
    return path.join(this.#options.workFolder, name);
  }
}

/** Ends `pid` when the pipe to us ends, that is when this process has gone in whichever way. */
function startGuard(pid: number): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -KILL "$0"', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
  });
  // Without a shell the ordinary ways of ending the broker remain.
  guard.on('error', () => {});
  if (guard.stdin instanceof Socket) guard.stdin.on('error', () => {}).unref();
  ownProcess(guard);
  guard.unref();
  return guard;
}

function drainError(why: string): UserError {
  return new UserError(EXIT.unavailable, {
    message: `mosquitto's evidence may be incomplete: ${printable(why)}`,
  });
}
