/**
 * Builds and signs one X.509 v3 certificate (RFC 5280 §4.1). The same code serves devices, servers
 * and authorities; what differs comes in as encoded parts. Randomness is the system's: keys and
 * serials must not follow from a scenario's seed.
 */
import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { EpochMs } from '../core/time.ts';
import type { Asn1, Asn1Node } from './asn1.ts';
import type { KeyMaker, KeyPair } from './keys.ts';
import type { Profile } from './profile.ts';

/** What certificate building needs, loaded once. */
export interface Toolkit {
  readonly asn1: Asn1;
  readonly keys: KeyMaker;
  readonly profile: Profile;
}

/** Whole seconds, as X.509 times are. */
export interface Validity {
  readonly notBefore: EpochMs;
  readonly notAfter: EpochMs;
}

/** Who signs: key, algorithm and the issuer's parts of a certificate. */
export interface Issuer {
  readonly name: Asn1Node;
  readonly authorityKeyIdentifier: Asn1Node;
  readonly algorithm: Asn1Node;
  /** Null for Ed25519, which hashes by itself. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null;
  readonly key: KeyObject;
}

/** The parts of a certificate that are its own. */
export interface CertificateParts {
  readonly subject: Asn1Node;
  readonly keys: Pick<KeyPair, 'keyType' | 'publicKeyBits'>;
  readonly keyId: Uint8Array;
  readonly validity: Validity;
  readonly serial: Uint8Array;
  /** Extensions besides the two key identifiers, in order. */
  readonly extensions: readonly Asn1Node[];
}

const VERSION_3 = Buffer.of(2);

/** DER of the signed certificate. */
export function signCertificate(tools: Toolkit, issuer: Issuer, parts: CertificateParts): Buffer {
  const { asn1, keys, profile } = tools;
  const spki = asn1.sequence(
    keys.algorithm(parts.keys.keyType),
    asn1.bits(parts.keys.publicKeyBits),
  );
  const extensions = asn1.sequence(
    ...parts.extensions,
    profile.subjectKeyIdentifier(parts.keyId),
    issuer.authorityKeyIdentifier,
  );
  const toBeSigned = asn1.sequence(
    asn1.explicit(0, asn1.unsigned(VERSION_3)),
    asn1.unsigned(parts.serial),
    issuer.algorithm,
    issuer.name,
    asn1.sequence(asn1.time(parts.validity.notBefore), asn1.time(parts.validity.notAfter)),
    parts.subject,
    spki,
    asn1.explicit(3, extensions),
  );
  const tbs = asn1.encode(toBeSigned);
  const signature = sign(issuer.hash, tbs, issuer.key);
  return asn1.encode(asn1.sequence(asn1.encoded(tbs), issuer.algorithm, asn1.bits(signature)));
}

/** Key identifier: SHA-1 over the public key bits (RFC 5280 §4.2.1.2, method 1). A name, not a proof. */
export function keyIdentifier(publicKeyBits: Uint8Array): Buffer {
  return createHash('sha1').update(publicKeyBits).digest();
}

/** A random serial number of exactly 128 bits as written in hex: its first byte is never zero. */
export function randomSerial(): Buffer {
  for (;;) {
    const serial = randomBytes(16);
    if (serial[0] !== 0) return serial;
  }
}

/** AWS's certificate ID: lower-case hex SHA-256 of the DER certificate. */
export function certificateIdOf(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex');
}

/** Cuts both ends to whole seconds. */
export function validityOf(notBefore: EpochMs, notAfter: EpochMs): Validity {
  const seconds = (at: EpochMs): EpochMs => Math.floor(at / 1000) * 1000;
  return { notBefore: seconds(notBefore), notAfter: seconds(notAfter) };
}
