/** The words of the identity layer. Plain data; X.509 terms as in RFC 5280. */

export const KEY_TYPES = ['P-256', 'P-384', 'RSA-2048', 'RSA-3072'] as const;
export type KeyType = (typeof KEY_TYPES)[number];

/** A certificate that a plan asks for. */
export interface CertificateRequest {
  /** Name in the store, unique there; letters, digits, `.`, `_` and `-`. */
  readonly name: string;
  /** Common name of the subject: the thing the certificate is issued to. */
  readonly thingName: string;
  readonly keyType: KeyType;
}

/** A certificate with its key, ready for a TLS handshake. The key never leaves memory but for 0600 files. */
export interface Credential {
  readonly name: string;
  readonly thingName: string;
  /** Lower-case hex SHA-256 of the DER certificate: AWS's principal for X.509. */
  readonly certificateId: string;
  /** Serial number, lower-case hex. */
  readonly serialNumber: string;
  /** The certificate, followed by intermediate certificates if there are any. */
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}
