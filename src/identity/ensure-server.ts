/** The server certificate of a store: what a broker started by us shows to devices. */
import { HOUR_MS } from '../core/time.ts';
import type { Authority } from './authority.ts';
import { certificateIdOf } from './certificate.ts';
import { issueServerCertificate } from './issue.ts';
import { readManifest, writeManifest } from './manifest.ts';
import { type ServerHosts, serverHosts } from './names.ts';
import { decodePem, leafPem } from './pem.ts';
import type { Store } from './store.ts';
import { ensureServerAuthority } from './store-authority.ts';
import { readKeyFile, readStoreFile, writeStoreFile } from './store-files.ts';
import { withLock } from './store-lock.ts';
import type { Credential, KeyType } from './types.ts';

/** What the server certificate must meet. */
export interface ServerOptions {
  /** Host names and IP addresses besides localhost, 127.0.0.1 and ::1. */
  readonly hosts?: readonly string[];
  readonly keyType?: KeyType;
  /** A stored certificate with less than this ahead of it is replaced; 1 hour by default. */
  readonly remainingMsMin?: number;
}

/** What a broker shows, and what its devices must trust. */
export interface ServerIdentity {
  readonly credential: Credential;
  /** PEM that a device must trust to accept the certificate. */
  readonly caPem: string;
}

/** The server certificate for the hosts, stored or new. Throws `UserError` for bad host names. */
export async function ensureServer(
  store: Store,
  { hosts = [], keyType = 'P-256', remainingMsMin = HOUR_MS }: ServerOptions = {},
): Promise<ServerIdentity> {
  const wanted = serverHosts(hosts);
  const authority = await ensureServerAuthority(store);
  const request = { hosts: wanted, keyType, remainingMsMin };
  const stored = await storedServer(store, authority, request);
  if (stored !== undefined) return { credential: stored, caPem: authority.trustPem };
  const issued = issueServerCertificate(
    authority,
    { name: 'server', hosts: wanted, keyType },
    {
      now: store.now(),
      keys: await authority.tools.keys.generateAsync(keyType),
    },
  );
  const { certificatePem, privateKeyPem, validity, ...facts } = issued;
  await withLock(store, async () => {
    const issuerId = authority.certificateId;
    const server = { ...facts, keyType, ...validity, issuerId, hosts: names(wanted) };
    await writeStoreFile(store, 'server.key', privateKeyPem);
    await writeStoreFile(store, 'server.pem', certificatePem);
    await writeManifest(store, { ...(await readManifest(store)), server });
  });
  return { credential: { ...facts, certificatePem, privateKeyPem }, caPem: authority.trustPem };
}

interface Wanted {
  readonly hosts: ServerHosts;
  readonly keyType: KeyType;
  readonly remainingMsMin: number;
}

async function storedServer(
  store: Store,
  authority: Authority,
  { hosts, keyType, remainingMsMin }: Wanted,
): Promise<Credential | undefined> {
  const { server } = await readManifest(store);
  const fits =
    server !== undefined &&
    server.issuerId === authority.certificateId &&
    server.keyType === keyType &&
    server.notBefore <= store.now() &&
    server.notAfter - store.now() >= remainingMsMin &&
    names(hosts).every((host) => server.hosts.includes(host));
  if (!fits) return undefined;
  const certificate = (await readStoreFile(store, 'server.pem'))?.toString('utf8');
  const privateKeyPem = (await readKeyFile(store, 'server.key'))?.toString('utf8');
  if (certificate === undefined || privateKeyPem === undefined) return undefined;
  const { keys } = authority.tools;
  const leaf = leafPem(certificate);
  if (
    certificateIdOf(decodePem(leaf)) !== server.certificateId ||
    !keys.matches(leaf, privateKeyPem)
  ) {
    return undefined;
  }
  const { name, thingName, certificateId, serialNumber } = server;
  const certificatePem = leaf + authority.chainPem;
  return { name, thingName, certificateId, serialNumber, certificatePem, privateKeyPem };
}

function names({ dns, ips }: ServerHosts): readonly string[] {
  return [...dns, ...ips];
}
