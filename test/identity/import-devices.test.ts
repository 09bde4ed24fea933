/** Existing device certificates: folders and CSV files, sound and broken, and how the pool serves. */
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/core/time.ts';
import type { Authority } from '../../src/identity/authority.ts';
import { ensureDevices } from '../../src/identity/ensure-devices.ts';
import { ensureServer } from '../../src/identity/ensure-server.ts';
import { importDevices } from '../../src/identity/import-devices.ts';
import { issueCertificate } from '../../src/identity/issue.ts';
import { listCertificates } from '../../src/identity/list-certificates.ts';
import { encodePem } from '../../src/identity/pem.ts';
import { deviceCaPem, importAuthority } from '../../src/identity/store-authority.ts';
import type { Credential, KeyType } from '../../src/identity/types.ts';
import { verifyStore } from '../../src/identity/verify-store.ts';
import {
  authority,
  NOW,
  problemOf,
  problemsOf,
  request,
  requests,
  tempFolder,
  tempStore,
  writeFiles,
} from './helpers.ts';

function device(ca: Authority, thingName: string, keyType: KeyType = 'P-256'): Credential {
  return issueCertificate(ca, request('x', thingName, keyType), { now: NOW });
}

/** A folder of pairs `<name>.pem` and `<name>.key`. */
function folderOf(devices: Readonly<Record<string, Credential>>): string {
  const folder = tempFolder();
  for (const [name, { certificatePem, privateKeyPem }] of Object.entries(devices)) {
    writeFiles(folder, { [`${name}.pem`]: certificatePem, [`${name}.key`]: privateKeyPem });
  }
  return folder;
}

describe('a folder', () => {
  test('of pairs, of .crt, of joint files and of AWS downloads is imported', async () => {
    const ca = await authority();
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => device(ca, name));
    const folder = tempFolder();
    writeFiles(folder, {
      'a.pem': a?.certificatePem ?? '',
      'a.key': a?.privateKeyPem ?? '',
      'b.crt': b?.certificatePem ?? '',
      'b.key': b?.privateKeyPem ?? '',
      'c.pem': `some words\n${c?.privateKeyPem}\r\n${c?.certificatePem.replaceAll('\n', '\r\n')}`,
      '1f-certificate.pem.crt': d?.certificatePem ?? '',
      '1f-private.pem.key': d?.privateKeyPem ?? '',
      '1f-public.pem.key': '-----BEGIN PUBLIC KEY-----\nMA==\n-----END PUBLIC KEY-----\n',
      'ca.pem': ca.trustPem,
      'README.txt': 'not looked at',
    });
    mkdirSync(join(folder, 'sub.pem'));
    const { store, warnings } = tempStore();
    const result = await importDevices(store, folder, { caFile: join(folder, 'ca.pem') });
    expect(result).toEqual({ imported: 4, pool: 4 });
    expect(warnings.map(({ file, message }) => [file, message])).toEqual([
      [join(folder, 'ca.pem'), "is an authority's certificate and was left out"],
    ]);
    const listed = await listCertificates(store);
    const imported = listed.filter(({ kind }) => kind === 'imported');
    expect(imported.map(({ name, thingName }) => [name, thingName])).toEqual([
      ['1f', 'd'],
      ['a', 'a'],
      ['b', 'b'],
      ['c', 'c'],
    ]);
    expect(await deviceCaPem(store)).toBe(ca.trustPem);
    expect((await verifyStore(store)).problems).toEqual([]);
    expect(statSync(join(store.folder, 'devices.ndjson')).mode & 0o777).toBe(0o600);
  });

  test('with several mistakes is refused with all of them, and nothing is stored', async () => {
    const ca = await authority();
    const [a, b] = [device(ca, 'a'), device(ca, 'b')];
    const folder = folderOf({ good: device(ca, 'good'), same: a, twin: a });
    writeFiles(folder, {
      'swapped.pem': b.certificatePem,
      'swapped.key': a.privateKeyPem,
      'nokey.pem': b.certificatePem,
      'nocert.key': b.privateKeyPem,
      'empty.pem': '',
      'damaged.pem': `x\n${encodePem('CERTIFICATE', Buffer.from('junk'))}${b.privateKeyPem}`,
      'two.pem': a.certificatePem,
      'two.crt': b.certificatePem,
      'two.key': b.privateKeyPem,
      'locked.pem': b.certificatePem + encodePem('ENCRYPTED PRIVATE KEY', Buffer.from('junk')),
    });
    const { store } = tempStore();
    const problems = await problemsOf(() => importDevices(store, folder));
    const seen = problems.map(({ file = '', line, message }) => {
      const text = message.replaceAll(`${folder}/`, '');
      return `${file.replace(`${folder}/`, '')}${line === undefined ? '' : `:${line}`} ${text}`;
    });
    expect(seen.sort()).toEqual([
      'damaged.pem:2 the certificate is damaged or not X.509',
      'empty.pem holds no certificate in PEM',
      `locked.pem:${b.certificatePem.split('\n').length} the private key is encrypted`,
      'nocert.key has no certificate beside it',
      'nokey.pem has no private key beside it',
      'swapped.key the key does not belong to the certificate in swapped.pem',
      'twin.pem is the same certificate as same.pem',
      'two.pem holds another certificate than two.crt',
    ]);
    expect(existsSync(store.folder)).toBe(false);
  });

  test('without certificates, and a path to nothing, are told', async () => {
    const { store } = tempStore();
    const folder = tempFolder();
    expect((await problemOf(() => importDevices(store, folder))).message).toContain(
      'holds no certificate files',
    );
    const missing = join(folder, 'none');
    expect((await problemOf(() => importDevices(store, missing))).message).toContain(missing);
  });

  test('with expired, early, foreign or loosely kept ones is imported with warnings', async () => {
    const ca = await authority();
    const other = await authority();
    const issue = (name: string, from: number, to: number) =>
      issueCertificate(ca, request('x', name), {
        now: NOW,
        validity: { notBefore: NOW + from, notAfter: NOW + to },
      });
    const folder = folderOf({
      early: issue('early', DAY_MS, 2 * DAY_MS),
      expired: issue('expired', -2 * DAY_MS, -DAY_MS),
      foreign: device(other, 'foreign'),
      good: device(ca, 'good'),
    });
    chmodSync(join(folder, 'good.key'), 0o644);
    const [caFile = ''] = writeFiles(tempFolder(), { 'ca.pem': ca.trustPem });
    const { store, warnings } = tempStore();
    expect((await importDevices(store, folder, { caFile })).imported).toBe(4);
    expect(warnings.map(({ file, message }) => [file?.split('/').at(-1), message])).toEqual([
      ['expired.pem', '1 certificate expired, such as this'],
      ['early.pem', '1 certificate not valid yet, such as this'],
      ['foreign.pem', '1 certificate not issued by the authority, such as this'],
      ['good.key', 'others can read 1 private key, such as this'],
    ]);
  });
});

describe('a CSV', () => {
  async function csv(content: string) {
    const ca = await authority();
    const folder = tempFolder();
    const [a, b] = [device(ca, 'a'), device(ca, 'b', 'RSA-2048')];
    mkdirSync(join(folder, 'keys'));
    writeFiles(folder, {
      'a.pem': a.certificatePem,
      'keys/a.key': a.privateKeyPem,
      'b.pem': b.certificatePem + b.privateKeyPem,
      'ca.pem': ca.trustPem,
    });
    const [file = ''] = writeFiles(folder, { 'devices.csv': content });
    return { file, folder, a, b };
  }

  test('names things, and takes paths relative to itself', async () => {
    const content = '\ufeffthingName,certificate,key\r\n"Pump, 1",a.pem,keys/a.key\r\n,b.pem,\r\n';
    const { file, a, b } = await csv(content);
    const { store } = tempStore();
    expect(await importDevices(store, file)).toEqual({ imported: 2, pool: 2 });
    const served = await ensureDevices(store, [request('one', 'b'), request('two', 'Pump, 1')]);
    expect(served.get('one')).toMatchObject({ name: 'one', certificateId: b.certificateId });
    expect(served.get('two')).toMatchObject({
      name: 'two',
      thingName: 'Pump, 1',
      certificateId: a.certificateId,
      privateKeyPem: a.privateKeyPem,
    });
  });

  test('tells each mistake with its line', async () => {
    const { file, folder } = await csv(
      [
        'certificate,key',
        'a.pem,keys/a.key',
        'a.pem',
        ',keys/a.key',
        'none.pem,keys/a.key',
        'a.pem,b.pem',
        '',
        'ca.pem,keys/a.key',
        'a.pem,ca.pem',
        'a.pem,keys/a.key',
      ].join('\n'),
    );
    const { store } = tempStore();
    const problems = await problemsOf(() => importDevices(store, file));
    expect(problems.every((problem) => problem.file === file)).toBe(true);
    const seen = problems.map(({ line, message }) => `${line} ${message.replace(folder, '…')}`);
    expect(seen).toEqual([
      '3 has 1 cells, the header has 2',
      '4 names no certificate',
      '5 cannot read …/none.pem: no such file or folder',
      '6 b.pem: the key does not belong to the certificate in a.pem',
      "8 ca.pem: is an authority's certificate, not a device's",
      '8 keys/a.key: the key does not belong to the certificate in ca.pem',
      '9 ca.pem: holds no private key in PEM',
      `10 is the same certificate as ${file}:2`.replace(folder, '…'),
    ]);
  });

  test.each([
    ['', 'is empty'],
    ['certificate;key\na;b', 'unknown column "certificate;key"'],
    ['thingname,certificate,key\n', 'unknown column "thingname"'],
    ['certificate,certificate,key\n', 'column certificate stands twice'],
    ['thingName,key\n', 'no column certificate'],
    ['certificate,key\n"a.pem,keys/a.key\n', 'is not CSV: CSV_QUOTE_NOT_CLOSED'],
    ['certificate,key\n', 'holds no device certificate with its key'],
  ])('of %j is refused: %s', async (content, message) => {
    const { file } = await csv(content);
    const problems = await problemsOf(() => importDevices(tempStore().store, file));
    expect(problems.map((problem) => problem.message)).toContain(message);
  });
});

describe('the pool', () => {
  test('serves equal thing names first, then the others in sorted order', async () => {
    const ca = await authority();
    const things = { z: 'pump-1', m: 'other', b: 'another', a: 'pump-0' };
    const devices = Object.fromEntries(
      Object.entries(things).map(([name, thing]) => [name, device(ca, thing)]),
    );
    const { store } = tempStore();
    await importDevices(store, folderOf(devices));
    const served = await ensureDevices(store, [request('pump-2'), ...requests(2), request('x')]);
    expect([...served].map(([name, { thingName }]) => [name, thingName])).toEqual([
      ['pump-2', 'another'],
      ['pump-0', 'pump-0'],
      ['pump-1', 'pump-1'],
      ['x', 'other'],
    ]);
    expect(new Set([...served.values()].map(({ certificateId }) => certificateId)).size).toBe(4);
  });

  test('serves one that is not valid only when no other is left, with a warning', async () => {
    const ca = await authority();
    const validity = { notBefore: NOW - 2 * DAY_MS, notAfter: NOW - DAY_MS };
    const expired = issueCertificate(ca, request('x', 'old'), { now: NOW, validity });
    const { store, warnings } = tempStore();
    await importDevices(store, folderOf({ a: expired, b: device(ca, 'new') }));
    warnings.length = 0;
    const [one] = (await ensureDevices(store, [request('p')])).values();
    expect([one?.thingName, warnings]).toEqual(['new', []]);
    await ensureDevices(store, requests(2));
    expect(warnings.map(({ message }) => message)).toEqual([
      '1 imported certificate in use, such as a, not valid now',
    ]);
  });

  test('that is too small gives the numbers, and mints the rest if it has an authority', async () => {
    const ca = await authority();
    const { store } = tempStore();
    await importDevices(store, folderOf({ a: device(ca, 'a'), b: device(ca, 'b') }));
    const problem = await problemOf(() => ensureDevices(store, requests(5)));
    expect(problem.message).toBe(
      '5 device certificates needed, 2 imported, and there is no authority to mint the rest',
    );
    expect(existsSync(join(store.folder, 'ca.key'))).toBe(false);

    const folder = tempFolder();
    const key = ca.issuer.key.export({ type: 'pkcs8', format: 'pem' }).toString();
    const [certificateFile = '', keyFile = ''] = writeFiles(folder, {
      'ca.pem': ca.trustPem,
      'ca.key': key,
    });
    await importAuthority(store, { certificateFile, keyFile });
    const served = await ensureDevices(store, requests(5));
    expect(served.size).toBe(5);
    expect(await ensureDevices(store, requests(5))).toEqual(served);
    expect((await verifyStore(store)).problems).toEqual([]);
  });

  test('leaves the server certificate to an authority of its own', async () => {
    const ca = await authority();
    const { store } = tempStore();
    await importDevices(store, folderOf({ a: device(ca, 'a') }));
    const { caPem } = await ensureServer(store);
    expect(caPem).toBe(readFileSync(join(store.folder, 'server-ca.pem'), 'utf8'));
    expect(await deviceCaPem(store)).toBeUndefined();
  });

  test('grows with a further import, takes a renewed one by name, and starts anew when asked', async () => {
    const ca = await authority();
    const { store } = tempStore();
    await importDevices(store, folderOf({ a: device(ca, 'a') }));
    expect((await importDevices(store, folderOf({ b: device(ca, 'b') }))).pool).toBe(2);
    const renewed = device(ca, 'a');
    expect((await importDevices(store, folderOf({ a: renewed }))).pool).toBe(2);
    const served = await ensureDevices(store, [request('a')]);
    expect(served.get('a')?.certificateId).toBe(renewed.certificateId);
    const { pool } = await importDevices(store, folderOf({ c: device(ca, 'c') }), {
      replace: true,
    });
    expect(pool).toBe(1);
  });
});
