/**
 * Builds certificate revocation lists: RFC 5280 v2 with CRL number and authority key identifier,
 * entries with reason and invalidity date. Signed by an authority of ours or an imported one.
 */
import { sign } from 'node:crypto';
import type { EpochMs } from '../core/time.ts';
import type { Asn1, Asn1Node } from './asn1.ts';
import type { Authority } from './authority.ts';
import { REVOCATION_REASONS, type RevokedCertificate } from './crl.ts';
import { encodePem } from './pem.ts';

/** What a new list says. */
export interface CrlContent {
  readonly thisUpdate: EpochMs;
  readonly nextUpdate: EpochMs;
  /** CRLNumber: grows from one list of an authority to its next. */
  readonly number: number;
  readonly revoked: readonly RevokedCertificate[];
  /** Number of the base list, for a delta list; none by default. */
  readonly deltaOf?: number;
}

const VERSION_2 = Buffer.of(1);
const OID = {
  crlNumber: '2.5.29.20',
  deltaIndicator: '2.5.29.27',
  reason: '2.5.29.21',
  invalidityDate: '2.5.29.24',
} as const;
const ENUMERATED = 0x0a;
const GENERALIZED_TIME = 0x18;

/** DER of a signed list. Throws a RangeError for numbers that are none. */
export function buildCrl(authority: Authority, content: CrlContent): Buffer {
  const { asn1 } = authority.tools;
  const { name, algorithm, authorityKeyIdentifier, hash, key } = authority.issuer;
  const { number, deltaOf, revoked } = content;
  const entries = revoked.map((entry) => encodeEntry(asn1, entry));
  const extensions = asn1.sequence(
    authorityKeyIdentifier,
    extension(asn1, OID.crlNumber, integer(asn1, number)),
    ...(deltaOf === undefined ? [] : [criticalDelta(asn1, deltaOf)]),
  );
  const toBeSigned = asn1.encode(
    asn1.sequence(
      asn1.unsigned(VERSION_2),
      algorithm,
      name,
      asn1.time(wholeSeconds(content.thisUpdate)),
      asn1.time(wholeSeconds(content.nextUpdate)),
      // RFC 5280 §5.1.2.6: without entries the field is left out.
      ...(entries.length === 0 ? [] : [asn1.sequence(...entries)]),
      asn1.explicit(0, extensions),
    ),
  );
  const signature = sign(hash, toBeSigned, key);
  return asn1.encode(asn1.sequence(asn1.encoded(toBeSigned), algorithm, asn1.bits(signature)));
}

/** DER as a PEM block `X509 CRL`. */
export function crlPem(der: Buffer): string {
  return encodePem('X509 CRL', der);
}

function encodeEntry(asn1: Asn1, entry: RevokedCertificate): Asn1Node {
  const { serialNumber, revokedAt, reason, invalidityDate } = entry;
  const extensions: Asn1Node[] = [];
  // RFC 5280 §5.3.1: «unspecified» is said by saying nothing.
  if (reason !== undefined && reason !== 'unspecified') {
    const code = asn1.encoded(Buffer.of(ENUMERATED, 1, REVOCATION_REASONS.indexOf(reason)));
    extensions.push(extension(asn1, OID.reason, code));
  }
  if (invalidityDate !== undefined) {
    extensions.push(extension(asn1, OID.invalidityDate, generalizedTime(asn1, invalidityDate)));
  }
  return asn1.sequence(
    asn1.unsigned(Buffer.from(serialNumber, 'hex')),
    asn1.time(wholeSeconds(revokedAt)),
    ...(extensions.length === 0 ? [] : [asn1.sequence(...extensions)]),
  );
}

function extension(asn1: Asn1, oid: string, value: Asn1Node): Asn1Node {
  return asn1.sequence(asn1.oid(oid), asn1.octets(asn1.encode(value)));
}

function criticalDelta(asn1: Asn1, base: number): Asn1Node {
  const value = asn1.octets(asn1.encode(integer(asn1, base)));
  return asn1.sequence(asn1.oid(OID.deltaIndicator), asn1.boolean(true), value);
}

function integer(asn1: Asn1, value: number): Asn1Node {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError('a CRL number is a whole number from 0 on');
  }
  const hex = value.toString(16);
  return asn1.unsigned(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'));
}

/** Invalidity dates are GeneralizedTime even before 2050 (RFC 5280 §5.3.2). */
function generalizedTime(asn1: Asn1, at: EpochMs): Asn1Node {
  const digits = new Date(at).toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '');
  const content = Buffer.from(digits, 'latin1');
  return asn1.encoded(Buffer.concat([Buffer.of(GENERALIZED_TIME, content.length), content]));
}

function wholeSeconds(at: EpochMs): EpochMs {
  return Math.floor(at / 1000) * 1000;
}
