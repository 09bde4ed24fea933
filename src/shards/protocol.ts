/**
 * What a commander and its workers say to each other, over whatever link. All times are those of the
 * worker's own clock; the commander knows how far it is off.
 */
import type { EpochMs } from '../core/time.ts';
import type { LedgerEntry } from '../fleet/ledger.ts';
import type { Routes } from '../fleet/routes.ts';
import type { TruthRecord } from '../fleet/session.ts';
import type { TallyChange } from '../fleet/tally.ts';
import type { WorkerHealth } from '../fleet/worker-health.ts';
import type { ObservedEvent } from '../history/event.ts';
import type { Credential } from '../identity/types.ts';
import type { FleetPlan } from '../scenario/plan.ts';

/** Raised when a message changes its meaning; both sides must be of one version. */
export const PROTOCOL_VERSION = 1;

/** What a worker is to drive. It holds private keys. */
export interface ShardOrder {
  /** From 1. */
  readonly shard: number;
  readonly plan: FleetPlan;
  readonly credentials: readonly Credential[];
  readonly routes: Routes;
}

export type ToWorker =
  | { readonly type: 'prepare'; readonly order: ShardOrder }
  | { readonly type: 'ping'; readonly sentAt: EpochMs }
  /** The instant from which the plan's times count. */
  | { readonly type: 'start'; readonly at: EpochMs }
  | { readonly type: 'heal' }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  /** Nothing is published any more. */
  | { readonly type: 'end-messages' }
  | { readonly type: 'stop'; readonly timeoutMs: number };

/** Everything that happened in a shard since its last report. */
export interface ShardReport {
  /** All that happened before this instant has been told. */
  readonly knownTo: EpochMs;
  readonly events: readonly ObservedEvent[];
  readonly truth: readonly TruthRecord[];
  readonly ledger: readonly LedgerEntry[];
  readonly tally: TallyChange;
  /** When a connection was last opened or closed. */
  readonly lastChangeAt: EpochMs;
  /** Since the start, as `BookEntries` counts them. */
  readonly sessions: { readonly resumed: number; readonly lost: number };
  readonly health: Omit<WorkerHealth, 'worker' | 'clock' | 'lost'>;
}

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'pong'; readonly sentAt: EpochMs; readonly at: EpochMs }
  | ({ readonly type: 'report' } & ShardReport)
  /** Nothing is published any more, and all that was has been told. */
  | { readonly type: 'ended-messages' }
  /** Every device has gone, and everything has been told. */
  | { readonly type: 'stopped' }
  /** One sentence; nothing comes after it. */
  | { readonly type: 'failed'; readonly message: string };
