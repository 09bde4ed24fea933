/** Which devices of a fleet in several processes are connected, read from what is recorded. */
import type { EpochMs } from '../core/time.ts';
import type { LiveDevice } from '../fleet/fleet.ts';
import type { TruthRecord } from '../fleet/session.ts';
import type { ObservedEvent } from '../history/event.ts';

interface Entry {
  readonly truth: TruthRecord;
  readonly worker: number;
  connected: ObservedEvent | undefined;
}

export class LiveBook {
  readonly #groups: ReadonlyMap<string, string>;
  readonly #sessions = new Map<string, Entry>();
  #connected = 0;

  /** Groups by the names of their devices. */
  constructor(groups: ReadonlyMap<string, string>) {
    this.#groups = groups;
  }

  /** Devices connected now. */
  get connected(): number {
    return this.#connected;
  }

  truth(line: TruthRecord, worker: number): void {
    if (line.kind === 'connecting') {
      this.#sessions.set(line.sessionId, { truth: line, worker, connected: undefined });
    } else {
      this.#end(line.sessionId);
    }
  }

  see(event: ObservedEvent): void {
    if (event.kind !== 'connected') {
      this.#end(event.sessionId);
      return;
    }
    const entry = this.#sessions.get(event.sessionId);
    if (entry === undefined) return;
    entry.connected = event;
    this.#connected++;
  }

  devices(): readonly LiveDevice[] {
    return [...this.#sessions.values()].flatMap(({ truth, connected }) => {
      if (connected === undefined) return [];
      const { device: name, clientId, certificate } = truth;
      const group = this.#groups.get(name) ?? '';
      return [{ name, group, clientId, certificate, connectedAt: connected.at }];
    });
  }

  /** Its sessions ended with it, at `at`: their closes, which nobody saw. */
  lose(worker: number, at: EpochMs, raw: string): readonly ObservedEvent[] {
    const lost = [...this.#sessions.values()].filter((one) => one.worker === worker);
    return lost.flatMap(({ truth, connected }): ObservedEvent[] => {
      if (connected === undefined) {
        this.#sessions.delete(truth.sessionId);
        return [];
      }
      const { ip: _ip, port: _port, ...common } = connected;
      const inferred = ['at', 'reason'];
      return [{ ...common, kind: 'closed', at, reason: 'connection-lost', inferred, raw }];
    });
  }

  /** The devices behind those sessions that are known. */
  devicesOf(
    sessions: readonly Pick<ObservedEvent, 'sessionId'>[],
  ): readonly Pick<LiveDevice, 'name' | 'group'>[] {
    return sessions.flatMap(({ sessionId }) => {
      const name = this.#sessions.get(sessionId)?.truth.device;
      return name === undefined ? [] : [{ name, group: this.#groups.get(name) ?? '' }];
    });
  }

  #end(sessionId: string): void {
    const entry = this.#sessions.get(sessionId);
    if (entry?.connected !== undefined) this.#connected--;
    this.#sessions.delete(sessionId);
  }
}
