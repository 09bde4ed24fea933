/** The store: what is reused, what is minted again, what lies on disk and with which modes. */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../src/core/time.ts';
import { type EnsureProgress, ensureDevices } from '../../src/identity/ensure-devices.ts';
import { ensureServer } from '../../src/identity/ensure-server.ts';
import { exportCredentials } from '../../src/identity/export-credentials.ts';
import { readManifest } from '../../src/identity/manifest.ts';
import { openStore } from '../../src/identity/store.ts';
import { deviceCaPem, ensureAuthority } from '../../src/identity/store-authority.ts';
import { withLock } from '../../src/identity/store-lock.ts';
import { verifyStore } from '../../src/identity/verify-store.ts';
import { NOW, problemOf, problemsOf, request, requests, tempFolder, tempStore } from './helpers.ts';

// Processes of their own take seconds to start on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

async function ids(store: ReturnType<typeof openStore>, wanted = requests(3), options = {}) {
  const devices = await ensureDevices(store, wanted, options);
  return [...devices.values()].map(({ certificateId }) => certificateId);
}

describe('a device certificate', () => {
  test('is reused while it fits, also by another process later', async () => {
    const { store, root, warnings } = tempStore();
    const first = await ensureDevices(store, requests(3));
    const second = await ensureDevices(tempStore({ root }).store, requests(3));
    expect(second).toEqual(first);
    expect([...first.keys()]).toEqual(['pump-0', 'pump-1', 'pump-2']);
    expect(warnings).toEqual([]);
  });

  test('is minted again for another thing name or key type, and only that one', async () => {
    const { store } = tempStore();
    const before = await ids(store);
    const changed = [request('pump-0'), request('pump-1', 'other'), request('pump-2')];
    const after = await ids(store, changed);
    expect(after.map((id, i) => id === before[i])).toEqual([true, false, true]);
    const strong = await ids(store, [request('pump-0', 'pump-0', 'P-384')]);
    expect(strong[0]).not.toBe(before[0]);
  });

  test('is minted again when less than the remaining lifetime is left', async () => {
    const { store, root } = tempStore();
    const before = await ids(store);
    const at = (now: number) => tempStore({ root, now: () => now }).store;
    const end = NOW + 365 * DAY_MS;
    expect(await ids(at(end - HOUR_MS))).toEqual(before);
    expect(await ids(at(end - 2 * DAY_MS), requests(3), { remainingMsMin: DAY_MS })).toEqual(
      before,
    );
    const renewed = await ids(at(end - HOUR_MS + 1000));
    expect(renewed.some((id) => before.includes(id))).toBe(false);
  });

  test('is reused by a clock a little behind, and minted again by one far behind', async () => {
    const { store, root } = tempStore();
    const before = await ids(store);
    const at = (now: number) => tempStore({ root, now: () => now }).store;
    expect(await ids(at(NOW - 4 * 60_000))).toEqual(before);
    const after = await ids(at(NOW - HOUR_MS));
    expect(after.some((id) => before.includes(id))).toBe(false);
  });

  test('is minted again when its key is missing or is not its own', async () => {
    const { store } = tempStore();
    const before = await ids(store);
    const file = join(store.folder, 'devices.ndjson');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const [one, two] = lines.slice(0, 2).map((line) => JSON.parse(line));
    const swapped = { ...one, privateKeyPem: two.privateKeyPem };
    writeFileSync(file, `${JSON.stringify(swapped)}\n${lines[1]}\n{"certificatePem":"-----BEG`);
    const after = await ids(store);
    expect(after.map((id, i) => id === before[i])).toEqual([false, true, false]);
    expect((await verifyStore(store)).problems).toEqual([]);
  });

  test('is minted again when the authority is another one', async () => {
    const { store } = tempStore();
    const before = await ids(store);
    rmSync(join(store.folder, 'ca.pem'));
    const after = await ids(store);
    expect(after.some((id) => before.includes(id))).toBe(false);
    expect(await ids(store)).toEqual(after);
  });

  test('is minted again when asked to', async () => {
    const { store } = tempStore();
    const before = await ids(store);
    const after = await ids(store, requests(3), { renew: true, lifetimeMs: DAY_MS });
    expect(after.some((id) => before.includes(id))).toBe(false);
    const { devices } = await readManifest(store);
    expect(devices.map(({ notAfter }) => notAfter)).toEqual(Array(3).fill(NOW + DAY_MS));
  });

  test('that a run does not need stays in the store', async () => {
    const { store } = tempStore();
    const before = await ids(store);
    await ids(store, [request('other')]);
    expect(await ids(store)).toEqual(before);
  });
});

describe('requests', () => {
  test('progress counts up to the total, with what was minted', async () => {
    const { store } = tempStore();
    await ids(store, requests(100));
    const seen: EnsureProgress[] = [];
    await ids(store, requests(300), { onProgress: (at: EnsureProgress) => seen.push(at) });
    expect(seen.at(-1)).toEqual({ total: 300, done: 300, minted: 200 });
    expect(seen.map(({ done }) => done)).toEqual(
      seen.map(({ done }) => done).sort((a, b) => a - b),
    );
  });

  test('names that would leave the folder are refused, all at once, before anything is made', async () => {
    const { store } = tempStore();
    const names = ['../up', 'a/b', '.hidden', '', 'a'.repeat(129), 'a\\b', 'nul\0', 'line\n', 'ü'];
    const problems = await problemsOf(() =>
      ensureDevices(
        store,
        names.map((at) => request(at)),
      ),
    );
    const aboutNames = problems.filter(({ message }) => message.includes('certificate store'));
    expect(aboutNames).toHaveLength(names.length);
    expect(existsSync(store.folder)).toBe(false);
  });

  test('one name with two meanings is refused, the same twice is one', async () => {
    const { store } = tempStore();
    expect(await ids(store, [request('a'), request('a')])).toHaveLength(1);
    const problem = await problemOf(() => ensureDevices(store, [request('a'), request('a', 'b')]));
    expect(problem.message).toContain('two meanings');
  });

  test('a signal ends minting and leaves the store whole', async () => {
    const { store } = tempStore();
    const stop = new AbortController();
    const work = ensureDevices(store, requests(500), {
      signal: stop.signal,
      onProgress: ({ minted }) => minted > 0 && stop.abort(new Error('stopped')),
    });
    await expect(work).rejects.toThrow('stopped');
    expect((await verifyStore(store)).problems).toEqual([]);
    expect(await ids(store)).toHaveLength(3);
  });

  test('an authority name that would leave the root is refused', async () => {
    const open = () => openStore(tempFolder(), { now: () => NOW, authority: '../x' });
    expect((await problemOf(open)).message).toContain('"../x"');
  });
});

describe('files', () => {
  test('with keys are 0600 in folders 0700, and the manifest holds no key', async () => {
    const { store } = tempStore();
    await ids(store);
    await ensureServer(store);
    const mode = (name: string): number => statSync(join(store.folder, name)).mode & 0o777;
    expect(readdirSync(store.folder).sort()).toEqual([
      '.gitignore',
      'ca.key',
      'ca.pem',
      'devices.ndjson',
      'manifest.json',
      'server.key',
      'server.pem',
    ]);
    expect(['ca.key', 'server.key', 'devices.ndjson', '.'].map(mode)).toEqual([
      0o600, 0o600, 0o600, 0o700,
    ]);
    expect(readFileSync(join(store.folder, 'manifest.json'), 'utf8')).not.toMatch(/PRIVATE|BEGIN/);
  });

  test.each(['ca.key', 'devices.ndjson', 'server.key'])('a loose %s is warned of', async (name) => {
    const { store, root } = tempStore();
    await ids(store);
    await ensureServer(store);
    chmodSync(join(store.folder, name), 0o640);
    const again = tempStore({ root });
    await ids(again.store);
    await ensureServer(again.store);
    const file = join(store.folder, name);
    expect(again.warnings).toContainEqual({
      file,
      message: 'holds private keys and has mode 640',
      hint: `run: chmod 600 ${file}`,
    });
  });

  test('exported pairs are named for the device, keys 0600', async () => {
    const { store } = tempStore();
    const devices = await ensureDevices(store, requests(2));
    const folder = join(tempFolder(), 'out');
    const pairs = await exportCredentials(devices.values(), folder, await deviceCaPem(store));
    expect(pairs.map(({ name }) => name)).toEqual(['pump-0', 'pump-1']);
    expect(readdirSync(folder).sort()).toEqual([
      '.gitignore',
      'ca.pem',
      'pump-0.key',
      'pump-0.pem',
      'pump-1.key',
      'pump-1.pem',
    ]);
    expect(statSync(join(folder, 'pump-0.key')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, 'pump-1.pem'), 'utf8')).toBe(
      devices.get('pump-1')?.certificatePem,
    );
  });

  test.each(['{', '{}', '[]', '{"doppelfleet":"certificates","schemaVersion":1,"devices":[{}]}'])(
    'the damaged manifest %s is told, with a way out',
    async (content) => {
      const { store } = tempStore();
      await ids(store);
      writeFileSync(join(store.folder, 'manifest.json'), content);
      const problem = await problemOf(() => ids(store));
      expect(problem.message).toBe('is damaged');
      expect(problem.hint).toContain(store.folder);
    },
  );

  test('a manifest of a later version is refused rather than overwritten', async () => {
    const { store } = tempStore();
    await ids(store);
    const file = join(store.folder, 'manifest.json');
    const later = readFileSync(file, 'utf8').replace('"schemaVersion": 1', '"schemaVersion": 2');
    writeFileSync(file, later);
    expect((await problemOf(() => ids(store))).message).toContain('schema version 2');
    expect(readFileSync(file, 'utf8')).toBe(later);
  });
});

describe('the server certificate', () => {
  test('is reused for hosts that it has, and minted again for others', async () => {
    const { store } = tempStore();
    const id = async (hosts: readonly string[] = []) =>
      (await ensureServer(store, { hosts })).credential.certificateId;
    const first = await id(['a.example', '10.0.0.1']);
    expect([await id(), await id(['a.example'])]).toEqual([first, first]);
    expect(await id(['b.example'])).not.toBe(first);
  });

  test('is signed by the minted authority, which devices have too', async () => {
    const { store } = tempStore();
    const { caPem } = await ensureServer(store);
    expect(caPem).toBe((await ensureAuthority(store)).trustPem);
    expect(await deviceCaPem(store)).toBe(caPem);
  });
});

describe('the minted authority', () => {
  test('is replaced, with a warning, when its key is gone or is not its own', async () => {
    const { store, warnings } = tempStore();
    const first = await ensureAuthority(store);
    rmSync(join(store.folder, 'ca.key'));
    const second = await ensureAuthority(store);
    expect(second.certificateId).not.toBe(first.certificateId);
    expect(warnings.map(({ message }) => message)).toEqual(['is missing or empty']);
  });

  test('is replaced on its last day', async () => {
    const { store, root } = tempStore();
    const first = await ensureAuthority(store);
    const at = (now: number) => ensureAuthority(tempStore({ root, now: () => now }).store);
    expect((await at(NOW + 3649 * DAY_MS)).certificateId).toBe(first.certificateId);
    expect((await at(NOW + 3649 * DAY_MS + 1000)).certificateId).not.toBe(first.certificateId);
  });
});

describe('two at once', () => {
  test('writers of one process agree on one authority and lose nothing', async () => {
    const { root } = tempStore();
    const fleets = await Promise.all(
      Array.from({ length: 6 }, (_, i) => {
        const wanted = [...requests(5), request(`own-${i}`)];
        return ensureDevices(tempStore({ root }).store, wanted);
      }),
    );
    const { store } = tempStore({ root });
    const { devices } = await readManifest(store);
    expect(new Set(devices.map(({ issuerId }) => issuerId)).size).toBe(1);
    expect(devices).toHaveLength(5 + fleets.length);
    expect((await verifyStore(store)).problems).toEqual([]);
    expect(existsSync(join(store.folder, '.lock'))).toBe(false);
  });

  test('processes agree on one authority and lose nothing', async () => {
    const { store, root } = tempStore();
    const node = join(import.meta.dirname, '../../node_modules/.bin/node');
    const worker = join(import.meta.dirname, 'store-worker.ts');
    const run = promisify(execFile);
    const workers = ['a', 'b', 'c'].map((name) => run(node, [worker, root, name, String(NOW)]));
    const authorities = (await Promise.all(workers)).map(({ stdout }) => stdout);
    expect(new Set(authorities).size).toBe(1);
    expect((await readManifest(store)).devices).toHaveLength(40 + 3 * 40);
    expect((await verifyStore(store)).problems).toEqual([]);
  });

  test('a lock whose holder is no more is taken over', async () => {
    const { store } = tempStore();
    await ids(store);
    // Above the largest process ID that Linux and macOS give out.
    writeFileSync(join(store.folder, '.lock'), `2147483646 ${hostname()} dead`);
    expect(await withLock(store, async () => 'done')).toBe('done');
    expect(readdirSync(store.folder).filter((name) => name.startsWith('.lock'))).toEqual([]);
  });

  test('a lock is waited for', async () => {
    const { store } = tempStore();
    const order: string[] = [];
    let release = (): void => {};
    let entered = (): void => {};
    const inside = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const first = withLock(store, async () => {
      entered();
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      order.push('first');
    });
    await inside;
    const second = withLock(store, async () => void order.push('second'));
    release();
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
  });
});
