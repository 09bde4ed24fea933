/**
 * The broker port: what a run needs of a broker, whichever it is. An adapter owns the process it
 * starts and everything that process leaves; `stop` is safe to call twice and after a crash.
 */
import type { Clock } from '../core/time.ts';
import type { ObservedEvent, ProtocolVersion } from '../history/event.ts';

/** Where devices connect, and what they must trust. */
export interface BrokerEndpoint {
  readonly host: string;
  readonly port: number;
  /** PEM of the authorities that the broker's certificate must chain to. */
  readonly caPem: string;
  /** The name that the broker's certificate must carry (SNI and name check); the host by default. */
  readonly serverName?: string;
}

/** What a broker can do and show; facts measured on real brokers. */
export interface BrokerCapabilities {
  readonly protocolVersions: readonly ProtocolVersion[];
  /** The broker's own records are read as evidence; without them only the devices' view exists. */
  readonly brokerEvidence: boolean;
  /** The evidence says that a session ended by takeover, rather than leaving it to be inferred. */
  readonly takeoverVisible: boolean;
  /** The evidence names the certificate ID of a connection. */
  readonly certificateVisible: boolean;
  /** An evicted MQTT 5 client is told so by DISCONNECT 0x8E (MQTT 5.0 §3.14.2.1). */
  readonly sendsSessionTakenOver: boolean;
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
  /** Receives the broker's evidence as it comes. */
  readonly onEvent: (event: ObservedEvent) => void;
  /** The broker ended, or its evidence did, without being asked to. One clear sentence. */
  readonly onFailure: (message: string) => void;
}

/** A running broker. */
export interface RunningBroker {
  readonly endpoint: BrokerEndpoint;
  /** Version as the broker itself says it, such as `mosquitto 2.0.11`. */
  readonly version: string;
  /** Lines of evidence that could not be understood: how many, and the first few. */
  unreadEvidence(): { readonly lines: number; readonly examples: readonly string[] };
  /** Waits until evidence of everything that has happened so far has been handed to `onEvent`. */
  drainEvidence(): Promise<void>;
  /** Ends the broker and removes what it left; resolves when its process has gone. */
  stop(): Promise<void>;
  /** Last resort for a second interrupt: kills at once, without waiting. */
  kill(): void;
}

export interface BrokerAdapter {
  readonly id: string;
  readonly title: string;
  readonly capabilities: BrokerCapabilities;
  /** Why this broker can't be started here (not installed, …) with what to do; undefined if it can. */
  unavailable(): Promise<string | undefined>;
  start(options: BrokerStartOptions): Promise<RunningBroker>;
}
