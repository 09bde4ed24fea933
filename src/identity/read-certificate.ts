/**
 * Reads what a certificate says, in the words of `openssl x509 -text`: names, validity, key,
 * signature algorithm and the extensions that decide about its use. Pure; the input is untrusted.
 */
import { X509Certificate } from 'node:crypto';
import type { EpochMs } from '../core/time.ts';
import { type Asn1, type Asn1Node, childrenOf } from './asn1.ts';
import { certificateIdOf } from './certificate.ts';
import { commonNameOf, distinguishedName } from './distinguished-name.ts';
import { type CertificateExtensions, readExtensions } from './extensions.ts';
import { keyBitsOf, keyTypeOf } from './keys.ts';

/** A certificate's content. Identifiers and the serial number are lower-case hex. */
export interface CertificateDetails extends CertificateExtensions {
  readonly certificateId: string;
  /** 1 or 3. */
  readonly version: number;
  readonly serialNumber: string;
  /** RFC 4514 text, the most specific part first. */
  readonly subject: string;
  readonly issuer: string;
  readonly commonName?: string;
  readonly notBefore: EpochMs;
  readonly notAfter: EpochMs;
  /** `P-256`, `RSA-2048`, …, or OpenSSL's name of the key type. */
  readonly keyType: string;
  readonly keyBits?: number;
  /** OpenSSL's name, such as `ecdsa-with-SHA256`; dotted when it is an unusual one. */
  readonly signatureAlgorithm: string;
  readonly selfIssued: boolean;
}

/** Details, and the encoded subject for certificates that this one issues. */
export interface ReadCertificate extends CertificateDetails {
  readonly subjectDer: Buffer;
}

/** Reads one DER certificate. Throws on what is not an X.509 certificate. */
export function readCertificate(asn1: Asn1, der: Buffer): ReadCertificate {
  const certificate = new X509Certificate(der);
  const [toBeSigned, algorithm] = childrenOf(asn1.decode(der));
  const fields = childrenOf(toBeSigned);
  const version = isContext(fields[0], 0) ? fields.shift() : undefined;
  const [serial, , issuer, validity, subject] = fields;
  const [notBefore, notAfter] = childrenOf(validity);
  if (!serial || !issuer || !subject || !notBefore || !notAfter) throw notACertificate();
  const signature = childrenOf(algorithm)[0];
  const commonName = commonNameOf(asn1, subject);
  const keyBits = keyBitsOf(certificate.publicKey);
  return {
    certificateId: certificateIdOf(der),
    version: version === undefined ? 1 : (asn1.content(first(version))[0] ?? 0) + 1,
    serialNumber: certificate.serialNumber.toLowerCase(),
    subject: distinguishedName(asn1, subject),
    issuer: distinguishedName(asn1, issuer),
    ...(commonName === undefined ? {} : { commonName }),
    notBefore: asn1.epochMs(notBefore),
    notAfter: asn1.epochMs(notAfter),
    keyType: keyTypeOf(certificate.publicKey),
    ...(keyBits === undefined ? {} : { keyBits }),
    signatureAlgorithm: signatureName(asn1, signature),
    selfIssued: asn1.encode(subject).equals(asn1.encode(issuer)),
    ...readExtensions(
      asn1,
      fields.find((field) => isContext(field, 3)),
    ),
    subjectDer: asn1.encode(subject),
  };
}

const SIGNATURE_NAMES: Readonly<Record<string, string>> = {
  '1.2.840.10045.4.1': 'ecdsa-with-SHA1',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.2.840.113549.1.1.10': 'rsassaPss',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.3.101.112': 'ED25519',
  '1.3.101.113': 'ED448',
};

function signatureName(asn1: Asn1, algorithm: Asn1Node | undefined): string {
  if (algorithm === undefined) throw notACertificate();
  const oid = asn1.dotted(algorithm);
  return SIGNATURE_NAMES[oid] ?? oid;
}

function first(node: Asn1Node): Asn1Node {
  const [child] = childrenOf(node);
  if (child === undefined) throw notACertificate();
  return child;
}

function isContext(node: Asn1Node | undefined, tag: number): boolean {
  const contextSpecific: number = 0x80;
  return node !== undefined && node.tagClass === contextSpecific && Number(node.type) === tag;
}

function notACertificate(): Error {
  return new Error('not an X.509 certificate');
}
