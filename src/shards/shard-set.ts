/** All shards of a fleet: what is known of them together, and what all of them are told. */
import type { EpochMs } from '../core/time.ts';
import type { WorkerHealth } from '../fleet/worker-health.ts';
import type { ToWorker } from './protocol.ts';
import type { ShardState } from './shard-state.ts';

export class ShardSet {
  readonly all: readonly ShardState[];

  constructor(all: readonly ShardState[]) {
    this.all = all;
  }

  /** Those that still drive their devices. */
  get running(): readonly ShardState[] {
    return this.all.filter((shard) => shard.running);
  }

  /** Up to when everything is known of all that still drive devices; Infinity for none. */
  get knownTo(): EpochMs {
    return Math.min(Number.POSITIVE_INFINITY, ...this.running.map(({ knownTo }) => knownTo));
  }

  /** When a connection was last opened or closed; -Infinity for never. */
  get lastChangeAt(): EpochMs {
    return Math.max(Number.NEGATIVE_INFINITY, ...this.all.map((shard) => shard.lastChangeAt));
  }

  /** By how much the clock of the worst may be off, in ms. */
  get uncertaintyMs(): number {
    return Math.max(0, ...this.all.map(({ clock }) => clock.current.uncertaintyMs));
  }

  get sessions(): { readonly resumed: number; readonly lost: number } {
    const sum = (name: 'resumed' | 'lost'): number =>
      this.all.reduce((total, { sessions }) => total + sessions[name], 0);
    return { resumed: sum('resumed'), lost: sum('lost') };
  }

  health(): readonly WorkerHealth[] {
    return this.all.flatMap((shard) => shard.health());
  }

  tell(message: ToWorker): void {
    for (const { link } of this.running) link.send(message);
  }
}
