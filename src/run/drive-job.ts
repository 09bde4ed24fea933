/** What it takes to drive one fleet against one broker, and what comes of it. */
import type {
  BrokerAdapter,
  BrokerEndpoint,
  BrokerStartOptions,
  RunningBroker,
} from '../broker/adapter.ts';
import type { Clock, EpochMs } from '../core/time.ts';
import type { FleetStatistics } from '../fleet/statistics.ts';
import type { HistoryTrailer } from '../history/event.ts';
import type { Credential } from '../identity/types.ts';
import type { FleetPlan } from '../scenario/plan.ts';
import type { FleetEngine } from '../shards/fleet-engine.ts';
import type { ConfiguredStart } from './broker-trust.ts';
import type { Interlude } from './interlude.ts';
import type { RunObserver } from './ports.ts';

export interface DriveJob {
  readonly plan: FleetPlan;
  readonly runId: string;
  readonly folder: string;
  readonly toolVersion: string;
  readonly adapter: BrokerAdapter;
  readonly server: BrokerStartOptions['server'];
  readonly deviceCaPem: string;
  /** What the broker is given besides, if its configuration needs it. */
  readonly configured?: ConfiguredStart;
  readonly workFolder: string;
  readonly credentials: ReadonlyMap<string, Credential>;
  /** Where the devices live. */
  readonly engine: FleetEngine;
  /** Addresses to connect from, and endpoints of the broker besides its own. */
  readonly sourceAddresses?: readonly string[];
  readonly furtherEndpoints?: readonly Pick<BrokerEndpoint, 'host' | 'port'>[];
  readonly clock: Clock;
  readonly observer: RunObserver;
  /** What is done to the broker while the fleet runs, in any order. */
  readonly interludes?: readonly Interlude[];
  /** Client IDs of ours, whose connections are no part of the history. */
  readonly ignores?: (clientId: string) => boolean;
  readonly signal: AbortSignal;
  readonly healSignal?: AbortSignal;
  readonly killSignal: AbortSignal;
}

export interface DriveResult {
  readonly history: string;
  readonly startedAt: EpochMs;
  /** When the fleet was told to behave; the settle stage begins. */
  readonly faultsEndedAt: EpochMs;
  readonly endedAt: EpochMs;
  readonly outcome: HistoryTrailer['outcome'];
  readonly failure?: string;
  readonly brokerVersion: string;
  readonly endpoint: string;
  readonly statistics: FleetStatistics;
  /** While the fleet was driven; absent where it can't be told. */
  readonly brokerCpuMs?: number;
  /** Parts of the fleet that were lost in mid-run, a sentence each. */
  readonly lost: readonly string[];
  readonly unreadEvidence: ReturnType<RunningBroker['unreadEvidence']>;
}
