/** A worker in a process of its own on this machine, over Node's IPC channel. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describeExit, endProcess, hasEnded, ownProcess } from '../../broker/process.ts';
import { printable } from '../../core/text.ts';
import type { FromWorker, ToWorker } from '../protocol.ts';
import type { WorkerLink, WorkerListener } from '../worker-link.ts';

/** What is kept of the last words of a dying process: V8's stack follows what it died of. */
const LAST_WORDS_LENGTH = 8000;
/** What it died of, among what Node and V8 print around it. */
const CAUSE = /^(?:Uncaught )?[\w$]*Error\b|^FATAL ERROR\b/;

export class ProcessLink implements WorkerLink {
  readonly name: string;
  readonly sharesClock = true;
  readonly #child: ChildProcess;
  #lastWords = '';
  #startError: string | undefined;

  constructor(name: string) {
    this.name = name;
    // The same extension as this module: `.ts` under type stripping, `.js` once compiled.
    const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
    const { NODE_OPTIONS: _, ...env } = process.env;
    this.#child = fork(fileURLToPath(new URL(`./main${extension}`, import.meta.url)), [], {
      detached: true,
      // Maps, typed arrays and dates arrive as what they are.
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
      env,
    });
    ownProcess(this.#child);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS_LENGTH);
    });
    this.#child.on('error', (error) => {
      this.#startError ??= error.message;
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  listen(listener: WorkerListener): void {
    this.#child.on('message', (message: FromWorker) => listener.message(message));
    // After the last message and the last words have been read.
    this.#child.once('close', (code, signal) => {
      const lines = this.#lastWords.trim().split('\n');
      const words =
        this.#startError ?? lines.findLast((line) => CAUSE.test(line)) ?? lines.at(-1) ?? '';
      const said = words === '' ? '' : ` (${printable(words, 200)})`;
      listener.gone(`${describeExit(code, signal)}${said}`);
    });
  }

  send(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async close(): Promise<void> {
    if (hasEnded(this.#child)) return;
    await endProcess(this.#child, () => {
      if (this.#child.connected) this.#child.disconnect();
    });
  }
}
