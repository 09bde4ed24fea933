/**
 * Profiles of brokers that can't be installed here: what their documentation or source says that
 * they do, each claim with where it is from. What nobody has established is stated as unknown; it is
 * never guessed. Unlike the profiles of the adapters they are not measured: `doppelfleet probe
 * mqtts://… --profile <id>` measures what can be measured from outside.
 */
import type { FormatId } from '../../history/formats/format.ts';
import type { BrokerCapabilities, CapabilityId } from '../capabilities.ts';

export const PROFILE_IDS = [
  'emqx',
  'hivemq-ce',
  'vernemq',
  'nanomq',
  'aws-iot-core',
  'azure-event-grid',
] as const;
export type ProfileId = (typeof PROFILE_IDS)[number];

/** What is claimed of one capability, or why nothing is. */
export type Claim<Value> =
  | {
      readonly value: Value;
      /** Where it is said: document and section, or the file of the source. */
      readonly source: string;
    }
  | {
      /** Why it is not established, and what decides it, as far as that is known. */
      readonly unknown: string;
    };

export type CapabilityClaims = {
  readonly [Id in CapabilityId]: Claim<BrokerCapabilities[Id]>;
};

/** A port that devices may use, and what TLS must say there. */
export interface ProfilePort {
  readonly port: number;
  /** ALPN (RFC 7301) without which the broker does not take MQTT with certificates here. */
  readonly alpnProtocols?: readonly string[];
}

/** How the broker's own records of connections come to us. */
export interface ProfileEvidence {
  /** How they are fetched, a sentence each. */
  readonly how: readonly string[];
  /** The history format that reads them. */
  readonly format: FormatId;
  /** Field of the event → key of the record, for formats without fixed names. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Filters to subscribe to where the broker, or a rule in it, publishes its records over MQTT. */
  readonly topics?: readonly string[];
}

/** A configuration to begin with: certificates required, client ID bound to them where possible. */
export interface ProfileConfiguration {
  readonly language: string;
  readonly text: string;
  /** What it does not do, or what has to be done besides. */
  readonly notes: readonly string[];
}

export interface BrokerProfile {
  readonly id: ProfileId;
  readonly title: string;
  /** Which versions the claims are about. */
  readonly versions: string;
  readonly claims: CapabilityClaims;
  /** Empty where the operator chooses the port freely. The first one is the default. */
  readonly ports: readonly ProfilePort[];
  readonly evidence: ProfileEvidence;
  readonly configuration: ProfileConfiguration;
}
