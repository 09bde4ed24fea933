/**
 * What an audit may know besides connections: certificates and revocation lists. They are read
 * outside of the audit (by the identity layer) and given to it as plain data, so that a check can
 * judge a certificate alone or together with the sessions that used it.
 */
import type { EpochMs } from '../core/time.ts';

/** AWS's states of a registered certificate (`CertificateStatus`, `CACertificateStatus`). */
export type RegistrationStatus =
  | 'ACTIVE'
  | 'INACTIVE'
  | 'REVOKED'
  | 'PENDING_TRANSFER'
  | 'REGISTER_INACTIVE'
  | 'PENDING_ACTIVATION';

/** That a certificate stands in a revocation list of its issuer (RFC 5280 §5.3). */
export interface Revocation {
  /** Its `revocationDate`. */
  readonly at: EpochMs;
  /** CRLReason by its name in RFC 5280 §5.3.1, such as `keyCompromise`. */
  readonly reason?: string;
  /** The list's file. */
  readonly source: string;
}

/** A certificate as evidence. Identifiers, serial number and modulus are lower-case hex. */
export interface AuditCertificate {
  readonly certificateId: string;
  /** `ca` for one that issues others, by its basic constraints. */
  readonly role: 'device' | 'ca';
  /** RFC 4514 text, the most specific part first. */
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  readonly notBefore: EpochMs;
  readonly notAfter: EpochMs;
  /** `P-256`, `RSA-2048`, … or OpenSSL's name. */
  readonly keyType: string;
  readonly keyBits?: number;
  /** Of an elliptic-curve key, by OpenSSL's name, such as `prime256v1`. */
  readonly curve?: string;
  /** Of an RSA key, without leading zeros. */
  readonly modulus?: string;
  readonly publicExponent?: string;
  readonly signatureAlgorithm?: string;
  /** Certificate ID of its issuer, when that is among the evidence. */
  readonly issuerCertificateId?: string;
  /** Undefined: not known; a check then takes it for active. */
  readonly status?: RegistrationStatus;
  /** When it was registered or activated, if known; otherwise its age counts from `notBefore`. */
  readonly activatedAt?: EpochMs;
  readonly revoked?: Revocation;
  /** Where it was read. */
  readonly file: string;
}

/** A revocation list that was read, and how far it can be relied on. */
export interface AuditRevocationList {
  readonly issuer: string;
  /** When the issuer's certificate is among the evidence. */
  readonly issuerCertificateId?: string;
  readonly thisUpdate: EpochMs;
  readonly nextUpdate?: EpochMs;
  /** Its signature was checked with the issuer's certificate. */
  readonly verified: boolean;
  /** False when its silence proves nothing: delta lists, lists of a part, unknown extensions. */
  readonly complete?: boolean;
  readonly entries: number;
  readonly file: string;
}

/** All certificates that an audit is given; each certificate ID occurs once. */
export interface CertificateEvidence {
  readonly certificates: readonly AuditCertificate[];
  readonly revocationLists: readonly AuditRevocationList[];
  /** Sentences on what could not be read or verified. */
  readonly notes: readonly string[];
}

/** Whether a certificate is one that AWS's checks look at: ACTIVE or PENDING_TRANSFER. */
export function isActive({ status }: AuditCertificate): boolean {
  return status === undefined || status === 'ACTIVE' || status === 'PENDING_TRANSFER';
}
