/**
 * Finds certificates and revocation lists for an audit: in a store, a folder or a file, as PEM
 * (bundles with chains, keys among them are passed over) or DER. What can't be read in a folder is
 * told as a note; a file that was named must hold something.
 */
import { X509Certificate } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { EXIT, fileError, type Problem, UserError } from '../core/errors.ts';
import { plural, printable } from '../core/text.ts';
import type { Asn1 } from './asn1.ts';
import { readBundle } from './bundle.ts';
import { type RevocationList, readCrl } from './crl.ts';
import { readManifest } from './manifest.ts';
import { certificateBlocks, decodePem, parsePem } from './pem.ts';
import { openStore } from './store.ts';
import { readInputBytes } from './store-files.ts';

/** What was found, with the file that messages name. */
export interface FoundCertificate {
  readonly certificate: X509Certificate;
  readonly file: string;
}
export interface FoundList {
  readonly list: RevocationList;
  readonly file: string;
}
export interface Found {
  readonly certificates: FoundCertificate[];
  readonly lists: FoundList[];
  readonly notes: string[];
}

const EXTENSIONS = new Set(['.pem', '.crt', '.cer', '.der', '.crl']);
/** Files of a folder that could not be read are named up to this many. */
const NAMED_MAX = 3;

/** Reads all paths. Throws a {@link UserError} with what is wrong with those that were named. */
export async function findCertificates(asn1: Asn1, paths: readonly string[]): Promise<Found> {
  const found: Found = { certificates: [], lists: [], notes: [] };
  const problems: Problem[] = [];
  for (const path of paths) {
    try {
      if (!(await isFolder(path))) await readFile(asn1, path, found);
      else if (!(await readStores(path, found))) await readFolder(asn1, path, found);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new UserError(EXIT.invalidInput, problems);
  return found;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw fileError(error, 'read', printable(path));
  }
}

/** A store's folder has a manifest; its root has folders that do. */
async function readStores(path: string, found: Found): Promise<boolean> {
  const folder = resolve(path);
  if (await isStore(folder)) {
    await readStore(dirname(folder), basename(folder), found);
    return true;
  }
  let any = false;
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (!entry.isDirectory() || !(await isStore(join(path, entry.name)))) continue;
    await readStore(path, entry.name, found);
    any = true;
  }
  return any;
}

/** Others have manifests too. */
async function isStore(folder: string): Promise<boolean> {
  try {
    const manifest = await readInputBytes(join(folder, 'manifest.json'));
    return /"doppelfleet":\s*"certificates"/.test(manifest.toString('utf8', 0, 1024));
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

async function readStore(root: string, authority: string, found: Found): Promise<void> {
  const store = openStore(root, { now: () => 0, authority });
  const { devices, imported } = await readManifest(store);
  const bundle = await readBundle(store);
  const file = printable(store.folder);
  let missing = 0;
  for (const { certificateId } of [...devices, ...imported]) {
    const pair = bundle.get(certificateId);
    if (pair === undefined) missing += 1;
    else readPem(pair.certificatePem, file, found);
  }
  for (const name of ['ca.pem', 'device-ca.pem']) {
    const names = await readdir(store.folder);
    if (!names.includes(name)) continue;
    readPem((await readInputBytes(join(store.folder, name))).toString('utf8'), file, found);
  }
  if (missing > 0) {
    found.notes.push(
      `${file}: ${plural(missing, 'certificate')} of the manifest could not be read`,
    );
  }
}

async function readFolder(asn1: Asn1, folder: string, found: Found): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((one) => !one.isDirectory()).map(({ name }) => name);
  const unread: string[] = [];
  let read = 0;
  for (const name of names.filter((at) => EXTENSIONS.has(extname(at).toLowerCase())).sort()) {
    try {
      await readFile(asn1, join(folder, name), found);
      read += 1;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      unread.push(printable(name, 80));
    }
  }
  if (read === 0) {
    throw new UserError(EXIT.invalidInput, {
      file: printable(folder),
      message: 'holds no certificate and no revocation list',
      hint: 'expected .pem, .crt, .cer, .der or .crl files, or a store of doppelfleet',
    });
  }
  if (unread.length > 0) {
    const shown = unread.slice(0, NAMED_MAX).join(', ') + (unread.length > NAMED_MAX ? ', …' : '');
    const files = plural(unread.length, 'file');
    found.notes.push(`${printable(folder)}: no certificate or list in ${files}: ${shown}`);
  }
}

async function readFile(asn1: Asn1, path: string, found: Found): Promise<void> {
  const bytes = await readInputBytes(path);
  const file = printable(path);
  const before = found.certificates.length + found.lists.length;
  const text = bytes.includes('-----BEGIN ') ? bytes.toString('utf8') : undefined;
  if (text === undefined) readDer(asn1, bytes, file, found);
  else {
    readPem(text, file, found);
    for (const block of parsePem(text).filter(({ label }) => label === 'X509 CRL')) {
      try {
        found.lists.push({ list: readCrl(asn1, decodePem(block.text)), file });
      } catch {
        found.notes.push(`${file}:${block.line}: the revocation list is damaged`);
      }
    }
  }
  if (found.certificates.length + found.lists.length > before) return;
  throw new UserError(EXIT.invalidInput, {
    file,
    message: 'holds no certificate and no revocation list',
    hint: 'expected PEM or DER',
  });
}

function readDer(asn1: Asn1, bytes: Buffer, file: string, found: Found): void {
  try {
    found.certificates.push({ certificate: new X509Certificate(bytes), file });
    return;
  } catch {
    // Not a certificate; perhaps a list.
  }
  try {
    found.lists.push({ list: readCrl(asn1, bytes), file });
  } catch {
    // Neither; the caller says so.
  }
}

function readPem(text: string, file: string, found: Found): void {
  for (const { text: pem, line } of certificateBlocks(parsePem(text))) {
    try {
      found.certificates.push({ certificate: new X509Certificate(pem), file });
    } catch {
      found.notes.push(`${file}:${line}: the certificate is damaged or not X.509`);
    }
  }
}
