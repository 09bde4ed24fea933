/**
 * Capability profiles: what a broker can do and show, as data. A profile says what was measured (or,
 * for brokers that can't run here, documented) of the broker's default behaviour behind mutual TLS;
 * `doppelfleet probe` measures the same fields on a running broker.
 */
import type { ProtocolVersion } from '../history/event.ts';

export interface BrokerCapabilities {
  readonly protocolVersions: readonly ProtocolVersion[];
  /** The broker's own records are read as evidence; without them only the devices' view exists. */
  readonly brokerEvidence: boolean;
  /** The evidence says that a session ended by takeover, rather than leaving it to be inferred. */
  readonly takeoverVisible: boolean;
  /** The evidence names the certificate ID of a connection. */
  readonly certificateVisible: boolean;
  /** The evidence tells a client's DISCONNECT from a connection that was lost. */
  readonly closeReasonVisible: boolean;
  /** The evidence says why a certificate was refused (expired, unknown authority, …). */
  readonly refusalReasonVisible: boolean;
  /** An evicted MQTT 5 client is told so by DISCONNECT 0x8E (MQTT 5.0 §3.14.2.1). */
  readonly sendsSessionTakenOver: boolean;
  /** Of two connections with one client ID: who stays (MQTT 5.0 §3.1.4 wants the newcomer). */
  readonly takeoverWinner: 'newcomer' | 'owner' | 'both';
  /** What the evidence of a takeover says first: the end of the old session or the new one. */
  readonly takeoverOrder: 'close-first' | 'connect-first' | 'not-shown';
  /** A client with another certificate is refused a client ID whose session is kept. */
  readonly bindsSessionToCertificate: boolean;
  /** A client ID that is not its certificate's common name is refused or replaced. */
  readonly bindsClientId: boolean;
  /** When a revocation list that was changed under the broker takes effect on new connections. */
  readonly revocationEffect: 'never' | 'at-reload' | 'at-handshake';
  /** A reload ends the live sessions of certificates that have been revoked. */
  readonly reloadCutsRevoked: boolean;
  /** A session ends when the certificate that it was opened with expires. */
  readonly expiryCutsLive: boolean;
  /** A client ID that is taken over again and again is held back. */
  readonly flappingGuard: boolean;
  /** A TLS session ticket is taken without the certificate and key it was issued for. */
  readonly resumesWithoutCertificate: boolean;
}

export type CapabilityId = keyof BrokerCapabilities;
export type CapabilityValue = BrokerCapabilities[CapabilityId];

/** A title for every capability, in the order in which people read them. */
export const CAPABILITY_TITLES = {
  protocolVersions: 'MQTT versions',
  brokerEvidence: 'its own records are evidence',
  takeoverVisible: 'evidence names takeovers',
  certificateVisible: 'evidence names certificates',
  closeReasonVisible: 'evidence tells DISCONNECT from a lost connection',
  refusalReasonVisible: 'evidence says why a certificate was refused',
  sendsSessionTakenOver: 'evicted MQTT 5 client gets DISCONNECT 0x8E',
  takeoverWinner: 'who stays of two with one client ID',
  takeoverOrder: 'evidence of a takeover begins with',
  bindsSessionToCertificate: "another certificate can't have a kept session",
  bindsClientId: 'client ID is bound to the certificate',
  revocationEffect: 'a changed revocation list takes effect',
  reloadCutsRevoked: 'reload ends live sessions of revoked certificates',
  expiryCutsLive: 'a session ends when its certificate expires',
  flappingGuard: 'quick takeovers are held back',
  resumesWithoutCertificate: 'TLS ticket is taken without its certificate',
} satisfies Record<CapabilityId, string>;
