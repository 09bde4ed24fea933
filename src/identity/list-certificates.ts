/** What is in a store, by its manifest and its authorities' files; no key is read. */
import type { EpochMs } from '../core/time.ts';
import type { Asn1 } from './asn1.ts';
import { loadToolkit } from './authority.ts';
import { type CertificateEntry, readManifest } from './manifest.ts';
import { readCertificate } from './read-certificate.ts';
import { readCertificates } from './read-pem.ts';
import type { Store } from './store.ts';
import { readStoreFile } from './store-files.ts';

/** What a certificate of the store is for. */
export type CertificateKind =
  | 'authority'
  | 'server-authority'
  | 'device-authority'
  | 'server'
  | 'device'
  | 'imported';

/** `outdated`: its authority is no longer the store's, so it will be minted again. */
export type CertificateStatus = 'fits' | 'expired' | 'not-yet-valid' | 'outdated';

/** A certificate of the store. */
export interface ListedCertificate extends CertificateEntry {
  readonly kind: CertificateKind;
  readonly status: CertificateStatus;
}

/** All certificates: authorities, server, minted devices, imported devices. */
export async function listCertificates(store: Store): Promise<readonly ListedCertificate[]> {
  const { server, devices, imported } = await readManifest(store);
  const authorities = await listAuthorities(store);
  const current = new Set(authorities.map(({ certificateId }) => certificateId));
  const now = store.now();
  const listed = (kind: CertificateKind, entry: CertificateEntry): ListedCertificate => {
    const outdated = entry.issuerId !== undefined && !current.has(entry.issuerId);
    return { ...entry, kind, status: outdated ? 'outdated' : statusAt(entry, now) };
  };
  return [
    ...authorities.map(({ kind, ...entry }) => listed(kind, entry)),
    ...(server === undefined ? [] : [listed('server', withoutHosts(server))]),
    ...devices.map((entry) => listed('device', entry)),
    ...imported.map((entry) => listed('imported', entry)),
  ];
}

/** Files that hold authorities, and what they are for. */
export const AUTHORITY_FILES = [
  { file: 'ca.pem', kind: 'authority', name: 'ca' },
  { file: 'server-ca.pem', kind: 'server-authority', name: 'server-ca' },
  { file: 'device-ca.pem', kind: 'device-authority', name: 'device-ca' },
] as const;

interface AuthorityEntry extends CertificateEntry {
  readonly kind: CertificateKind;
}

async function listAuthorities(store: Store): Promise<AuthorityEntry[]> {
  const { asn1 } = await loadToolkit();
  const entries: AuthorityEntry[] = [];
  for (const { file, kind, name } of AUTHORITY_FILES) {
    const content = await readStoreFile(store, file);
    if (content === undefined) continue;
    const certificates = readCertificates(content.toString('utf8'), file, []);
    for (const [index, { raw }] of certificates.entries()) {
      entries.push({ kind, ...entryOf(asn1, raw, index === 0 ? name : `${name}-${index + 1}`) });
    }
  }
  return entries;
}

function entryOf(asn1: Asn1, der: Buffer, name: string): CertificateEntry {
  const details = readCertificate(asn1, der);
  const { certificateId, serialNumber, keyType, notBefore, notAfter, subject } = details;
  const thingName = details.commonName ?? subject;
  return { name, thingName, certificateId, serialNumber, keyType, notBefore, notAfter };
}

function statusAt({ notBefore, notAfter }: CertificateEntry, now: EpochMs): CertificateStatus {
  if (notAfter <= now) return 'expired';
  return notBefore > now ? 'not-yet-valid' : 'fits';
}

function withoutHosts(server: CertificateEntry & { readonly hosts: readonly string[] }) {
  const { hosts: _, ...entry } = server;
  return entry;
}
