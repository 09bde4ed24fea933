/**
 * The broker port: what a run needs of a broker, whichever it is. An adapter owns the process it
 * starts and everything that process leaves; `stop` is safe to call twice and after a crash.
 */
import type { Clock } from '../core/time.ts';
import type { ObservedEvent } from '../history/event.ts';
import type { BrokerCapabilities } from './capabilities.ts';
import type { BrokerConfiguration } from './configuration.ts';
import type { Harden } from './hardening.ts';

/** Where devices connect, and what they must trust. */
export interface BrokerEndpoint {
  readonly host: string;
  readonly port: number;
  /** PEM of the authorities that the broker's certificate must chain to. */
  readonly caPem: string;
  /** The name that the broker's certificate must carry (SNI and name check); the host by default. */
  readonly serverName?: string;
  /** What TLS offers as application protocols (ALPN, RFC 7301); nothing by default. */
  readonly alpnProtocols?: readonly string[];
  /** `tcp` is MQTT without TLS, for measurements and tests; TLS by default. */
  readonly transport?: 'tls' | 'tcp';
}

/** What a run hands to an adapter. */
export interface BrokerStartOptions {
  readonly clock: Clock;
  /** Folder for the broker's own files (configuration, log); it exists and belongs to this run. */
  readonly workFolder: string;
  /** The certificate that the broker shows to devices (SAN: localhost, 127.0.0.1, ::1). */
  readonly server: {
    readonly certificatePem: string;
    readonly privateKeyPem: string;
    /** PEM of the authorities that a device must trust to accept it. */
    readonly caPem: string;
  };
  /** PEM of the authorities whose device certificates the broker accepts. */
  readonly deviceCaPem: string;
  /** PEM of an authority that is not the fleet's, for configurations that trust too many. */
  readonly otherCaPem?: string;
  /**
   * What to run instead of the adapter's own configuration, which is mutual TLS with everything
   * allowed to whoever has a certificate.
   */
  readonly configuration?: BrokerConfiguration;
  /** PEM of the revocation list that the broker starts with; a list without entries by default. */
  readonly crlPem?: string;
  /** Common names that will log in, for brokers that keep a list of users. */
  readonly principals?: readonly string[];
  /** Receives the broker's evidence as it comes. */
  readonly onEvent: (event: ObservedEvent) => void;
  /** The broker ended, or its evidence did, without being asked to. One clear sentence. */
  readonly onFailure: (message: string) => void;
}

/** Files that a running broker reads again: what is not named stays as it is. */
export interface BrokerChanges {
  readonly deviceCaPem?: string;
  /** Text of the file, which may be no list at all on purpose; `null` removes the file. */
  readonly crlPem?: string | null;
  /** Files of the configuration by name (as in `{{file:<name>}}`); `null` removes one. */
  readonly files?: Readonly<Record<string, string | null>>;
  /** Common names that may log in from now on, in place of those that could so far. */
  readonly principals?: readonly string[];
}

/** A running broker. */
export interface RunningBroker {
  readonly endpoint: BrokerEndpoint;
  /** Version as the broker itself says it, such as `mosquitto 2.0.11`. */
  readonly version: string;
  /** What this very broker can do: its version and its configuration decide. */
  readonly capabilities: BrokerCapabilities;
  /** Lines of evidence that could not be understood: how many, and the first few. */
  unreadEvidence(): { readonly lines: number; readonly examples: readonly string[] };
  /** Waits until evidence of everything that has happened so far has been handed to `onEvent`. */
  drainEvidence(): Promise<void>;
  /**
   * Changes files under the broker without telling it. Throws a `UserError` where the broker, or
   * its configuration, has no such file.
   */
  change(changes: BrokerChanges): Promise<void>;
  /**
   * Tells the broker to read its configuration again; resolves when it has, with what it said of
   * errors, empty if nothing. Throws a `UserError` where the broker can't.
   */
  reload(): Promise<readonly string[]>;
  /** Ends the broker and removes what it left; resolves when its process has gone. */
  stop(): Promise<void>;
  /** Last resort for a second interrupt: kills at once, without waiting. */
  kill(): void;
}

export interface BrokerAdapter {
  readonly id: string;
  readonly title: string;
  /** What its own configuration can do, on the oldest version that can be used. */
  readonly capabilities: BrokerCapabilities;
  /** Starting takes seconds, so that one instance should serve many runs, one after the other. */
  readonly startsSlowly: boolean;
  /** Why this broker can't be started here (not installed, …) with what to do; undefined if it can. */
  unavailable(): Promise<string | undefined>;
  /** What makes it enforce a rule; `lacks` names the broker, the rule and a remedy. Pure. */
  readonly harden: Harden;
  start(options: BrokerStartOptions): Promise<RunningBroker>;
}
