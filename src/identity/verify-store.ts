/**
 * Checks a store as a suspicious reader would: each certificate against its authority, its key, its
 * entry in the manifest and the clock. Returns problems; changes nothing.
 */
import { X509Certificate } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Problem } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import { issuingProblem, loadToolkit, type PemPair, readAuthority } from './authority.ts';
import { readBundle } from './bundle.ts';
import type { Toolkit } from './certificate.ts';
import { chainsTo } from './chain.ts';
import {
  AUTHORITY_FILES,
  type CertificateKind,
  type ListedCertificate,
  listCertificates,
} from './list-certificates.ts';
import { leafPem } from './pem.ts';
import { type CertificateDetails, readCertificate } from './read-certificate.ts';
import { readCertificates } from './read-pem.ts';
import { type Store, storeFile } from './store.ts';
import { readKeyFile, readStoreFile } from './store-files.ts';

/** How many certificates were looked at, and what is wrong. */
export interface Verification {
  readonly checked: number;
  readonly problems: readonly Problem[];
}

/** Certificates between two pauses for other work. */
const SLICE = 64;

/** Verifies everything in the store. File modes are told as warnings of the store. */
export async function verifyStore(store: Store): Promise<Verification> {
  const tools = await loadToolkit();
  const problems: Problem[] = [];
  const listed = await listCertificates(store);
  problems.push(...(await authorityProblems(store, tools)));
  const issuers = await issuerCertificates(store);
  const bundle = await readBundle(store);
  const server = await serverPair(store);
  const leaves = listed.filter(({ kind }) => !kind.endsWith('authority'));
  for (const [index, entry] of leaves.entries()) {
    const isServer = entry.kind === 'server';
    const file = printable(storeFile(store, isServer ? 'server.pem' : 'devices.ndjson'));
    const pair = isServer ? server : bundle.get(entry.certificateId);
    for (const problem of leafProblems(tools, entry, { pair, issuers })) {
      problems.push({ file, path: printable(entry.name), ...problem });
    }
    if (index % SLICE === 0) await breathe();
  }
  return { checked: listed.length, problems };
}

async function authorityProblems(store: Store, tools: Toolkit): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const slot of ['ca', 'server-ca'] as const) {
    const certificate = await readStoreFile(store, `${slot}.pem`);
    if (certificate === undefined) continue;
    const key = await readKeyFile(store, `${slot}.key`);
    const certificateFile = printable(storeFile(store, `${slot}.pem`));
    const found = readAuthority(tools, {
      certificatePem: certificate.toString('utf8'),
      privateKeyPem: key?.toString('utf8') ?? '',
      certificateFile,
      keyFile: printable(storeFile(store, `${slot}.key`)),
    });
    if ('length' in found) {
      problems.push(...found);
      continue;
    }
    const refused = issuingProblem(found, store.now());
    if (refused !== undefined) problems.push({ file: certificateFile, ...refused });
  }
  return problems;
}

interface Issuer {
  readonly kind: CertificateKind;
  readonly certificate: X509Certificate;
}

async function issuerCertificates(store: Store): Promise<Issuer[]> {
  const found: Issuer[] = [];
  for (const { file, kind } of AUTHORITY_FILES) {
    const content = await readStoreFile(store, file);
    if (content === undefined) continue;
    const certificates = readCertificates(content.toString('utf8'), file, []);
    found.push(...certificates.map((certificate) => ({ kind, certificate })));
  }
  return found;
}

async function serverPair(store: Store): Promise<PemPair | undefined> {
  const certificate = await readStoreFile(store, 'server.pem');
  const key = await readKeyFile(store, 'server.key');
  if (certificate === undefined) return undefined;
  const certificatePem = certificate.toString('utf8');
  return { certificatePem, privateKeyPem: key?.toString('utf8') ?? '' };
}

function leafProblems(
  { asn1, keys }: Toolkit,
  entry: ListedCertificate,
  { pair, issuers }: { readonly pair: PemPair | undefined; readonly issuers: readonly Issuer[] },
): Problem[] {
  const again =
    entry.kind === 'imported' ? 'import it again' : 'nothing to do: the next run mints it again';
  if (pair === undefined) return [{ message: 'the certificate is not in the store', hint: again }];
  const problems: Problem[] = [];
  const leaf = new X509Certificate(leafPem(pair.certificatePem));
  const details = readCertificate(asn1, leaf.raw);
  const date = (at: number): string => new Date(at).toISOString();
  if (!agrees(entry, details)) {
    problems.push({ message: 'the certificate is not the one in the manifest', hint: again });
  }
  if (!keys.matches(pair.certificatePem, pair.privateKeyPem)) {
    problems.push({ message: 'the key does not belong to the certificate', hint: again });
  }
  if (entry.status === 'outdated') {
    problems.push({ message: 'its authority is no longer in the store', hint: again });
  } else if (!isSigned(entry, leaf, { certificatePem: pair.certificatePem, issuers })) {
    problems.push({ message: 'no authority in the store has signed it', hint: again });
  }
  if (entry.status === 'expired') {
    problems.push({ message: `expired at ${date(details.notAfter)}`, hint: again });
  }
  if (entry.status === 'not-yet-valid') {
    const hint = "check this machine's clock";
    problems.push({ message: `is valid from ${date(details.notBefore)} on only`, hint });
  }
  return problems;
}

/** An imported certificate may come without its authority: then there is nothing to hold it to. */
function isSigned(
  { kind }: ListedCertificate,
  leaf: X509Certificate,
  { certificatePem, issuers }: { certificatePem: string; issuers: readonly Issuer[] },
): boolean {
  const known = kind === 'imported' ? ['authority', 'device-authority'] : [];
  const authorities = issuers.filter((issuer) => known.length === 0 || known.includes(issuer.kind));
  if (kind === 'imported' && authorities.length === 0) return true;
  return chainsTo(leaf, { certificatePem, authorities: authorities.map((at) => at.certificate) });
}

/** The thing name of an imported one may be the user's word, so it is not compared. */
function agrees(entry: ListedCertificate, details: CertificateDetails): boolean {
  return (
    entry.certificateId === details.certificateId &&
    entry.serialNumber === details.serialNumber &&
    entry.keyType === details.keyType &&
    entry.notBefore === details.notBefore &&
    entry.notAfter === details.notAfter &&
    (entry.kind === 'imported' || entry.thingName === details.commonName)
  );
}
