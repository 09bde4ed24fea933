/**
 * Certificates and revocation lists as an audit takes them: plain data, each certificate once and
 * linked to its issuer by signature, each revocation from a list whose signature was checked. What
 * could not be relied on is a note, never a revocation.
 */
import type { KeyObject, X509Certificate } from 'node:crypto';
import { plural, printable } from '../core/text.ts';
import type { EpochMs } from '../core/time.ts';
import { type Asn1, loadAsn1 } from './asn1.ts';
import { type FoundCertificate, type FoundList, findCertificates } from './certificate-files.ts';
import { crlIsSignedBy, type RevocationReason } from './crl.ts';
import { type CertificateDetails, readCertificate } from './read-certificate.ts';

/** Where evidence is read, and when it is judged. */
export interface CertificateSources {
  /** Stores, folders, PEM or DER files; lists among them are read too. */
  readonly certificates: readonly string[];
  /** Files of revocation lists; certificates among them are read too. */
  readonly revocationLists?: readonly string[];
  /** Lists whose successor was due before are noted. */
  readonly now: EpochMs;
}

/** The audit's `CertificateEvidence`. Reads all sources. Throws a `UserError` for a named one that can't be read or holds nothing. */
export async function loadCertificateEvidence(sources: CertificateSources) {
  const asn1 = await loadAsn1();
  const paths = [...sources.certificates, ...(sources.revocationLists ?? [])];
  const found = await findCertificates(asn1, paths);
  const notes = [...found.notes];
  const known = describeAll(asn1, found.certificates, notes);
  const authorities = groupBySubject(known);
  for (const one of known) one.issuerCertificateId = issuerOf(one, authorities);
  const lists = found.lists.flatMap((list) => judgeList(list, authorities, sources.now, notes));
  const revocations = applyLists(lists);
  return {
    certificates: known.map(({ details, key, file, issuerCertificateId }) => {
      const { certificateId, basicConstraints, keyBits, serialNumber } = details;
      const revoked =
        issuerCertificateId && revocations.get(`${issuerCertificateId} ${serialNumber}`);
      return {
        certificateId,
        role: basicConstraints?.ca ? ('ca' as const) : ('device' as const),
        subject: details.subject,
        issuer: details.issuer,
        serialNumber,
        notBefore: details.notBefore,
        notAfter: details.notAfter,
        keyType: details.keyType,
        ...(keyBits === undefined ? {} : { keyBits }),
        ...keyFacts(key),
        signatureAlgorithm: details.signatureAlgorithm,
        ...(issuerCertificateId === undefined ? {} : { issuerCertificateId }),
        ...(revoked ? { revoked } : {}),
        file,
      };
    }),
    revocationLists: lists.map(({ summary }) => summary),
    notes,
  };
}

interface Known {
  readonly details: CertificateDetails;
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  readonly file: string;
  issuerCertificateId: string | undefined;
}

/** Each certificate once; those that can't be understood are counted. */
function describeAll(asn1: Asn1, found: readonly FoundCertificate[], notes: string[]): Known[] {
  const known = new Map<string, Known>();
  const damaged = new Set<string>();
  for (const { certificate, file } of found) {
    try {
      const details = readCertificate(asn1, certificate.raw);
      if (known.has(details.certificateId)) continue;
      const key = certificate.publicKey;
      known.set(details.certificateId, {
        details,
        certificate,
        key,
        file,
        issuerCertificateId: undefined,
      });
    } catch {
      damaged.add(file);
    }
  }
  if (damaged.size > 0) {
    const [example = ''] = damaged;
    const files = plural(damaged.size, 'file');
    notes.push(
      `certificates with a key or a field that is not understood, in ${files}: ${example}`,
    );
  }
  return [...known.values()];
}

function keyFacts(key: KeyObject) {
  const { namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType !== 'rsa') return namedCurve === undefined ? {} : { curve: namedCurve };
  const { n = '', e = '' } = key.export({ format: 'jwk' });
  const hex = (text: string): string =>
    Buffer.from(text, 'base64url').toString('hex').replace(/^0+/, '') || '0';
  return { modulus: hex(n), publicExponent: hex(e) };
}

type BySubject = ReadonlyMap<string, readonly Known[]>;

function groupBySubject(known: readonly Known[]): BySubject {
  const authorities = new Map<string, Known[]>();
  for (const one of known) {
    if (!one.details.basicConstraints?.ca) continue;
    const { subject } = one.details;
    authorities.set(subject, [...(authorities.get(subject) ?? []), one]);
  }
  return authorities;
}

/** By name and signature; a root has no other issuer. */
function issuerOf({ details, certificate }: Known, authorities: BySubject): string | undefined {
  if (details.selfIssued) return undefined;
  const issuer = authorities.get(details.issuer)?.find(({ key }) => {
    try {
      return certificate.verify(key);
    } catch {
      return false;
    }
  });
  return issuer?.details.certificateId;
}

/** A list as evidence, and what it may revoke. */
interface JudgedList extends FoundList {
  readonly summary: {
    readonly issuer: string;
    readonly issuerCertificateId?: string;
    readonly thisUpdate: EpochMs;
    readonly nextUpdate?: EpochMs;
    readonly verified: boolean;
    readonly complete: boolean;
    readonly entries: number;
    readonly file: string;
  };
}

/** One per authority certificate whose key signed it: renewed ones share a key. */
function judgeList(
  found: FoundList,
  authorities: BySubject,
  now: EpochMs,
  notes: string[],
): JudgedList[] {
  const { list, file } = found;
  const { issuer, thisUpdate, nextUpdate } = list;
  const named = authorities.get(issuer) ?? [];
  const may = named.filter(({ details: { keyUsage } }) => {
    // RFC 5280 §6.3.3 (f).
    return keyUsage === undefined || keyUsage.usages.includes('CRL Sign');
  });
  const signers = may.filter(({ certificate }) => crlIsSignedBy(list, certificate));
  const note = (text: string): number =>
    notes.push(`${file}: the list of ${printable(issuer)} ${text}`);
  if (named.length === 0) note('was left out: the certificate of its issuer was not given');
  else if (may.length === 0) note('was left out: its issuer is not allowed to sign lists');
  else if (signers.length === 0) {
    const unknown = may.some(({ certificate }) => crlIsSignedBy(list, certificate) === undefined);
    const why = unknown ? `its signature algorithm is not supported` : 'its signature is wrong';
    note(`was left out: ${why}`);
  }
  const strange = list.unknownCritical.length > 0;
  if (strange) note(`was left out: critical extension ${list.unknownCritical.join(', ')}`);
  if (list.isDelta) note('is a delta list: it counts, its silence does not');
  if (list.isPartial) note('is for a part of the certificates: it counts, its silence does not');
  if (list.isIndirect) note('names certificates of other issuers: those were left out');
  if (thisUpdate > now) note(`is from the future (${iso(thisUpdate)})`);
  if (nextUpdate !== undefined && nextUpdate < now) note(`is stale since ${iso(nextUpdate)}`);
  const common = {
    issuer,
    thisUpdate,
    ...(nextUpdate === undefined ? {} : { nextUpdate }),
    verified: signers.length > 0 && !strange,
    complete: !list.isDelta && !list.isPartial && !list.isIndirect,
    entries: list.revoked.length,
    file,
  };
  if (signers.length === 0) return [{ ...found, summary: common }];
  return signers.map(({ details: { certificateId } }) => ({
    ...found,
    summary: { ...common, issuerCertificateId: certificateId },
  }));
}

interface FoundRevocation {
  readonly at: EpochMs;
  readonly reason?: RevocationReason;
  readonly source: string;
}

/** Revocations by issuer and serial number. Lists follow one another; a newer one ends a hold. */
function applyLists(lists: readonly JudgedList[]): ReadonlyMap<string, FoundRevocation> {
  const revoked = new Map<string, FoundRevocation>();
  const usable = lists
    .filter(({ summary }) => summary.verified)
    .sort((a, b) => a.summary.thisUpdate - b.summary.thisUpdate);
  for (const { list, summary, file } of usable) {
    const prefix = `${summary.issuerCertificateId} `;
    if (summary.complete) endHolds(revoked, prefix);
    for (const { serialNumber, revokedAt, reason } of list.revoked) {
      const key = prefix + serialNumber;
      if (reason === 'removeFromCRL') revoked.delete(key);
      else if (!revoked.has(key)) {
        const why = reason === undefined ? {} : { reason };
        revoked.set(key, { at: revokedAt, ...why, source: file });
      }
    }
  }
  return revoked;
}

/** Expired certificates leave a list as well, so that only a hold ends by silence. */
function endHolds(revoked: Map<string, FoundRevocation>, prefix: string): void {
  for (const [key, { reason }] of revoked) {
    if (reason === 'certificateHold' && key.startsWith(prefix)) revoked.delete(key);
  }
}

function iso(at: EpochMs): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString();
}
