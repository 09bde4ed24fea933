/** Puts devices into a store: bundle first, then the manifest, both under the lock. */
import type { PemPair } from './authority.ts';
import { readBundle, writeBundle } from './bundle.ts';
import { type CertificateEntry, type Manifest, readManifest, writeManifest } from './manifest.ts';
import type { Store } from './store.ts';
import { withLock } from './store-lock.ts';

/** A certificate to be stored. */
export interface StoredDevice {
  readonly entry: CertificateEntry;
  readonly pair: PemPair;
}

/** Adds `devices` to a list of the manifest, replacing those of the same name, or the whole list. */
export async function commitDevices(
  store: Store,
  devices: readonly StoredDevice[],
  { list, replace = false }: { readonly list: 'devices' | 'imported'; readonly replace?: boolean },
): Promise<Manifest> {
  return withLock(store, async () => {
    const before = await readManifest(store);
    const entries = new Map((replace ? [] : before[list]).map((entry) => [entry.name, entry]));
    for (const { entry } of devices) entries.set(entry.name, entry);
    const sorted = [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const manifest: Manifest = { ...before, [list]: sorted };
    const bundle = new Map(await readBundle(store));
    for (const { entry, pair } of devices) bundle.set(entry.certificateId, pair);
    const named = new Set([...idsOf(before), ...idsOf(manifest)]);
    for (const id of bundle.keys()) if (!named.has(id)) bundle.delete(id);
    await writeBundle(store, bundle);
    await writeManifest(store, manifest);
    return manifest;
  });
}

function idsOf({ devices, imported }: Manifest): string[] {
  return [...devices, ...imported].map(({ certificateId }) => certificateId);
}
