/**
 * The authorities of a store: minted when there is none, replaced when a minted one no longer fits,
 * or imported. An imported authority is the user's: it is never replaced unasked, and it never
 * signs a server certificate.
 */
import { EXIT, type Problem, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import { DAY_MS } from '../core/time.ts';
import {
  type Authority,
  issuingProblem,
  loadToolkit,
  mintAuthority,
  readAuthority,
} from './authority.ts';
import type { Toolkit } from './certificate.ts';
import { readManifest, writeManifest } from './manifest.ts';
import { certificateBlocks, parsePem, privateKeyBlocks } from './pem.ts';
import { type Store, storeFile } from './store.ts';
import { readInput, readKeyFile, readStoreFile, writeStoreFile } from './store-files.ts';
import { withLock } from './store-lock.ts';
import type { KeyType } from './types.ts';

/** `ca` signs devices, `server-ca` servers where `ca` is not ours. */
export type AuthoritySlot = 'ca' | 'server-ca';

/** A minted authority with less than this ahead of it is replaced. */
const REMAINING_MS_MIN = DAY_MS;

/** What a slot holds. */
interface Slot {
  readonly source: 'minted' | 'imported';
  readonly found: Authority | readonly Problem[];
}

/** The store's authority for devices, minted if there is none. Throws for an imported one that is broken. */
export async function ensureAuthority(
  store: Store,
  { keyType = 'P-256', slot = 'ca' }: { keyType?: KeyType; slot?: AuthoritySlot } = {},
): Promise<Authority> {
  const tools = await loadToolkit();
  const early = fitting(store, await readSlot(store, tools, slot));
  if (early !== undefined) return early;
  return withLock(store, async () => {
    const current = await readSlot(store, tools, slot);
    const fits = fitting(store, current);
    if (fits !== undefined) return fits;
    if (current !== undefined && 'length' in current.found) {
      if (current.source === 'imported') throw new UserError(EXIT.invalidInput, current.found);
      warnReplaced(store, current.found);
    }
    return mintInto(store, tools, { slot, keyType });
  });
}

/** The store's authority for devices if there is one. Throws `UserError` if it is broken. */
export async function loadAuthority(store: Store): Promise<Authority | undefined> {
  const slot = await readSlot(store, await loadToolkit(), 'ca');
  if (slot === undefined) return undefined;
  if ('length' in slot.found) throw new UserError(EXIT.invalidInput, slot.found);
  return slot.found;
}

/** The authority that signs the certificate of a local broker. */
export async function ensureServerAuthority(store: Store): Promise<Authority> {
  const { authority, imported } = await readManifest(store);
  const foreign = (await readStoreFile(store, 'ca.pem')) !== undefined || imported.length > 0;
  const ours = authority?.source === 'minted' || !foreign;
  return ensureAuthority(store, { slot: ours ? 'ca' : 'server-ca' });
}

/** Files of an authority to import. */
export interface AuthorityImport {
  /** The authority's certificate, followed by those above it if it is an intermediate one. */
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Allows replacing an authority that was imported before. */
  readonly replace?: boolean;
}

/** Takes over the user's own authority. Throws `UserError` with every problem at once. */
export async function importAuthority(store: Store, files: AuthorityImport): Promise<Authority> {
  const tools = await loadToolkit();
  const authority = await readImport(store, tools, files);
  await withLock(store, async () => {
    const manifest = await readManifest(store);
    const current = await readSlot(store, tools, 'ca');
    const same =
      current !== undefined &&
      !('length' in current.found) &&
      current.found.certificateId === authority.authority.certificateId;
    if (current?.source === 'imported' && !same && files.replace !== true) {
      throw new UserError(EXIT.invalidInput, {
        file: printable(storeFile(store, 'ca.pem')),
        message: 'the store already holds another imported authority',
        hint: 'name another authority for this one, or ask to replace it',
      });
    }
    await writePair(store, 'ca', authority.pair);
    const { certificateId } = authority.authority;
    await writeManifest(store, { ...manifest, authority: { certificateId, source: 'imported' } });
  });
  return authority.authority;
}

/** PEM of what device certificates chain to, for a broker to trust; undefined if it is not known. */
export async function deviceCaPem(store: Store): Promise<string | undefined> {
  const files = [await readStoreFile(store, 'ca.pem'), await readStoreFile(store, 'device-ca.pem')];
  const pems = files.flatMap((file) =>
    file === undefined ? [] : certificateBlocks(parsePem(file.toString('utf8'))),
  );
  return pems.length === 0 ? undefined : [...new Set(pems.map(({ text }) => text))].join('');
}

async function readSlot(store: Store, tools: Toolkit, slot: AuthoritySlot) {
  // A writer puts the key first: a certificate that is there has its key.
  const certificate = await readStoreFile(store, `${slot}.pem`);
  if (certificate === undefined) return undefined;
  const key = await readKeyFile(store, `${slot}.key`);
  const found = readAuthority(tools, {
    certificatePem: certificate.toString('utf8'),
    privateKeyPem: key?.toString('utf8') ?? '',
    certificateFile: printable(storeFile(store, `${slot}.pem`)),
    keyFile: printable(storeFile(store, `${slot}.key`)),
  });
  const { authority } = await readManifest(store);
  const known = 'length' in found || authority?.certificateId === found.certificateId;
  const source = slot === 'server-ca' ? 'minted' : known ? authority?.source : undefined;
  return { source: source ?? 'imported', found } satisfies Slot;
}

/** Imported authorities always count as fitting here: issuing says what is wrong with them. */
function fitting(store: Store, slot: Slot | undefined): Authority | undefined {
  if (slot === undefined || 'length' in slot.found) return undefined;
  const { notBefore, notAfter } = slot.found.validity;
  const now = store.now();
  const lasts = notBefore <= now && notAfter - now >= REMAINING_MS_MIN;
  const fits = slot.source === 'imported' || lasts;
  return fits ? slot.found : undefined;
}

function warnReplaced(store: Store, problems: readonly Problem[]): void {
  for (const problem of problems) {
    store.warn({ ...problem, hint: 'a new authority is minted, and devices are minted again' });
  }
}

async function mintInto(
  store: Store,
  tools: Toolkit,
  { slot, keyType }: { readonly slot: AuthoritySlot; readonly keyType: KeyType },
): Promise<Authority> {
  const title = slot === 'ca' ? 'doppelfleet CA' : 'doppelfleet server CA';
  const pair = await mintAuthority(tools, { now: store.now(), keyType, title });
  const minted = readAuthority(tools, { ...pair, certificateFile: slot, keyFile: slot });
  if ('length' in minted) throw new Error('internal error: a minted authority is not readable');
  await writePair(store, slot, pair);
  if (slot === 'ca') {
    const manifest = await readManifest(store);
    const authority = { certificateId: minted.certificateId, source: 'minted' } as const;
    await writeManifest(store, { ...manifest, authority });
  }
  return minted;
}

async function writePair(
  store: Store,
  slot: AuthoritySlot,
  pair: { readonly certificatePem: string; readonly privateKeyPem: string },
): Promise<void> {
  await writeStoreFile(store, `${slot}.key`, pair.privateKeyPem);
  await writeStoreFile(store, `${slot}.pem`, pair.certificatePem);
}

async function readImport(store: Store, tools: Toolkit, files: AuthorityImport) {
  const { certificateFile, keyFile } = files;
  const [certificate, key] = await Promise.allSettled([
    readInput(certificateFile),
    readInput(keyFile),
  ]);
  const unreadable = [certificate, key].flatMap((result) => {
    if (result.status === 'fulfilled') return [];
    if (result.reason instanceof UserError) return result.reason.problems;
    throw result.reason;
  });
  if (certificate.status === 'rejected' || key.status === 'rejected') {
    throw new UserError(EXIT.invalidInput, unreadable);
  }
  const certificatePem = certificate.value.text;
  const privateKeyPem = key.value.text;
  const names = { certificateFile: printable(certificateFile), keyFile: printable(keyFile) };
  const authority = readAuthority(tools, { certificatePem, privateKeyPem, ...names });
  if ('length' in authority) throw new UserError(EXIT.invalidInput, authority);
  const refused = issuingProblem(authority, store.now());
  if (refused !== undefined) {
    throw new UserError(EXIT.invalidInput, { ...refused, file: names.certificateFile });
  }
  warnAboutImport(store, authority, { file: names.keyFile, loose: key.value.loose });
  const [block] = privateKeyBlocks(parsePem(privateKeyPem));
  const pair = { certificatePem: authority.trustPem, privateKeyPem: block?.text ?? '' };
  return { authority, pair };
}

function warnAboutImport(
  store: Store,
  authority: Authority,
  key: { readonly file: string; readonly loose: boolean },
): void {
  if (key.loose) {
    store.warn({ file: key.file, message: 'others can read this private key', hint: 'chmod 600' });
  }
  const given = certificateBlocks(parsePem(authority.trustPem)).length;
  const sent = certificateBlocks(parsePem(authority.chainPem)).length;
  if (given === sent) {
    store.warn({
      message: `${authority.subject} is an intermediate authority and its root was not given`,
      hint: 'append the root to the certificate file: most brokers trust complete chains only',
    });
  }
}
