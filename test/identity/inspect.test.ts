/** list, show and verify: what a store says about itself, also when it was tampered with. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/core/time.ts';
import { ensureDevices } from '../../src/identity/ensure-devices.ts';
import { ensureServer } from '../../src/identity/ensure-server.ts';
import { listCertificates } from '../../src/identity/list-certificates.ts';
import { showCertificate } from '../../src/identity/show-certificate.ts';
import { verifyStore } from '../../src/identity/verify-store.ts';
import { NOW, problemOf, request, requests, tempStore } from './helpers.ts';

async function filled() {
  const { store, root, warnings } = tempStore();
  const devices = await ensureDevices(store, requests(2));
  await ensureServer(store);
  return { store, root, warnings, devices };
}

describe('list', () => {
  test('of an empty store is empty and makes nothing', async () => {
    expect(await listCertificates(tempStore().store)).toEqual([]);
  });

  test('gives authority, server and devices with their status', async () => {
    const { store, root } = await filled();
    const states = async (now: number) =>
      (await listCertificates(tempStore({ root, now: () => now }).store)).map(
        ({ kind, name, status }) => `${kind} ${name} ${status}`,
      );
    expect(await states(NOW)).toEqual([
      'authority ca fits',
      'server server fits',
      'device pump-0 fits',
      'device pump-1 fits',
    ]);
    expect(await states(NOW + 366 * DAY_MS)).toEqual([
      'authority ca fits',
      'server server expired',
      'device pump-0 expired',
      'device pump-1 expired',
    ]);
    expect(JSON.stringify(await listCertificates(store))).not.toContain('PRIVATE');
  });
});

describe('show', () => {
  test('finds by name, by certificate ID and by its beginning', async () => {
    const { store, devices } = await filled();
    const id = devices.get('pump-1')?.certificateId ?? '';
    const shown = await showCertificate(store, 'pump-1');
    expect(shown).toMatchObject({ kind: 'device', certificateId: id, status: 'fits' });
    expect(await showCertificate(store, id)).toEqual(shown);
    expect(await showCertificate(store, id.slice(0, 12).toUpperCase())).toEqual(shown);
    expect(JSON.stringify(shown)).not.toContain('PRIVATE');
  });

  test('prefers a device to an authority of the same name, which its ID still finds', async () => {
    const { store } = await filled();
    const ca = await showCertificate(store, 'ca');
    expect(ca.kind).toBe('authority');
    await ensureDevices(store, [request('ca')]);
    expect((await showCertificate(store, 'ca')).kind).toBe('device');
    expect(await showCertificate(store, ca.certificateId)).toEqual(ca);
  });

  test('of a name that is not there says so, with the nearest', async () => {
    const { store } = await filled();
    const problem = await problemOf(() => showCertificate(store, 'pump-l'));
    expect(problem.message).toBe('there is no certificate "pump-l" in this store');
    expect(problem.hint).toMatch(/did you mean pump-[01]\?/);
  });
});

describe('verify', () => {
  test('finds nothing wrong with what was minted', async () => {
    const { store } = await filled();
    expect(await verifyStore(store)).toEqual({ checked: 4, problems: [] });
  });

  test('tells what was tampered with, by name', async () => {
    const { store } = await filled();
    const stranger = tempStore();
    const foreign = (await ensureDevices(stranger.store, [request('pump-0')])).get('pump-0');
    const bundle = join(store.folder, 'devices.ndjson');
    const lines = readFileSync(bundle, 'utf8').trimEnd().split('\n');
    const manifestFile = join(store.folder, 'manifest.json');
    const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'));
    manifest.devices[0] = { ...manifest.devices[0], certificateId: foreign?.certificateId };
    manifest.devices[1].thingName = 'pump-9';
    writeFileSync(manifestFile, JSON.stringify(manifest));
    const { certificatePem, privateKeyPem } = foreign ?? {};
    const wrongKey = JSON.parse(lines[1] ?? '').privateKeyPem;
    writeFileSync(
      bundle,
      [{ certificatePem, privateKeyPem: wrongKey }, ...lines.slice(1).map((at) => JSON.parse(at))]
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    );
    expect(privateKeyPem).toContain('PRIVATE');
    writeFileSync(join(store.folder, 'server.key'), '');
    const { problems } = await verifyStore(store);
    const seen = problems.map(({ path, message }) => `${path} ${message}`).sort();
    expect(seen).toEqual([
      'pump-0 no authority in the store has signed it',
      'pump-0 the certificate is not the one in the manifest',
      'pump-0 the key does not belong to the certificate',
      'pump-1 the certificate is not the one in the manifest',
      'server the key does not belong to the certificate',
    ]);
  });

  test('tells of expiry and of an authority whose key is not its own', async () => {
    const { store, root } = await filled();
    const other = await filled();
    const key = readFileSync(join(other.store.folder, 'ca.key'));
    writeFileSync(join(store.folder, 'ca.key'), key);
    const late = tempStore({ root, now: () => NOW + 366 * DAY_MS }).store;
    const messages = (await verifyStore(late)).problems.map(({ message }) => message);
    expect(messages.filter((message) => message.startsWith('expired at'))).toHaveLength(3);
    expect(messages.filter((message) => message.includes('does not belong'))).toHaveLength(1);
  });
});
