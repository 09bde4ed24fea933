/**
 * Certificates for a fleet: taken from the imported pool if there is one, otherwise from the store
 * while they fit, otherwise minted. What was minted is committed in one go, under the store's lock;
 * of two processes that mint the same name at once, the last one's stays in the store and both
 * work, as both chain to the one authority.
 */
import { EXIT, UserError } from '../core/errors.ts';
import { plural } from '../core/text.ts';
import { type EpochMs, HOUR_MS } from '../core/time.ts';
import { type Authority, loadToolkit } from './authority.ts';
import { type Bundle, readBundle } from './bundle.ts';
import { commitDevices } from './commit.ts';
import { type CertificateEntry, readManifest } from './manifest.ts';
import { mintDevices, pauseWork, slices } from './mint-devices.ts';
import { leafPem } from './pem.ts';
import { assignPool } from './pool.ts';
import { uniqueRequests } from './requests.ts';
import type { Store } from './store.ts';
import { ensureAuthority, loadAuthority } from './store-authority.ts';
import type { CertificateRequest, Credential } from './types.ts';

/** How far {@link ensureDevices} is. */
export interface EnsureProgress {
  readonly total: number;
  readonly done: number;
  /** How many of `done` are new. */
  readonly minted: number;
}

/** How {@link ensureDevices} works, and who is told. */
export interface EnsureOptions {
  readonly onProgress?: (progress: EnsureProgress) => void;
  /** A stored certificate with less than this ahead of it is minted again; 1 hour by default. */
  readonly remainingMsMin?: number;
  /** Lifetime of what is minted; 1 year by default. */
  readonly lifetimeMs?: number;
  /** Mints anew what the store could give. */
  readonly renew?: boolean;
  /** Whether imported certificates may stand in for what is asked; true by default. */
  readonly usePool?: boolean;
  readonly signal?: AbortSignal;
}

/** How many stored certificates are checked between two pauses. */
const SLICE = 256;

/**
 * A credential for each request, by name, in the order of the requests. One call serves one run: a
 * certificate of the pool is given out once per call. Throws `UserError` for requests that can't be
 * met and for an authority that can't issue.
 */
export async function ensureDevices(
  store: Store,
  requests: readonly CertificateRequest[],
  options: EnsureOptions = {},
): Promise<ReadonlyMap<string, Credential>> {
  const wanted = uniqueRequests(requests);
  const { devices, imported } = await readManifest(store);
  const bundle = devices.length + imported.length > 0 ? await readBundle(store) : new Map();
  const hasPool = imported.length > 0 && options.usePool !== false;
  const found = new Map<string, Credential>();
  const open = () => wanted.filter(({ name }) => !found.has(name));
  const report = (minted: number): void =>
    options.onProgress?.({ total: wanted.length, done: found.size + minted, minted });
  if (hasPool) {
    const { matches } = (await loadToolkit()).keys;
    const assigned = assignPool(store, wanted, { entries: imported, bundle, matches });
    for (const [name, credential] of assigned) found.set(name, credential);
    report(0);
  }
  if (open().length === 0) return inOrder(wanted, found);

  const authority = imported.length > 0 ? await loadAuthority(store) : await ensureAuthority(store);
  if (authority === undefined) throw tooFew(wanted.length, found.size);
  const { remainingMsMin = HOUR_MS, renew = false, signal } = options;
  const byName = new Map(renew ? [] : devices.map((entry) => [entry.name, entry]));
  const shelf = { authority, byName, bundle, now: store.now(), remainingMsMin };
  for (const slice of slices(open(), SLICE)) {
    for (const request of slice) {
      const credential = reusable(request, shelf);
      if (credential !== undefined) found.set(request.name, credential);
    }
    report(0);
    await pauseWork(signal);
  }
  if (open().length === 0) return inOrder(wanted, found);

  const minted = await mintDevices(authority, open(), {
    ...options,
    now: store.now(),
    onMinted: report,
  });
  const stored = minted.map((device) => device.stored);
  await commitDevices(store, stored, { list: 'devices' });
  for (const { credential } of minted) found.set(credential.name, credential);
  return inOrder(wanted, found);
}

/** What the store holds, and what a certificate from it must meet. */
interface Shelf {
  readonly authority: Authority;
  readonly byName: ReadonlyMap<string, CertificateEntry>;
  readonly bundle: Bundle;
  readonly now: EpochMs;
  readonly remainingMsMin: number;
}

/** The stored credential, if it is for the same thing, key type and issuer, valid, and has its key. */
function reusable(
  { name, thingName, keyType }: CertificateRequest,
  { authority, byName, bundle, now, remainingMsMin }: Shelf,
): Credential | undefined {
  const entry = byName.get(name);
  const pair = entry && bundle.get(entry.certificateId);
  const fits =
    entry !== undefined &&
    entry.thingName === thingName &&
    entry.keyType === keyType &&
    entry.issuerId === authority.certificateId &&
    entry.notBefore <= now &&
    entry.notAfter - now >= remainingMsMin;
  if (!fits || pair === undefined) return undefined;
  const leaf = leafPem(pair.certificatePem);
  if (!authority.tools.keys.matches(leaf, pair.privateKeyPem)) return undefined;
  const { certificateId, serialNumber } = entry;
  const certificatePem = leaf + authority.chainPem;
  const { privateKeyPem } = pair;
  return { name, thingName, certificateId, serialNumber, certificatePem, privateKeyPem };
}

function tooFew(wanted: number, found: number): UserError {
  const needed = plural(wanted, 'device certificate');
  return new UserError(EXIT.invalidInput, {
    message: `${needed} needed, ${found} imported, and there is no authority to mint the rest`,
    hint: "import more, import the authority's certificate and key, or plan fewer devices",
  });
}

function inOrder(
  requests: readonly CertificateRequest[],
  found: ReadonlyMap<string, Credential>,
): ReadonlyMap<string, Credential> {
  return new Map(
    requests.flatMap(({ name }) => {
      const credential = found.get(name);
      return credential === undefined ? [] : [[name, credential] as const];
    }),
  );
}
