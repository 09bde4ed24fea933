/**
 * Certificate revocation lists (RFC 5280 §5) from outside: what they say, and whether their issuer
 * signed them. What keeps a list from being complete (delta lists, lists of a part, entries of
 * other issuers, critical extensions unknown here) is told, so that its silence proves nothing.
 */
import { verify, type X509Certificate } from 'node:crypto';
import type { EpochMs } from '../core/time.ts';
import { type Asn1, type Asn1Node, childrenOf } from './asn1.ts';
import { distinguishedName } from './distinguished-name.ts';

/** Reason codes of RFC 5280 §5.3.1; 7 is not used there. */
export const REVOCATION_REASONS = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
] as const;
export type RevocationReason = NonNullable<(typeof REVOCATION_REASONS)[number]>;

/** One entry of a list. */
export interface RevokedCertificate {
  /** Lower-case hex in whole bytes, as certificates state it. */
  readonly serialNumber: string;
  readonly revokedAt: EpochMs;
  readonly reason?: RevocationReason;
  /** When the key was or may have been compromised; before `revokedAt`. */
  readonly invalidityDate?: EpochMs;
}

/** What a list says. Identifiers and numbers are lower-case hex. */
export interface RevocationList {
  /** RFC 4514 text of the issuer's name. */
  readonly issuer: string;
  readonly thisUpdate: EpochMs;
  /** By when its issuer promises a newer one. */
  readonly nextUpdate?: EpochMs;
  readonly crlNumber?: string;
  readonly authorityKeyIdentifier?: string;
  readonly revoked: readonly RevokedCertificate[];
  /** Holds only changes since another list. */
  readonly isDelta: boolean;
  /** Speaks only of a part of its issuer's certificates (issuingDistributionPoint). */
  readonly isPartial: boolean;
  /** Names entries of other issuers. */
  readonly isIndirect: boolean;
  /** Object identifiers of critical extensions that are not understood here. */
  readonly unknownCritical: readonly string[];
  readonly signature: {
    readonly algorithm: string;
    readonly signedBytes: Buffer;
    readonly value: Buffer;
  };
}

const OID = {
  authorityKeyIdentifier: '2.5.29.35',
  crlNumber: '2.5.29.20',
  deltaIndicator: '2.5.29.27',
  distributionPoint: '2.5.29.28',
  reason: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  certificateIssuer: '2.5.29.29',
} as const;

/** Universal tags, and the context tag of a list's extensions. */
const TAG = { boolean: 1, integer: 2, octets: 4, enumerated: 10, sequence: 16 } as const;
const TIMES = new Set([23, 24]);

/** Reads one DER list. Throws on what is none. */
export function readCrl(asn1: Asn1, der: Buffer): RevocationList {
  const [toBeSigned, algorithm, signature, more] = childrenOf(asn1.decode(der));
  const algorithmId = childrenOf(algorithm)[0];
  if (!toBeSigned || !algorithmId || !signature || more) throw notACrl();
  const fields = childrenOf(toBeSigned);
  const take = (fits: (node: Asn1Node) => boolean): Asn1Node | undefined =>
    fields[0] !== undefined && fits(fields[0]) ? fields.shift() : undefined;
  take((node) => isUniversal(node, TAG.integer));
  const [, issuer] = fields.splice(0, 2);
  const thisUpdate = take(isTime);
  if (!issuer || !thisUpdate) throw notACrl();
  const nextUpdate = take(isTime);
  const entries = take((node) => isUniversal(node, TAG.sequence));
  const extensions = readExtensions(asn1, childrenOf(fields[0])[0]);
  const read = childrenOf(entries).map((entry) => readEntry(asn1, entry));
  const facts = listFacts(asn1, extensions);
  return {
    issuer: distinguishedName(asn1, issuer),
    thisUpdate: asn1.epochMs(thisUpdate),
    ...(nextUpdate === undefined ? {} : { nextUpdate: asn1.epochMs(nextUpdate) }),
    ...facts,
    isIndirect: facts.isIndirect || read.some((entry) => entry.isForeign),
    unknownCritical: [
      ...new Set([
        ...unknownCritical(extensions, LIST_EXTENSIONS),
        ...read.flatMap((entry) => entry.unknownCritical),
      ]),
    ],
    revoked: read.filter((entry) => !entry.isForeign).map((entry) => entry.revoked),
    signature: {
      algorithm: asn1.dotted(algorithmId),
      signedBytes: firstElement(der),
      value: asn1.content(signature).subarray(1),
    },
  };
}

/** How signatures are checked, by object identifier (RFC 5758, 4055, 8410). Null: no hash of its own. */
const HASHES: Readonly<Record<string, string | null>> = {
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.3.101.112': null,
  '1.3.101.113': null,
};

/**
 * `issuer` signed the list; undefined for an algorithm that is not supported (SHA-1, MD5, RSASSA-PSS
 * among them). Names are the caller's to compare.
 */
export function crlIsSignedBy(
  { signature }: RevocationList,
  issuer: X509Certificate,
): boolean | undefined {
  const hash = HASHES[signature.algorithm];
  if (hash === undefined) return undefined;
  try {
    return verify(hash, signature.signedBytes, issuer.publicKey, signature.value);
  } catch {
    return false;
  }
}

/** Serial number of an INTEGER's content: hex in whole bytes, as OpenSSL and Node print it. */
export function serialText(content: Uint8Array): string {
  const bytes = Buffer.from(content);
  const negative = (bytes[0] ?? 0) >= 0x80;
  const magnitude = negative
    ? (1n << BigInt(bytes.length * 8)) - BigInt(`0x${bytes.toString('hex')}`)
    : BigInt(`0x${bytes.toString('hex') || '0'}`);
  const hex = magnitude.toString(16);
  return `${negative ? '-' : ''}${hex.length % 2 === 0 ? hex : `0${hex}`}`;
}

interface Extension {
  readonly critical: boolean;
  readonly content: Buffer;
}
type Extensions = ReadonlyMap<string, Extension>;

const LIST_EXTENSIONS: readonly string[] = [
  OID.authorityKeyIdentifier,
  OID.crlNumber,
  OID.deltaIndicator,
  OID.distributionPoint,
];
const ENTRY_EXTENSIONS: readonly string[] = [OID.reason, OID.invalidityDate, OID.certificateIssuer];

function readExtensions(asn1: Asn1, list: Asn1Node | undefined): Extensions {
  const found = new Map<string, Extension>();
  for (const extension of childrenOf(list)) {
    const [oid, second, third] = childrenOf(extension);
    const content = third ?? second;
    if (oid === undefined || content === undefined) throw notACrl();
    const critical = third !== undefined && second !== undefined && asn1.content(second)[0] !== 0;
    found.set(asn1.dotted(oid), { critical, content: asn1.content(content) });
  }
  return found;
}

function unknownCritical(extensions: Extensions, known: readonly string[]): string[] {
  return [...extensions].flatMap(([oid, { critical }]) =>
    critical && !known.includes(oid) ? [oid] : [],
  );
}

function listFacts(asn1: Asn1, extensions: Extensions) {
  const decoded = (oid: string): Asn1Node | undefined => {
    const extension = extensions.get(oid);
    return extension === undefined ? undefined : asn1.decode(extension.content);
  };
  const number = decoded(OID.crlNumber);
  const keyId = childrenOf(decoded(OID.authorityKeyIdentifier)).find(
    (part) => Number(part.type) === 0,
  );
  // RFC 5280 §5.2.5: [0] the point, [1] [2] [3] [5] restrictions, [4] indirect.
  const scope = childrenOf(decoded(OID.distributionPoint)).map((part) => Number(part.type));
  return {
    ...(number === undefined ? {} : { crlNumber: serialText(asn1.content(number)) }),
    ...(keyId === undefined ? {} : { authorityKeyIdentifier: asn1.content(keyId).toString('hex') }),
    isDelta: extensions.has(OID.deltaIndicator),
    isPartial: scope.some((tag) => tag !== 4),
    isIndirect: scope.includes(4),
  };
}

function readEntry(asn1: Asn1, node: Asn1Node) {
  const [serial, date, list] = childrenOf(node);
  if (!serial || !isUniversal(serial, TAG.integer) || !date || !isTime(date)) throw notACrl();
  const extensions = readExtensions(asn1, list);
  const reason = extensions.get(OID.reason);
  const invalidity = extensions.get(OID.invalidityDate);
  const code = reason && asn1.content(asn1.decode(reason.content))[0];
  const name = code === undefined ? undefined : REVOCATION_REASONS[code];
  const revoked: RevokedCertificate = {
    serialNumber: serialText(asn1.content(serial)),
    revokedAt: asn1.epochMs(date),
    ...(name === undefined ? {} : { reason: name }),
    ...(invalidity === undefined
      ? {}
      : { invalidityDate: asn1.epochMs(asn1.decode(invalidity.content)) }),
  };
  return {
    revoked,
    isForeign: extensions.has(OID.certificateIssuer),
    unknownCritical: unknownCritical(extensions, ENTRY_EXTENSIONS),
  };
}

function isUniversal(node: Asn1Node, tag: number): boolean {
  return Number(node.tagClass) === 0 && Number(node.type) === tag;
}

function isTime(node: Asn1Node): boolean {
  return Number(node.tagClass) === 0 && TIMES.has(Number(node.type));
}

/** The bytes of the first element inside `der` as they stand there: what was signed. */
function firstElement(der: Buffer): Buffer {
  const start = elementHeader(der, 0).contentAt;
  const { contentAt, length } = elementHeader(der, start);
  return der.subarray(start, contentAt + length);
}

function elementHeader(der: Buffer, at: number) {
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return { contentAt: at + 2, length: first };
  const size = first & 0x7f;
  // DER has no indefinite lengths, and no list has 2^48 bytes.
  if (size === 0 || size > 6 || at + 2 + size > der.length) throw notACrl();
  return { contentAt: at + 2 + size, length: der.readUIntBE(at + 2, size) };
}

function notACrl(): Error {
  return new Error('not a certificate revocation list');
}
