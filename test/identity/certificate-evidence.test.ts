import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CertificateEvidence } from '../../src/audit/evidence.ts';
import type { Authority } from '../../src/identity/authority.ts';
import { loadCertificateEvidence } from '../../src/identity/certificate-evidence.ts';
import type { RevokedCertificate } from '../../src/identity/crl.ts';
import { buildCrl, crlPem } from '../../src/identity/crl-build.ts';
import { ensureDevices } from '../../src/identity/ensure-devices.ts';
import { issueCertificate } from '../../src/identity/issue.ts';
import { requireProgram } from '../support/programs.ts';
import {
  authority,
  NOW,
  openssl,
  problemsOf,
  request,
  requests,
  tempFolder,
  tempStore,
  writeFiles,
} from './helpers.ts';

const HOUR = 3_600_000;
const opensslProgram = requireProgram('openssl');

/** Assigning it to the audit's type is a test by itself. */
async function load(certificates: string[], revocationLists: string[] = [], now = NOW) {
  const sources = { certificates, revocationLists, now };
  return (await loadCertificateEvidence(sources)) satisfies CertificateEvidence;
}

const crl = (
  own: Authority,
  revoked: readonly RevokedCertificate[],
  { at = NOW - HOUR, number = 1, ...more }: { at?: number; number?: number; deltaOf?: number } = {},
): Buffer =>
  buildCrl(own, { thisUpdate: at, nextUpdate: at + 24 * HOUR, number, revoked, ...more });

const devices = (own: Authority, ...names: string[]) =>
  names.map((name) => issueCertificate(own, request(name), { now: NOW }));

describe('certificate evidence', () => {
  it('comes from a store: its devices and its authority, linked, and no key', async () => {
    const { store, root } = tempStore();
    await ensureDevices(store, requests(3));
    for (const path of [root, store.folder, `${store.folder}/`]) {
      const { certificates, revocationLists, notes } = await load([path]);
      const roles = certificates.map(({ role }) => role).sort();
      expect(roles).toEqual(['ca', 'device', 'device', 'device']);
      const ca = certificates.find(({ role }) => role === 'ca');
      const issuers = certificates.map(({ issuerCertificateId }) => issuerCertificateId);
      expect(issuers.filter((id) => id === ca?.certificateId)).toHaveLength(3);
      expect(certificates[0]).toMatchObject({ keyType: 'P-256', curve: 'prime256v1' });
      expect([revocationLists, notes]).toEqual([[], []]);
      expect(JSON.stringify(certificates)).not.toContain('PRIVATE');
    }
  });

  it('comes from folders and files, PEM bundles and DER, each certificate once', async () => {
    const own = await authority('RSA-2048');
    const [one, two] = devices(own, 'one', 'two');
    const folder = tempFolder();
    const bundle = `${one?.certificatePem}${own.trustPem}${one?.privateKeyPem}`;
    writeFiles(folder, {
      'bundle.pem': bundle,
      'only.key': one?.privateKeyPem ?? '',
      'x.txt': '?',
    });
    const der = new X509Certificate(two?.certificatePem ?? '').raw;
    writeFileSync(join(folder, 'two.der'), der);
    const { certificates, notes } = await load([folder, join(folder, 'two.der')]);
    expect(certificates.map(({ subject }) => subject)).toEqual([
      'CN=one,O=doppelfleet',
      own.subject,
      'CN=two,O=doppelfleet',
    ]);
    expect(certificates[1]).toMatchObject({ role: 'ca', publicExponent: '10001' });
    expect(certificates[1]?.modulus).toMatch(/^[0-9a-f]{512}$/);
    expect(notes).toEqual([]);
  });

  it('marks what a verified list revokes, and from when', async () => {
    const own = await authority();
    const [bad, good] = devices(own, 'bad', 'good');
    const serialNumber = bad?.serialNumber ?? '';
    const folder = tempFolder();
    const revoked = [{ serialNumber, revokedAt: NOW - 2 * HOUR, reason: 'keyCompromise' }] as const;
    const pems = [bad, good].map((one) => one?.certificatePem).join('');
    const [certificates = '', list = ''] = writeFiles(folder, {
      'all.pem': pems + own.trustPem,
      'list.crl': crlPem(crl(own, revoked)),
    });
    const evidence = await load([certificates], [list]);
    expect(evidence.certificates.map((one) => one.revoked)).toEqual([
      { at: NOW - 2 * HOUR, reason: 'keyCompromise', source: list },
      undefined,
      undefined,
    ]);
    expect(evidence.revocationLists).toMatchObject([
      { issuerCertificateId: own.certificateId, verified: true, complete: true, entries: 1 },
    ]);
    expect(evidence.notes).toEqual([]);
  });

  it('takes no revocation from a list that others signed or whose issuer is not there', async () => {
    const [own, other] = [await authority(), await authority()];
    const [bad] = devices(own, 'bad');
    const revoked = [{ serialNumber: bad?.serialNumber ?? '', revokedAt: NOW }];
    const forged = { ...other, issuer: { ...other.issuer, name: own.issuer.name } };
    const folder = tempFolder();
    const [all = '', leaf = '', wrong = '', right = ''] = writeFiles(folder, {
      'all.pem': `${bad?.certificatePem}${own.trustPem}`,
      'leaf.pem': bad?.certificatePem ?? '',
      'wrong.crl': crlPem(crl(forged, revoked)),
      'right.crl': crlPem(crl(own, revoked)),
    });
    const [first, second] = [await load([all], [wrong]), await load([leaf], [right])];
    expect(first.certificates[0]).not.toHaveProperty('revoked');
    expect(first.revocationLists[0]).toMatchObject({ verified: false });
    expect(first.notes).toEqual([expect.stringContaining('its signature is wrong')]);
    expect(second.certificates[0]).not.toHaveProperty('revoked');
    expect(second.notes).toEqual([
      expect.stringContaining('the certificate of its issuer was not given'),
    ]);
  });

  it('notes stale and future lists, and delta lists whose silence proves nothing', async () => {
    const own = await authority();
    const [all = '', stale = '', future = '', delta = ''] = writeFiles(tempFolder(), {
      'all.pem': own.trustPem,
      'stale.crl': crlPem(crl(own, [], { at: NOW - 48 * HOUR })),
      'future.crl': crlPem(crl(own, [], { at: NOW + HOUR })),
      'delta.crl': crlPem(crl(own, [], { number: 3, deltaOf: 1 })),
    });
    const { notes, revocationLists } = await load([all], [stale, future, delta]);
    expect(notes).toEqual([
      expect.stringContaining('is stale since'),
      expect.stringContaining('is from the future'),
      expect.stringContaining('is a delta list'),
    ]);
    expect(revocationLists.map(({ complete }) => complete)).toEqual([true, true, false]);
  });

  it('lets a newer list end a hold, by its silence or by removeFromCRL, and nothing else', async () => {
    const own = await authority();
    const named = devices(own, 'held', 'removed', 'broken');
    const [held = '', removed = '', broken = ''] = named.map((one) => one.serialNumber);
    const revokedAt = NOW - 9 * HOUR;
    const first = crl(
      own,
      [
        { serialNumber: held, revokedAt, reason: 'certificateHold' },
        { serialNumber: removed, revokedAt, reason: 'certificateHold' },
        { serialNumber: broken, revokedAt, reason: 'keyCompromise' },
      ],
      { at: NOW - 8 * HOUR },
    );
    const delta = crl(own, [{ serialNumber: removed, revokedAt, reason: 'removeFromCRL' }], {
      at: NOW - 2 * HOUR,
      number: 2,
      deltaOf: 1,
    });
    const pems = `${named.map((one) => one.certificatePem).join('')}${own.trustPem}`;
    const [all = '', a = '', b = '', c = ''] = writeFiles(tempFolder(), {
      'all.pem': pems,
      'a.crl': crlPem(first),
      'b.crl': crlPem(delta),
      'c.crl': crlPem(crl(own, [], { at: NOW - HOUR, number: 3 })),
    });
    const marked = async (...lists: string[]): Promise<boolean[]> =>
      (await load([all], lists)).certificates.slice(0, 3).map((one) => 'revoked' in one);
    expect(await marked(a)).toEqual([true, true, true]);
    expect(await marked(b, a)).toEqual([true, false, true]);
    expect(await marked(c, a)).toEqual([false, false, true]);
  });

  it('refuses named sources that hold nothing or are not there, all at once', async () => {
    const folder = tempFolder();
    const [noise = '', empty = ''] = writeFiles(folder, {
      'noise.der': '\u0000\u0001\u0002',
      'empty.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    });
    const problems = await problemsOf(() => load([noise, join(folder, 'none'), empty, folder]));
    expect(problems.map(({ message }) => message)).toEqual([
      'holds no certificate and no revocation list',
      expect.stringContaining('no such file or folder'),
      'holds no certificate and no revocation list',
      'holds no certificate and no revocation list',
    ]);
  });

  it('notes damaged parts beside sound ones and goes on', async () => {
    const own = await authority();
    const bad = '-----BEGIN X509 CRL-----\nMAMCAQE=\n-----END X509 CRL-----\n';
    const worse = '-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n';
    const [file = ''] = writeFiles(tempFolder(), { 'a.pem': own.trustPem + bad + worse });
    const { certificates, notes } = await load([file]);
    expect(certificates).toHaveLength(1);
    expect(notes).toEqual([
      expect.stringContaining('the certificate is damaged or not X.509'),
      expect.stringContaining('the revocation list is damaged'),
    ]);
  });

  it.skipIf(!opensslProgram.available)(
    `reads keys and names that others made, however odd${opensslProgram.note}`,
    async () => {
      const folder = tempFolder();
      const make = (name: string, ...key: string[]) => {
        const out = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)];
        const subject = ['-utf8', '-subj', `/CN=${name}\u202e","\n=cmd|'`];
        openssl(['req', '-x509', '-nodes', '-days', '1', ...key, ...subject, ...out]);
      };
      make('short', '-newkey', 'rsa:1024');
      make('three', '-newkey', 'rsa:2048', '-pkeyopt', 'rsa_keygen_pubexp:3');
      make('koblitz', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1');
      make('edwards', '-newkey', 'ed25519');
      const { certificates } = await load([folder]);
      const facts = certificates.map((one) => [one.keyType, one.publicExponent, one.curve]);
      expect(facts).toEqual([
        ['ed25519', undefined, undefined],
        ['secp256k1', undefined, 'secp256k1'],
        ['RSA-1024', '10001', undefined],
        ['RSA-2048', '3', undefined],
      ]);
    },
  );
});
