/** Starts a broker for a test, collects what it reports, and leaves nothing behind. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BrokerAdapter, BrokerStartOptions } from '../../src/broker/adapter.ts';
import type { BrokerProcess } from '../../src/broker/process.ts';
import type { ObservedEvent } from '../../src/history/event.ts';
import type { TestAuthority, TestCredential } from './broker-certificates.ts';

export interface ProcessAdapter extends BrokerAdapter {
  start(options: BrokerStartOptions): Promise<BrokerProcess>;
}

export interface HarnessOptions {
  readonly start: (options: BrokerStartOptions) => Promise<BrokerProcess>;
  readonly authority: TestAuthority;
  readonly server: TestCredential;
  /** What a test wants besides: a configuration, a revocation list, … */
  readonly more?: Partial<BrokerStartOptions>;
}

export const REAL_CLOCK: BrokerStartOptions['clock'] = {
  now: Date.now,
  schedule: (at, run) => {
    const timer = setTimeout(run, at - Date.now());
    return () => clearTimeout(timer);
  },
};

/** A broker under test with everything it has reported so far. */
export class BrokerUnderTest {
  readonly events: ObservedEvent[] = [];
  readonly failures: string[] = [];
  readonly folder = mkdtempSync(path.join(tmpdir(), 'doppelfleet-broker-'));
  readonly #watchers = new Set<() => void>();
  #broker: BrokerProcess | undefined;

  static async start(options: HarnessOptions): Promise<BrokerUnderTest> {
    const harness = new BrokerUnderTest();
    try {
      harness.#broker = await options.start({
        clock: REAL_CLOCK,
        workFolder: harness.folder,
        server: { ...options.server, caPem: options.authority.caPem },
        deviceCaPem: options.authority.caPem,
        onEvent: (event) => {
          harness.events.push(event);
          harness.#changed();
        },
        onFailure: (message) => {
          harness.failures.push(message);
          harness.#changed();
        },
        ...options.more,
      });
    } catch (error) {
      rmSync(harness.folder, { recursive: true });
      throw error;
    }
    return harness;
  }

  get broker(): BrokerProcess {
    if (this.#broker === undefined) throw new Error('the broker has not been started');
    return this.#broker;
  }

  /** All events once the broker's evidence has been drained. */
  async drained(): Promise<readonly ObservedEvent[]> {
    await this.broker.drainEvidence();
    return this.events;
  }

  /** Resolves as soon as something that was reported makes `condition` true. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => this.#watchers.add(resolve));
    }
  }

  /** The texts of all files that the broker has now, by path in its folder. */
  files(): ReadonlyMap<string, string> {
    const entries = readdirSync(this.folder, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name));
    return new Map(
      paths.map((file) => [path.relative(this.folder, file), readFileSync(file, 'utf8')]),
    );
  }

  /** Sessions that are open by the evidence so far. */
  open(): readonly ObservedEvent[] {
    const closed = new Set(
      this.events.filter((event) => event.kind === 'closed').map((event) => event.sessionId),
    );
    return this.events.filter(
      (event) => event.kind === 'connected' && !closed.has(event.sessionId),
    );
  }

  async end(): Promise<void> {
    await this.#broker?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #changed(): void {
    for (const resolve of this.#watchers) resolve();
    this.#watchers.clear();
  }
}

/** `closed session-taken-over` and so on: what happened to a client ID, in order. */
export function storyOf(events: readonly ObservedEvent[], clientId: string): string[] {
  return events
    .filter((event) => event.clientId === clientId)
    .map((event) => (event.reason === undefined ? event.kind : `${event.kind} ${event.reason}`));
}

/** Whether a process with this number exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
