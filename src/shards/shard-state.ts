/** What a commander knows of one of its workers. */
import { plural } from '../core/text.ts';
import type { EpochMs } from '../core/time.ts';
import type { TallyChange } from '../fleet/tally.ts';
import type { WorkerHealth } from '../fleet/worker-health.ts';
import { OffsetEstimate } from './clock-offset.ts';
import type { ShardReport } from './protocol.ts';
import type { WorkerLink } from './worker-link.ts';

export class ShardState {
  readonly link: WorkerLink;
  /** From 1. */
  readonly shard: number;
  readonly devices: number;
  readonly clock = new OffsetEstimate();
  phase: 'mustering' | 'running' | 'stopped' | 'lost' = 'mustering';
  /** On our clock. */
  knownTo: EpochMs = Number.NEGATIVE_INFINITY;
  /** When it last said anything. */
  heardAt: EpochMs = Number.NEGATIVE_INFINITY;
  /** It publishes nothing any more, and has told what it had published. */
  endedMessages = false;
  lastChangeAt: EpochMs = Number.NEGATIVE_INFINITY;
  sessions = { resumed: 0, lost: 0 };
  lostBecause: string | undefined;
  #connecting = 0;
  #unanswered = 0;
  #health: ShardReport['health'] | undefined;

  constructor(link: WorkerLink, shard: number, devices: number) {
    this.link = link;
    this.shard = shard;
    this.devices = devices;
  }

  /** Still drives its devices. */
  get running(): boolean {
    return this.phase === 'running';
  }

  get offsetMs(): number {
    return this.clock.current.offsetMs;
  }

  take({ knownTo, lastChangeAt, sessions, health, tally }: ShardReport): void {
    this.knownTo = knownTo - this.offsetMs;
    this.lastChangeAt = lastChangeAt - this.offsetMs;
    this.sessions = { ...sessions };
    this.#health = health;
    this.#connecting += tally.counts.connecting ?? 0;
    this.#unanswered += tally.counts.unanswered ?? 0;
  }

  /** What its sudden end changes of the fleet's tally, with the devices that were connected. */
  lossOf(devices: readonly { readonly group: string }[]): TallyChange {
    const byGroup = new Map<string, number>();
    for (const { group } of devices) byGroup.set(group, (byGroup.get(group) ?? 0) - 1);
    return {
      counts: {
        connected: -devices.length,
        closed: devices.length,
        connecting: -this.#connecting,
        unanswered: -this.#unanswered,
        givenUp: this.#unanswered,
      },
      times: {},
      connectedByGroup: [...byGroup],
      failures: [],
      arrived: [],
    };
  }

  health(): readonly WorkerHealth[] {
    if (this.#health === undefined) return [];
    const { offsetMs, uncertaintyMs } = this.clock.current;
    const clock = { offsetMs, uncertaintyMs, driftMs: this.clock.driftMs };
    return [
      {
        worker: this.link.name,
        ...this.#health,
        ...(this.link.sharesClock ? {} : { clock }),
        ...(this.lostBecause === undefined ? {} : { lost: this.lostBecause }),
      },
    ];
  }

  /** `worker 2, which drove 300 devices, was ended by SIGKILL`. */
  lossSentence(why: string): string {
    return `${this.link.name}, which drove ${plural(this.devices, 'device')}, ${why}`;
  }
}
