/**
 * Broker rules: what a fix asks a broker to enforce, as plain data that scenarios carry and adapters
 * turn into their own configuration. Which adapter can do what is its own to say.
 */

/** Refuse or replace a client ID that is not the common name of the certificate. */
interface ClientIdBound {
  readonly rule: 'client-id-bound';
}

/** Let nobody in without a certificate of the fleet's authority. */
interface CertificateRequired {
  readonly rule: 'certificate-required';
}

/** Refuse the certificates of these groups, which stand on the revocation list from the start. */
interface Revoked {
  readonly rule: 'revocation-list';
  readonly groups: readonly string[];
}

/** Hold at most so many connections. */
interface ConnectionLimit {
  readonly rule: 'connection-limit';
  readonly connectionsMax: number;
}

/** Refuse a client ID for a while once it has connected more than so often within a window. */
export interface FlappingBan {
  readonly rule: 'flapping-ban';
  readonly connectsMax: number;
  readonly windowMs: number;
  readonly banMs: number;
}

export type BrokerRule =
  | ClientIdBound
  | CertificateRequired
  | Revoked
  | ConnectionLimit
  | FlappingBan;
export type BrokerRuleId = BrokerRule['rule'];

/** What becomes of a client ID that is not the certificate's common name. */
export type ClientIdBinding = 'replaced' | 'refused';
