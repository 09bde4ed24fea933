/** What a run is given from outside, and whom it tells how it goes. */
import type { BrokerAdapter } from '../broker/adapter.ts';
import type { BrokerConfiguration } from '../broker/configuration.ts';
import type { Clock } from '../core/time.ts';
import type { RunProgress } from '../live/progress.ts';
import type { RunFigures } from '../metrics/run-figures.ts';
import type { BlastRadius, Report, RunReport } from '../report/report.ts';
import type { ScenarioOverrides } from '../scenario/change.ts';
import type { EngineChoice } from '../shards/choose.ts';
import type { BrokerTrust } from './broker-trust.ts';
import type { Caps } from './caps.ts';
import type { MitigationOrder } from './mitigate.ts';

export type { RunProgress };

/** Hooks of those who watch; each is optional, none can change the run. */
export interface RunObserver {
  /** Before a run's first packet; the run waits for a promise. */
  planned?(
    radius: BlastRadius,
    about: { readonly scenario: string; readonly purpose: string; readonly fix?: string },
  ): Promise<void> | void;
  issuing?(progress: {
    readonly total: number;
    readonly done: number;
    readonly minted: number;
  }): void;
  /** What the run still waits for before the first packet, as it changes: `2 of 3 workers are here`. */
  mustering?(words: string): void;
  brokerStarted?(about: { readonly version: string; readonly endpoint: string }): void;
  progress?(progress: RunProgress): void;
  /** All that is counted, several times a second and once more when every device has gone. */
  figures?(figures: RunFigures): void;
  /** At the end of a run; the next one waits for a promise. */
  audited?(run: RunReport): Promise<void> | void;
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
  /** Tries on every broker configuration whether sessions can be stolen; default: no. */
  readonly trySessionTheft?: boolean;
  readonly overrides?: ScenarioOverrides;
  /** What is done about the findings at the end of each run, on its live broker. */
  readonly mitigation?: MitigationOrder;
  readonly caps?: Partial<Caps>;
  /** Hosts other than loopback that the user's own list allows. */
  readonly allowedTargets?: readonly string[];
  /** Path of that list, for the message of a refusal. */
  readonly allowListFile?: string;
  readonly observer?: RunObserver;
  /** Aborting heals the fleet, closes every connection and ends the run as interrupted. */
  readonly signal?: AbortSignal;
  /**
   * Aborting ends the faults now: the fleet settles, and the run is judged as completed. A function
   * is asked for the signal of each run, as it starts, where a fix follows on the scenario.
   */
  readonly healSignal?: AbortSignal | (() => AbortSignal);
  /** Aborting drops everything at once: sockets, broker, with the history closed. */
  readonly killSignal?: AbortSignal;
  readonly clock?: Clock;
  /** Where the devices live; in this process by default. */
  readonly engine?: EngineChoice;
  /** IP addresses of this machine to connect from, so that one's ports are not the limit. */
  readonly sourceAddresses?: readonly string[];
  /** Further addresses of an external broker, such as the nodes of a cluster. */
  readonly furtherEndpoints?: readonly { readonly host: string; readonly port: number }[];
  /** Whether `report.html` is written into the folder; it is by default. */
  readonly page?: boolean;
  /** How to repeat the run, for the report. */
  readonly reproduce?: string;
}
