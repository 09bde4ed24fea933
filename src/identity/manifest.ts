/**
 * The manifest of a store: what certificates there are, for whom and until when. Versioned JSON,
 * never a key in it. It is the point of commit: a credential that it does not name is not there.
 */
import { EXIT, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import type { EpochMs } from '../core/time.ts';
import { type Store, storeFile } from './store.ts';
import { readStoreFile, writeStoreFile } from './store-files.ts';

/** Raised when a field changes its meaning; other versions are refused. */
export const MANIFEST_SCHEMA_VERSION = 1;

/** Facts of a stored certificate. */
export interface CertificateEntry {
  readonly name: string;
  readonly thingName: string;
  readonly certificateId: string;
  readonly serialNumber: string;
  readonly keyType: string;
  readonly notBefore: EpochMs;
  readonly notAfter: EpochMs;
  /** Certificate ID of the authority that issued it; absent when it was imported. */
  readonly issuerId?: string;
}

/** Content of `manifest.json`. */
export interface Manifest {
  readonly doppelfleet: 'certificates';
  readonly schemaVersion: typeof MANIFEST_SCHEMA_VERSION;
  /** An authority that is not named here is the user's own, and never replaced. */
  readonly authority?: { readonly certificateId: string; readonly source: 'minted' | 'imported' };
  readonly server?: CertificateEntry & { readonly hosts: readonly string[] };
  /** Minted here, each name once. */
  readonly devices: readonly CertificateEntry[];
  /** The pool of imported devices, each name once, sorted. */
  readonly imported: readonly CertificateEntry[];
}

const EMPTY: Manifest = {
  doppelfleet: 'certificates',
  schemaVersion: MANIFEST_SCHEMA_VERSION,
  devices: [],
  imported: [],
};

/** The manifest, empty for a new store. Throws `UserError` when it is damaged or of another version. */
export async function readManifest(store: Store): Promise<Manifest> {
  const text = await readStoreFile(store, 'manifest.json');
  if (text === undefined) return EMPTY;
  const value = parse(text.toString('utf8'));
  if (isManifest(value)) return value;
  const version = isRecord(value) ? value.schemaVersion : undefined;
  const other = typeof version === 'number' && version !== MANIFEST_SCHEMA_VERSION;
  throw new UserError(EXIT.invalidInput, {
    file: printable(storeFile(store, 'manifest.json')),
    message: other ? `has schema version ${version}, this program reads 1` : 'is damaged',
    hint: `use another folder, or remove ${printable(store.folder)} to mint everything again`,
  });
}

/** Replaces the manifest; call it under the store's lock. */
export async function writeManifest(store: Store, manifest: Manifest): Promise<void> {
  const { devices, imported, ...head } = manifest;
  const lines = (entries: readonly CertificateEntry[]): string =>
    entries.length === 0
      ? '[]'
      : `[\n${entries.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n')}\n  ]`;
  const start = JSON.stringify(head, undefined, 2).replace(/\n}$/, '');
  const end = `  "devices": ${lines(devices)},\n  "imported": ${lines(imported)}\n}\n`;
  await writeStoreFile(store, 'manifest.json', `${start},\n${end}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isManifest(value: unknown): value is Manifest {
  if (!isRecord(value)) return false;
  const { doppelfleet, schemaVersion, authority, server, devices, imported } = value;
  return (
    doppelfleet === 'certificates' &&
    schemaVersion === MANIFEST_SCHEMA_VERSION &&
    (authority === undefined || isAuthority(authority)) &&
    (server === undefined || (isEntry(server) && isStrings(server.hosts))) &&
    isEntries(devices) &&
    isEntries(imported)
  );
}

function isAuthority(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { certificateId, source } = value;
  return typeof certificateId === 'string' && (source === 'minted' || source === 'imported');
}

function isEntries(value: unknown): boolean {
  return Array.isArray(value) && value.every(isEntry);
}

function isEntry(value: unknown): value is Record<string, unknown> {
  if (!isRecord(value)) return false;
  const { name, thingName, certificateId, serialNumber, keyType, notBefore, notAfter } = value;
  const texts = [name, thingName, certificateId, serialNumber, keyType];
  const times = [notBefore, notAfter];
  return isStrings(texts) && times.every((time) => Number.isSafeInteger(time));
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
