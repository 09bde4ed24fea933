/** What a run is given from outside, and whom it tells how it goes. */
import type { BrokerAdapter } from '../broker/adapter.ts';
import type { BrokerConfiguration } from '../broker/configuration.ts';
import type { Clock } from '../core/time.ts';
import type { FleetSnapshot } from '../fleet/statistics.ts';
import type { BlastRadius, Report, RunReport } from '../report/report.ts';
import type { ScenarioOverrides } from '../scenario/change.ts';
import type { BrokerTrust } from './broker-trust.ts';
import type { Caps } from './caps.ts';

/** Where a drive of the fleet stands. */
export interface RunProgress extends FleetSnapshot {
  readonly phase: 'running' | 'intervening' | 'settling' | 'stopping';
  /** What is being done to the broker; while `intervening`, and in mid-run. */
  readonly interlude?: string;
  readonly elapsedMs: number;
  readonly totalMs: number;
  readonly devices: number;
  /** False where only the audit can infer takeovers, after the run. */
  readonly takeoversVisible: boolean;
  /** Since the start, and in the last second. */
  readonly takeovers: number;
  readonly takeoversPerSecond: number;
}

/** Hooks of those who watch; each is optional, none can change the run. */
export interface RunObserver {
  planned?(
    radius: BlastRadius,
    about: { readonly scenario: string; readonly purpose: string; readonly fix?: string },
  ): void;
  issuing?(progress: {
    readonly total: number;
    readonly done: number;
    readonly minted: number;
  }): void;
  brokerStarted?(about: { readonly version: string; readonly endpoint: string }): void;
  progress?(progress: RunProgress): void;
  audited?(run: RunReport): void;
  finished?(report: Report): void;
  /** What the user should know and what does not stop the run. */
  warning?(message: string): void;
}

/** A broker to start here, or one that runs elsewhere. */
export type BrokerChoice =
  | { readonly kind: 'local'; readonly adapter: BrokerAdapter }
  | {
      readonly kind: 'external';
      readonly adapter: BrokerAdapter;
      readonly host: string;
      readonly port: number;
    };

export interface RunOptions {
  /** Default: the embedded broker. */
  readonly broker?: BrokerChoice;
  /** What a local broker runs with, instead of its adapter's own configuration. */
  readonly configuration?: BrokerConfiguration;
  /** What it trusts besides the fleet's authority; made anew for the run by default. */
  readonly trust?: BrokerTrust;
  /** Parent of the run's folder; default `runs`. */
  readonly out?: string;
  /** The run's folder itself, which exists and is empty; instead of one that is made in `out`. */
  readonly folder?: string;
  /** Store of certificates; default `certs`. */
  readonly certs?: string;
  /** Which authority of the store; default `default`. */
  readonly authority?: string;
  /** Fixes to try after the run without; `all` takes every one of the scenario. Default: none. */
  readonly fixes?: readonly string[] | 'all';
  readonly overrides?: ScenarioOverrides;
  readonly caps?: Partial<Caps>;
  /** Hosts other than loopback that the user's own list allows. */
  readonly allowedTargets?: readonly string[];
  /** Path of that list, for the message of a refusal. */
  readonly allowListFile?: string;
  readonly observer?: RunObserver;
  /** Aborting heals the fleet, closes every connection and ends the run as interrupted. */
  readonly signal?: AbortSignal;
  /** Aborting ends the faults now: the fleet settles, and the run is judged as completed. */
  readonly healSignal?: AbortSignal;
  /** Aborting drops everything at once: sockets, broker, with the history closed. */
  readonly killSignal?: AbortSignal;
  readonly clock?: Clock;
  /** How to repeat the run, for the report. */
  readonly reproduce?: string;
}
