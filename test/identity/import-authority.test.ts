/** Bring your own authority: what is taken, what is refused and with which words. */

import { once } from 'node:events';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { DAY_MS } from '../../src/core/time.ts';
import { loadToolkit, mintAuthority } from '../../src/identity/authority.ts';
import { ensureDevices } from '../../src/identity/ensure-devices.ts';
import { ensureServer } from '../../src/identity/ensure-server.ts';
import { showCertificate } from '../../src/identity/show-certificate.ts';
import {
  deviceCaPem,
  ensureAuthority,
  importAuthority,
} from '../../src/identity/store-authority.ts';
import { verifyStore } from '../../src/identity/verify-store.ts';
import { requireProgram } from '../support/programs.ts';
import {
  NOW,
  openssl,
  problemOf,
  problemsOf,
  request,
  tempFolder,
  tempStore,
  tryOpenssl,
  writeFiles,
} from './helpers.ts';

// RSA keys take a second or more each on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const program = requireProgram('openssl');

async function files(keyType: 'P-256' | 'RSA-2048' = 'P-256', validity?: [number, number]) {
  const [notBefore, notAfter] = validity ?? [NOW - 1000, NOW + 30 * DAY_MS];
  const tools = await loadToolkit();
  const pair = await mintAuthority(tools, {
    now: NOW,
    keyType,
    title: 'Staging CA',
    validity: { notBefore, notAfter },
  });
  const folder = tempFolder();
  const [certificateFile = '', keyFile = ''] = writeFiles(folder, {
    'staging.pem': pair.certificatePem,
    'staging.key': pair.privateKeyPem,
  });
  return { folder, certificateFile, keyFile, ...pair };
}

describe('an imported authority', () => {
  test('signs devices but never a server, and is trusted for devices', async () => {
    const { store, warnings } = tempStore();
    const own = await files();
    await importAuthority(store, own);
    const device = (await ensureDevices(store, [request('a')])).get('a');
    expect((await showCertificate(store, 'a')).issuer).toMatch(/^CN=Staging CA/);
    expect(await deviceCaPem(store)).toBe(own.certificatePem);
    expect(device?.certificatePem.match(/BEGIN/g)).toHaveLength(1);
    const { caPem } = await ensureServer(store);
    expect(caPem).not.toBe(own.certificatePem);
    expect((await showCertificate(store, 'server')).issuer).toMatch(/^CN=doppelfleet server CA/);
    expect((await verifyStore(store)).problems).toEqual([]);
    expect(statSync(join(store.folder, 'ca.key')).mode & 0o777).toBe(0o600);
    expect(warnings).toEqual([]);
  });

  test('replaces a minted one, whose devices are minted again', async () => {
    const { store } = tempStore();
    const before = (await ensureDevices(store, [request('a')])).get('a');
    await importAuthority(store, await files());
    expect((await showCertificate(store, 'a')).status).toBe('outdated');
    const after = (await ensureDevices(store, [request('a')])).get('a');
    expect(after?.certificateId).not.toBe(before?.certificateId);
  });

  test('is replaced by another one only when asked', async () => {
    const { store } = tempStore();
    const first = await importAuthority(store, await files());
    const second = await files('RSA-2048');
    const problem = await problemOf(() => importAuthority(store, second));
    expect(problem.message).toContain('already holds another imported authority');
    expect((await ensureAuthority(store)).certificateId).toBe(first.certificateId);
    const replaced = await importAuthority(store, { ...second, replace: true });
    expect((await ensureAuthority(store)).certificateId).toBe(replaced.certificateId);
    await importAuthority(store, second);
  });

  test('that has lost its key in the store is told, never replaced by a minted one', async () => {
    const { store } = tempStore();
    await importAuthority(store, await files());
    const file = join(store.folder, 'ca.key');
    writeFiles(store.folder, { 'ca.key': 'garbage' });
    const problem = await problemOf(() => ensureDevices(store, [request('a')]));
    expect(problem).toMatchObject({ file, message: 'holds no private key in PEM' });
  });

  test('that expires is refused, at import and later', async () => {
    const expired = await files('P-256', [NOW - 2 * DAY_MS, NOW - DAY_MS]);
    const { store, root } = tempStore();
    const problem = await problemOf(() => importAuthority(store, expired));
    expect(problem).toMatchObject({ file: expired.certificateFile });
    expect(problem.message).toMatch(/Staging CA .* expired at .* can't issue/);
    await importAuthority(store, await files());
    const later = tempStore({ root, now: () => NOW + 31 * DAY_MS }).store;
    const late = await problemOf(() => ensureDevices(later, [request('a')]));
    expect(late.message).toMatch(/expired at/);
  });

  test('with a key that others can read is taken with a warning', async () => {
    const { store, warnings } = tempStore();
    const own = await files();
    chmodSync(own.keyFile, 0o644);
    await importAuthority(store, own);
    expect(warnings).toEqual([
      { file: own.keyFile, message: 'others can read this private key', hint: 'chmod 600' },
    ]);
  });

  test('needs the key that belongs to it, and a certificate that is an authority', async () => {
    const { store } = tempStore();
    const [one, two] = [await files(), await files()];
    const mismatch = await problemOf(() =>
      importAuthority(store, { ...one, keyFile: two.keyFile }),
    );
    expect(mismatch).toMatchObject({ file: two.keyFile });
    expect(mismatch.message).toContain('does not belong to the certificate');
    const device = (await ensureDevices(store, [request('a')])).get('a');
    const [certificateFile = '', keyFile = ''] = writeFiles(tempFolder(), {
      'a.pem': device?.certificatePem ?? '',
      'a.key': device?.privateKeyPem ?? '',
    });
    const problem = await problemOf(() => importAuthority(store, { certificateFile, keyFile }));
    expect(problem.message).toContain('is not an authority');
  });

  test('that cannot be read gives every problem at once, and nothing of a key', async () => {
    const { store } = tempStore();
    const missing = await problemsOf(() =>
      importAuthority(store, { certificateFile: '/nowhere/a.pem', keyFile: '/nowhere/a.key' }),
    );
    expect(missing.map(({ message }) => message)).toEqual([
      'cannot read /nowhere/a.pem: no such file or folder',
      'cannot read /nowhere/a.key: no such file or folder',
    ]);
    const own = await files();
    const secret = own.privateKeyPem.split('\n')[1] ?? '';
    const [certificateFile = '', keyFile = ''] = writeFiles(own.folder, {
      'bad.pem': own.certificatePem.replace(/\n.{20}/, '\n--------------------'),
      'bad.key': own.privateKeyPem.replace(/\n.{8}/, '\nAAAAAAAA'),
    });
    const damaged = await problemsOf(() => importAuthority(store, { certificateFile, keyFile }));
    expect(damaged).toEqual([
      { file: certificateFile, line: 1, message: expect.stringContaining('damaged or not X.509') },
      { file: keyFile, line: 1, message: expect.stringContaining('damaged or of an unknown kind') },
    ]);
    expect(JSON.stringify(damaged)).not.toContain(secret.slice(8));
    const swapped = await problemsOf(() =>
      importAuthority(store, { certificateFile: own.keyFile, keyFile: own.certificateFile }),
    );
    expect(swapped.map(({ message }) => message)).toEqual([
      'holds no certificate in PEM',
      'holds no private key in PEM',
    ]);
  });
});

describe.skipIf(!program.available)(`authorities made by openssl${program.note}`, () => {
  function make(folder: string, name: string, key: readonly string[]) {
    const keyFile = join(folder, `${name}.key`);
    const certificateFile = join(folder, `${name}.pem`);
    openssl(['genpkey', ...key, '-out', keyFile]);
    const subject = ['-subj', `/C=SE/O=Acme, Inc/CN=${name}`, '-days', '30'];
    subject.push('-addext', 'keyUsage=critical,keyCertSign');
    openssl(['req', '-x509', '-new', '-key', keyFile, ...subject, '-out', certificateFile]);
    return { certificateFile, keyFile };
  }

  test.each([
    ['P-521', ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'], 'ecdsa-with-SHA512'],
    ['RSA', ['-algorithm', 'RSA'], 'sha256WithRSAEncryption'],
    ['Ed25519', ['-algorithm', 'ED25519'], 'ED25519'],
  ])('%s keys sign devices that openssl verifies', async (name, key, algorithm) => {
    const { store } = tempStore({ now: Date.now });
    const own = make(tempFolder(), name, key);
    await importAuthority(store, own);
    const device = (await ensureDevices(store, [request('a')])).get('a');
    const shown = await showCertificate(store, 'a');
    expect(shown.signatureAlgorithm).toBe(algorithm);
    expect(shown.issuer).toBe(`CN=${name},O=Acme\\, Inc,C=SE`);
    const [file = ''] = writeFiles(tempFolder(), { 'a.pem': device?.certificatePem ?? '' });
    expect(openssl(['verify', '-x509_strict', '-CAfile', own.certificateFile, file])).toContain(
      'OK',
    );
  });

  test('an encrypted key is refused with the command that decrypts it', async () => {
    const { store } = tempStore({ now: Date.now });
    const folder = tempFolder();
    const own = make(folder, 'ca', ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']);
    const password = ['-passout', 'pass:secret'];
    for (const kind of [
      ['pkcs8', '-topk8'],
      ['ec', '-aes128'],
    ] as const) {
      const keyFile = join(folder, `${kind[0]}.key`);
      openssl([...kind, '-in', own.keyFile, ...password, '-out', keyFile]);
      const problem = await problemOf(() => importAuthority(store, { ...own, keyFile }));
      expect(problem).toMatchObject({ file: keyFile, message: 'the private key is encrypted' });
      expect(problem.hint).toContain('openssl pkey');
    }
  });

  test('an intermediate one puts its chain behind each device, and the root is trusted', async () => {
    const { store, warnings } = tempStore({ now: Date.now });
    const folder = tempFolder();
    const curve = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    const root = make(folder, 'root', curve);
    const keyFile = join(folder, 'inter.key');
    const inter = join(folder, 'inter.pem');
    openssl(['genpkey', ...curve, '-out', keyFile]);
    const [extensions = ''] = writeFiles(folder, {
      'ext.cnf': 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n',
    });
    const csr = openssl(['req', '-new', '-key', keyFile, '-subj', '/CN=inter']);
    const signer = ['-CA', root.certificateFile, '-CAkey', root.keyFile, '-CAcreateserial'];
    const how = ['-days', '20', '-extfile', extensions, '-out', inter];
    openssl(['x509', '-req', ...signer, ...how], csr);

    await importAuthority(store, { certificateFile: inter, keyFile });
    expect(warnings.map(({ message }) => message)).toEqual([
      'CN=inter is an intermediate authority and its root was not given',
    ]);
    const alone = (await ensureDevices(store, [request('a')])).get('a');
    const [chain = ''] = writeFiles(folder, {
      'chain.pem': readFileSync(inter, 'utf8') + readFileSync(root.certificateFile, 'utf8'),
    });
    await importAuthority(store, { certificateFile: chain, keyFile });
    const device = (await ensureDevices(store, [request('a')])).get('a');
    expect(device).toEqual(alone);
    expect(device?.certificatePem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    const [file = ''] = writeFiles(folder, { 'a.pem': device?.certificatePem ?? '' });
    const verify = ['verify', '-x509_strict', '-CAfile', root.certificateFile];
    expect(openssl([...verify, '-untrusted', file, file])).toContain('OK');
    expect(tryOpenssl([...verify, file]).status).not.toBe(0);
    expect((await verifyStore(store)).problems).toEqual([]);

    const { credential: server, caPem } = await ensureServer(store);
    const listener = createServer({
      cert: server.certificatePem,
      key: server.privateKeyPem,
      ca: readFileSync(root.certificateFile, 'utf8'),
      requestCert: true,
    });
    onTestFinished(() => void listener.close());
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const socket = connect({
      port,
      host: '127.0.0.1',
      ca: caPem,
      cert: device?.certificatePem ?? '',
      key: device?.privateKeyPem ?? '',
    });
    onTestFinished(() => void socket.destroy());
    const [peer] = await once(listener, 'secureConnection');
    expect(peer.authorized).toBe(true);
    peer.destroy();
  });
});
