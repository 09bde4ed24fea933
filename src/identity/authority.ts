/**
 * Certificate authorities: made, or read from PEM. An {@link Authority} is ready to issue: all that
 * is constant about its certificates is encoded. Whoever reads one gets every problem at once.
 */
import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  type X509Certificate,
} from 'node:crypto';
import type { Problem } from '../core/errors.ts';
import { DAY_MS, type EpochMs } from '../core/time.ts';
import { childrenOf, loadAsn1 } from './asn1.ts';
import {
  certificateIdOf,
  type Issuer,
  keyIdentifier,
  randomSerial,
  signCertificate,
  type Toolkit,
  type Validity,
  validityOf,
} from './certificate.ts';
import { keyMaker, keyTypeOf } from './keys.ts';
import { encodePem } from './pem.ts';
import { certificateProfile } from './profile.ts';
import { readCertificate } from './read-certificate.ts';
import { readCertificates, readPrivateKey } from './read-pem.ts';
import type { KeyType } from './types.ts';

/** Certificates begin this long before now, for machines whose clocks are behind. */
export const CLOCK_SKEW_MS = 5 * 60_000;

const AUTHORITY_LIFETIME_MS = 3650 * DAY_MS;

/** A certificate and its key as PEM. */
export interface PemPair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** A certificate authority that can issue. */
export interface Authority {
  readonly certificateId: string;
  readonly subject: string;
  readonly validity: Validity;
  /** Its certificate and the chain that was given with it: what a broker must trust. */
  readonly trustPem: string;
  /** What goes behind an issued certificate: this authority and more, unless it is a root. */
  readonly chainPem: string;
  readonly issuer: Issuer;
  readonly tools: Toolkit;
}

/** Loads node-forge and prepares certificate building. */
export async function loadToolkit(): Promise<Toolkit> {
  const asn1 = await loadAsn1();
  return { asn1, keys: keyMaker(asn1), profile: certificateProfile(asn1) };
}

/** What a new authority is like. */
export interface MintAuthorityOptions {
  readonly now: EpochMs;
  readonly keyType?: KeyType;
  /** Ten years from now by default. */
  readonly validity?: Validity;
  /** Common name; a suffix from the key is added, so that two authorities never share a name. */
  readonly title?: string;
}

/** A new self-signed authority. */
export async function mintAuthority(
  tools: Toolkit,
  { now, keyType = 'P-256', validity, title = 'doppelfleet CA' }: MintAuthorityOptions,
): Promise<PemPair> {
  const { asn1, profile } = tools;
  const keys = await tools.keys.generateAsync(keyType);
  const keyId = keyIdentifier(keys.publicKeyBits);
  const subject = profile.subject(`${title} ${keyId.toString('hex', 0, 4)}`);
  const key = createPrivateKey({ key: keys.privateKeyDer, format: 'der', type: 'pkcs8' });
  const algorithm = signatureAlgorithm(key);
  if (algorithm === undefined) throw new Error(`internal error: ${keyType} can't sign`);
  const der = signCertificate(
    tools,
    {
      name: subject,
      authorityKeyIdentifier: profile.authorityKeyIdentifier(keyId),
      algorithm: asn1.sequence(asn1.oid(algorithm.oid), ...(algorithm.rsa ? [asn1.null()] : [])),
      hash: algorithm.hash,
      key,
    },
    {
      subject,
      keys,
      keyId,
      validity: validity ?? validityOf(now - CLOCK_SKEW_MS, now + AUTHORITY_LIFETIME_MS),
      serial: randomSerial(),
      extensions: profile.fixedExtensions('authority', keyType),
    },
  );
  return {
    certificatePem: encodePem('CERTIFICATE', der),
    privateKeyPem: encodePem('PRIVATE KEY', keys.privateKeyDer),
  };
}

/** A new authority in memory, ready to issue: for benches and short-lived fleets. */
export async function newAuthority(options: MintAuthorityOptions): Promise<Authority> {
  const tools = await loadToolkit();
  const pair = await mintAuthority(tools, options);
  const names = { certificateFile: 'the new certificate', keyFile: 'its key' };
  const authority = readAuthority(tools, { ...pair, ...names });
  if ('length' in authority) throw new Error('internal error: a new authority is not readable');
  return authority;
}

/** PEM texts of an authority, with the names of their files for messages. */
export interface AuthorityFiles extends PemPair {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** An authority from PEM, or everything that keeps it from being one. */
export function readAuthority(
  tools: Toolkit,
  files: AuthorityFiles,
): Authority | readonly Problem[] {
  const problems: Problem[] = [];
  const [own, ...above] = readCertificates(files.certificatePem, files.certificateFile, problems);
  const key = readPrivateKey(files.privateKeyPem, files.keyFile, problems);
  if (own !== undefined) problems.push(...authorityProblems(own, files.certificateFile));
  if (own !== undefined && key !== undefined && !own.checkPrivateKey(key)) {
    problems.push({
      file: files.keyFile,
      message: `the key does not belong to the certificate in ${files.certificateFile}`,
      hint: 'give the key that the certificate was made with',
    });
  }
  const algorithm = key && signatureAlgorithm(key);
  if (key !== undefined && algorithm === undefined) {
    problems.push({
      file: files.keyFile,
      message: `an authority with a key of type ${keyTypeOf(key)} is not supported`,
      hint: 'use P-256, P-384, P-521, RSA or Ed25519',
    });
  }
  if (problems.length > 0 || !own || !key || !algorithm) return problems;
  return prepare(tools, { own, above, key, algorithm });
}

/** Why `authority` must not issue at `now`, or undefined. */
export function issuingProblem(
  { subject, validity }: Authority,
  now: EpochMs,
): Problem | undefined {
  const day = (at: EpochMs): string => new Date(at).toISOString();
  if (validity.notAfter <= now) {
    return {
      message: `the authority ${subject} expired at ${day(validity.notAfter)} and can't issue`,
      hint: 'import one that is valid',
    };
  }
  if (validity.notBefore > now) {
    return {
      message: `the authority ${subject} is valid from ${day(validity.notBefore)} on only`,
      hint: "check this machine's clock, or import one that is valid",
    };
  }
  return undefined;
}

interface SignatureAlgorithm {
  readonly oid: string;
  readonly hash: Issuer['hash'];
  readonly rsa?: true;
}

/** RFC 5758, RFC 4055 and RFC 8410; the hash is as strong as the curve. */
const SIGNATURE_ALGORITHMS: Readonly<Record<string, SignatureAlgorithm>> = {
  'P-256': { oid: '1.2.840.10045.4.3.2', hash: 'sha256' },
  'P-384': { oid: '1.2.840.10045.4.3.3', hash: 'sha384' },
  'P-521': { oid: '1.2.840.10045.4.3.4', hash: 'sha512' },
  rsa: { oid: '1.2.840.113549.1.1.11', hash: 'sha256', rsa: true },
  ed25519: { oid: '1.3.101.112', hash: null },
};

function signatureAlgorithm(key: KeyObject): SignatureAlgorithm | undefined {
  return SIGNATURE_ALGORITHMS[key.asymmetricKeyType === 'rsa' ? 'rsa' : keyTypeOf(key)];
}

function authorityProblems(certificate: X509Certificate, file: string): Problem[] {
  if (certificate.ca) return [];
  return [
    {
      file,
      message: 'the certificate is not an authority (basicConstraints CA, keyUsage keyCertSign)',
      hint: "give the authority's certificate, first in its file",
    },
  ];
}

interface Read {
  readonly own: X509Certificate;
  readonly above: readonly X509Certificate[];
  readonly key: KeyObject;
  readonly algorithm: SignatureAlgorithm;
}

function prepare(tools: Toolkit, { own, above, key, algorithm }: Read): Authority {
  const { asn1, profile } = tools;
  const details = readCertificate(asn1, own.raw);
  const constant = (node: Parameters<typeof asn1.encode>[0]) => asn1.encoded(asn1.encode(node));
  const parameters = algorithm.rsa ? [asn1.null()] : [];
  const keyId =
    details.subjectKeyIdentifier === undefined
      ? keyIdentifier(publicKeyBits(tools, createPublicKey(key)))
      : Buffer.from(details.subjectKeyIdentifier, 'hex');
  const pems = [own, ...above].map((certificate) => encodePem('CERTIFICATE', certificate.raw));
  // A root is trusted or not, it is never sent (RFC 8446 §4.4.2).
  const sent = [own, ...above].filter((certificate) => !certificate.checkIssued(certificate));
  return {
    certificateId: certificateIdOf(own.raw),
    subject: details.subject,
    validity: { notBefore: details.notBefore, notAfter: details.notAfter },
    trustPem: pems.join(''),
    chainPem: sent.map((certificate) => encodePem('CERTIFICATE', certificate.raw)).join(''),
    issuer: {
      name: asn1.encoded(details.subjectDer),
      authorityKeyIdentifier: constant(profile.authorityKeyIdentifier(keyId)),
      algorithm: constant(asn1.sequence(asn1.oid(algorithm.oid), ...parameters)),
      hash: algorithm.hash,
      key,
    },
    tools,
  };
}

function publicKeyBits({ asn1 }: Toolkit, key: KeyObject): Buffer {
  const spki = asn1.decode(key.export({ type: 'spki', format: 'der' }));
  const bits = childrenOf(spki)[1];
  return bits === undefined ? Buffer.alloc(0) : asn1.content(bits).subarray(1);
}
