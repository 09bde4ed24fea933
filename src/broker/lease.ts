/**
 * One running broker for many runs, one after the other: brokers that take seconds to start serve
 * all cells of a configuration. Each run sees an adapter; starting takes the lease, stopping gives
 * it back, and what the broker says goes to whoever holds it. Authorities, revocation list and users
 * belong to the broker's life: a run that needs others gets a fresh one.
 */
import { join } from 'node:path';
import { assert } from '../core/assert.ts';
import { EXIT, UserError } from '../core/errors.ts';
import { makeFolders } from '../core/files.ts';
import type { BrokerAdapter, BrokerStartOptions, RunningBroker } from './adapter.ts';

export interface SharedBroker {
  /** What a run is given. Its broker refuses `change` and `reload`, which others would feel. */
  readonly adapter: BrokerAdapter;
  /** Ends the broker; waits for the run that holds it. */
  close(): Promise<void>;
  /** Last resort: kills at once. */
  kill(): void;
}

interface ShareOptions {
  /** Folder for the broker's own files; subfolders are made in it. */
  readonly workFolder: string;
  /** Common names of all runs to come. */
  readonly principals: readonly string[];
}

/** Shares what `adapter` starts, first when the first run needs it. */
export function shareBroker(adapter: BrokerAdapter, options: ShareOptions): SharedBroker {
  const lease = new Lease(adapter, options);
  return {
    adapter: { ...adapter, startsSlowly: false, start: (wanted) => lease.start(wanted) },
    close: () => lease.close(),
    kill: () => lease.kill(),
  };
}

/** The next number that is not taken: a broker finds nothing of another one. */
async function newFolder(parent: string): Promise<string> {
  for (let n = 1; ; n++) {
    const folder = join(parent, `${n}`);
    if (await makeFolders(folder, 0o700)) return folder;
  }
}

type Holder = Pick<BrokerStartOptions, 'onEvent' | 'onFailure'>;

interface Instance {
  readonly broker: RunningBroker;
  /** What can't change while it runs. */
  readonly nature: string;
  readonly principals: ReadonlySet<string>;
}

class Lease {
  readonly #adapter: BrokerAdapter;
  readonly #options: ShareOptions;
  #instance: Instance | undefined;
  #holder: Holder | undefined;
  /** The broker ended by itself, or was killed. */
  #dead = false;
  #closed = false;
  /** Resolves when the lease is free. */
  #free: Promise<void> = Promise.resolve();

  constructor(adapter: BrokerAdapter, options: ShareOptions) {
    this.#adapter = adapter;
    this.#options = options;
  }

  async start(wanted: BrokerStartOptions): Promise<RunningBroker> {
    const free = await this.#take();
    try {
      assert(!this.#closed, 'a shared broker was asked for after its end');
      this.#holder = wanted;
      const { broker } = await this.#instanceFor(wanted);
      return this.#view(broker, free);
    } catch (error) {
      this.#holder = undefined;
      free();
      throw error;
    }
  }

  async close(): Promise<void> {
    const free = await this.#take();
    this.#closed = true;
    try {
      await this.#end();
    } finally {
      free();
    }
  }

  kill(): void {
    this.#dead = true;
    this.#instance?.broker.kill();
  }

  /** Waits for its turn; the lease is free again when the returned function is called. */
  async #take(): Promise<() => void> {
    const before = this.#free;
    let free = (): void => {};
    this.#free = new Promise((resolve) => {
      free = resolve;
    });
    await before;
    return free;
  }

  async #instanceFor(wanted: BrokerStartOptions): Promise<Instance> {
    const nature = natureOf(wanted);
    const { principals = [] } = wanted;
    const fits =
      !this.#dead &&
      this.#instance?.nature === nature &&
      principals.every((name) => this.#instance?.principals.has(name));
    if (this.#instance !== undefined && fits) return this.#instance;
    await this.#end();
    const known = new Set([...this.#options.principals, ...principals]);
    const workFolder = await newFolder(this.#options.workFolder);
    this.#dead = false;
    const broker = await this.#adapter.start({
      ...wanted,
      workFolder,
      principals: [...known],
      onEvent: (event) => this.#holder?.onEvent(event),
      onFailure: (message) => {
        this.#dead = true;
        this.#holder?.onFailure(message);
      },
    });
    this.#instance = { broker, nature, principals: known };
    return this.#instance;
  }

  #view(broker: RunningBroker, free: () => void): RunningBroker {
    const before = broker.unreadEvidence();
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      this.#holder = undefined;
      free();
    };
    let stopping: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      try {
        // What it still has to say of this run must not reach the next one.
        if (held && !this.#dead) await broker.drainEvidence();
      } catch (error) {
        this.#dead = true;
        throw error;
      } finally {
        if (held && this.#dead) await this.#end().finally(release);
        release();
      }
    };
    return {
      ...broker,
      unreadEvidence: () => {
        const { lines, examples } = broker.unreadEvidence();
        const own = lines - before.lines;
        return { lines: own, examples: own > 0 ? examples : [] };
      },
      drainEvidence: () => broker.drainEvidence(),
      change: () => Promise.reject(refusal()),
      reload: () => Promise.reject(refusal()),
      stop: () => {
        stopping ??= stop();
        return stopping;
      },
      kill: () => {
        if (!held || stopping !== undefined) return;
        this.kill();
        release();
      },
    };
  }

  async #end(): Promise<void> {
    const instance = this.#instance;
    this.#instance = undefined;
    await instance?.broker.stop();
  }
}

function natureOf(options: BrokerStartOptions): string {
  const { server, deviceCaPem, otherCaPem, crlPem, configuration } = options;
  return JSON.stringify([
    server.certificatePem,
    deviceCaPem,
    otherCaPem ?? null,
    crlPem ?? null,
    configuration === undefined ? null : [configuration.path, [...configuration.files]],
  ]);
}

function refusal(): UserError {
  return new UserError(EXIT.usage, {
    message: 'this broker serves several runs, so that none of them may change it',
  });
}
