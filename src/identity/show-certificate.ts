/** One certificate of a store, by what it says itself. */
import { X509Certificate } from 'node:crypto';
import { EXIT, UserError } from '../core/errors.ts';
import { nearest, printable } from '../core/text.ts';
import { loadToolkit } from './authority.ts';
import { readBundle } from './bundle.ts';
import { certificateIdOf } from './certificate.ts';
import {
  AUTHORITY_FILES,
  type CertificateKind,
  type CertificateStatus,
  type ListedCertificate,
  listCertificates,
} from './list-certificates.ts';
import { certificateBlocks, decodePem, parsePem } from './pem.ts';
import { type CertificateDetails, readCertificate } from './read-certificate.ts';
import type { Store } from './store.ts';
import { readStoreFile } from './store-files.ts';

/** Content of a certificate with its place in the store. */
export interface ShownCertificate extends CertificateDetails {
  readonly name: string;
  readonly kind: CertificateKind;
  readonly thingName: string;
  readonly status: CertificateStatus;
  /** The certificate alone. */
  readonly certificatePem: string;
}

/** Which kind is meant by a name that several have. */
const RANK: readonly CertificateKind[] = ['imported', 'device', 'server'];

/**
 * By name, or by certificate ID or its first 8 digits and more. Throws `UserError` when there is
 * none, or when an abbreviated ID fits several.
 */
export async function showCertificate(store: Store, wanted: string): Promise<ShownCertificate> {
  const listed = pick(await listCertificates(store), wanted);
  const pem = await pemOf(store, listed);
  if (pem === undefined) {
    throw new UserError(EXIT.invalidInput, {
      message: `the certificate ${printable(listed.name)} is in the manifest but not in the store`,
      hint: 'the next run mints it again; an imported one has to be imported again',
    });
  }
  const { asn1 } = await loadToolkit();
  const { subjectDer: _, ...details } = readCertificate(asn1, new X509Certificate(pem).raw);
  const { name, kind, thingName, status } = listed;
  return { name, kind, thingName, status, ...details, certificatePem: pem };
}

function pick(all: readonly ListedCertificate[], wanted: string): ListedCertificate {
  const named = all.filter(({ name }) => name === wanted);
  const ranked = RANK.flatMap((kind) => named.filter((entry) => entry.kind === kind));
  const byName = ranked[0] ?? named[0];
  if (byName !== undefined) return byName;
  const digits = /^[0-9a-f]{8,64}$/i.test(wanted) ? wanted.toLowerCase() : undefined;
  const byId = digits === undefined ? [] : all.filter((at) => at.certificateId.startsWith(digits));
  const [found] = byId;
  const ids = new Set(byId.map(({ certificateId }) => certificateId));
  if (found !== undefined && ids.size === 1) return found;
  const names = all.slice(0, 10_000).map(({ name }) => name);
  const guess = nearest(wanted, names);
  throw new UserError(EXIT.usage, {
    message:
      ids.size > 1
        ? `${ids.size} certificates have an ID that starts with ${wanted}`
        : `there is no certificate "${printable(wanted, 80)}" in this store`,
    hint: guess === undefined ? 'certs list shows all' : `did you mean ${guess}?`,
  });
}

async function pemOf(
  store: Store,
  { kind, certificateId }: ListedCertificate,
): Promise<string | undefined> {
  if (kind === 'device' || kind === 'imported') {
    return (await readBundle(store)).get(certificateId)?.certificatePem;
  }
  const file = AUTHORITY_FILES.find((at) => at.kind === kind)?.file ?? 'server.pem';
  const content = (await readStoreFile(store, file))?.toString('utf8') ?? '';
  return certificateBlocks(parsePem(content))
    .map(({ text }) => text)
    .find((text) => certificateIdOf(decodePem(text)) === certificateId);
}
