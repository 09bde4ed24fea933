/**
 * The bundle: every device's certificate and key, one JSON line each, found by certificate ID. The
 * writer keeps what the manifest still names, so a reader that took the manifest first always finds
 * its certificates. A line that is damaged counts as absent: its device is minted again.
 */
import type { PemPair } from './authority.ts';
import { certificateIdOf } from './certificate.ts';
import { decodePem } from './pem.ts';
import type { Store } from './store.ts';
import { readKeyFile, writeStoreFile } from './store-files.ts';

/** Credentials by certificate ID. */
export type Bundle = ReadonlyMap<string, PemPair>;

const NEWLINE = 0x0a;

/** Reads the bundle; every pair's certificate is the one that its ID says. */
export async function readBundle(store: Store): Promise<Bundle> {
  const bundle = new Map<string, PemPair>();
  const content = await readKeyFile(store, 'devices.ndjson');
  if (content === undefined) return bundle;
  for (let start = 0; start < content.length; ) {
    const newline = content.indexOf(NEWLINE, start);
    const end = newline === -1 ? content.length : newline;
    const pair = parseLine(content.toString('utf8', start, end));
    if (pair !== undefined) bundle.set(certificateIdOf(decodePem(pair.certificatePem)), pair);
    start = end + 1;
  }
  return bundle;
}

/** Replaces the bundle; call it under the store's lock. */
export async function writeBundle(store: Store, bundle: Bundle): Promise<void> {
  const lines: string[] = [];
  for (const { certificatePem, privateKeyPem } of bundle.values()) {
    lines.push(`${JSON.stringify({ certificatePem, privateKeyPem })}\n`);
  }
  await writeStoreFile(store, 'devices.ndjson', lines.join(''));
}

function parseLine(line: string): PemPair | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isPair(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isPair(value: unknown): value is PemPair {
  if (typeof value !== 'object' || value === null) return false;
  const { certificatePem, privateKeyPem } = value as Partial<Record<keyof PemPair, unknown>>;
  return typeof certificatePem === 'string' && typeof privateKeyPem === 'string';
}
