/** What we issue and what we say about it, held against the openssl program. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { loadToolkit, newAuthority } from '../../src/identity/authority.ts';
import { ensureDevices } from '../../src/identity/ensure-devices.ts';
import { ensureServer } from '../../src/identity/ensure-server.ts';
import { exportCredentials } from '../../src/identity/export-credentials.ts';
import { issueCertificate, issueServerCertificate } from '../../src/identity/issue.ts';
import { serverHosts } from '../../src/identity/names.ts';
import { decodePem } from '../../src/identity/pem.ts';
import { readCertificate } from '../../src/identity/read-certificate.ts';
import { type ShownCertificate, showCertificate } from '../../src/identity/show-certificate.ts';
import { ensureAuthority } from '../../src/identity/store-authority.ts';
import { KEY_TYPES } from '../../src/identity/types.ts';
import { requireProgram } from '../support/programs.ts';
import { authority, NOW, openssl, request, tempFolder, tempStore, writeFiles } from './helpers.ts';

// RSA keys take a second or more each on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const program = requireProgram('openssl');
const NAME_OPTIONS = 'esc_2253,esc_ctrl,utf8,sep_comma_plus,dn_rev,sname';

/** `openssl x509 -text` without white space and colons, to compare hex and lists alike. */
function text(pem: string): string {
  return openssl(['x509', '-noout', '-text', '-certopt', 'ext_parse'], pem);
}

function openSslDate(epochMs: number): string {
  const [, day = '', month, year, time] =
    /, (\d\d) (\w+) (\d+) ([\d:]+) GMT/.exec(new Date(epochMs).toUTCString()) ?? [];
  return `${month} ${String(Number(day)).padStart(2)} ${time} ${year} GMT`;
}

/** Lines that openssl must print for what `show` says. */
function expectAgreement(shown: ShownCertificate): void {
  const printed = text(shown.certificatePem);
  const hex = printed.replaceAll(/[\s:]/g, '').toLowerCase();
  const field = (option: string, ...more: string[]): string =>
    openssl(['x509', '-noout', option, ...more], shown.certificatePem).trim();
  expect(field('-subject', '-nameopt', NAME_OPTIONS)).toBe(`subject=${shown.subject}`);
  expect(field('-issuer', '-nameopt', NAME_OPTIONS)).toBe(`issuer=${shown.issuer}`);
  expect(field('-serial').toLowerCase()).toBe(`serial=${shown.serialNumber}`);
  expect(field('-startdate')).toBe(`notBefore=${openSslDate(shown.notBefore)}`);
  expect(field('-enddate')).toBe(`notAfter=${openSslDate(shown.notAfter)}`);
  expect(printed).toContain(`Version: ${shown.version} `);
  expect(printed).toContain(`Signature Algorithm: ${shown.signatureAlgorithm}\n`);
  expect(printed).toContain(`Public-Key: (${shown.keyBits} bit)`);
  const critical = (yes: boolean | undefined): string => (yes ? 'critical' : '');
  expect(printed).toMatch(
    new RegExp(
      `Basic Constraints: ${critical(shown.basicConstraints?.critical)}\\s+` +
        `CA:${shown.basicConstraints?.ca ? 'TRUE' : 'FALSE'}\\n`,
    ),
  );
  expect(printed).toMatch(
    new RegExp(
      `X509v3 Key Usage: ${critical(shown.keyUsage?.critical)}\\s+` +
        `${shown.keyUsage?.usages.join(', ')}\\n`,
    ),
  );
  if (shown.extendedKeyUsage === undefined) expect(printed).not.toContain('Extended Key Usage');
  else expect(printed).toContain(`  ${shown.extendedKeyUsage.purposes.join(', ')}\n`);
  if (shown.subjectAltNames === undefined) expect(printed).not.toContain('Alternative Name');
  else expect(printed).toContain(`  ${shown.subjectAltNames.join(', ')}\n`);
  expect(hex).toContain(`subjectkeyidentifier${shown.subjectKeyIdentifier}`);
  expect(hex).toMatch(new RegExp(`authoritykeyidentifier(keyid)?${shown.authorityKeyIdentifier}`));
}

describe.skipIf(!program.available)(`certificates as openssl reads them${program.note}`, () => {
  describe.each(KEY_TYPES)('with %s keys', (keyType) => {
    test('openssl verify accepts a device and a server, strictly and for their purpose', async () => {
      const ca = await authority(keyType);
      const device = issueCertificate(ca, request('a', 'pump 1', keyType), { now: NOW });
      const hosts = serverHosts(['broker.example', '10.0.0.7', '2001:db8::1']);
      const server = issueServerCertificate(ca, { name: 's', hosts, keyType }, { now: NOW });
      const [caFile = '', deviceFile = '', serverFile = ''] = writeFiles(tempFolder(), {
        'ca.pem': ca.trustPem,
        'device.pem': device.certificatePem,
        'server.pem': server.certificatePem,
      });
      const verify = (purpose: string, file: string, ...more: string[]): string =>
        openssl(['verify', '-x509_strict', '-CAfile', caFile, '-purpose', purpose, ...more, file]);
      expect(verify('sslclient', deviceFile)).toBe(`${deviceFile}: OK\n`);
      for (const name of ['localhost', 'broker.example']) {
        expect(verify('sslserver', serverFile, '-verify_hostname', name)).toContain('OK');
      }
      for (const ip of ['127.0.0.1', '::1', '10.0.0.7', '2001:db8::1']) {
        expect(verify('sslserver', serverFile, '-verify_ip', ip)).toContain('OK');
      }
      expect(() => verify('sslserver', deviceFile)).toThrow(/certificate purpose/);
    });

    test('openssl x509 -text agrees with show for authority, server and device', async () => {
      const { store } = tempStore();
      await ensureAuthority(store, { keyType });
      await ensureServer(store, { keyType, hosts: ['fe80::1:2'] });
      await ensureDevices(store, [request('a', 'Pumpe "Süd"', keyType)]);
      for (const name of ['ca', 'server', 'a']) {
        const shown = await showCertificate(store, name);
        expect(shown.keyType).toBe(keyType);
        expectAgreement(shown);
      }
    });

    test('openssl reads the private key and it has the public key of the certificate', async () => {
      const ca = await authority();
      const device = issueCertificate(ca, request('a', 'a', keyType), { now: NOW });
      expect(openssl(['pkey', '-pubout'], device.privateKeyPem)).toBe(
        openssl(['x509', '-noout', '-pubkey'], device.certificatePem),
      );
    });
  });

  test('the certificate ID is the SHA-256 of what openssl writes as DER', async () => {
    const { store } = tempStore();
    const device = (await ensureDevices(store, [request('a')])).get('a');
    const folder = tempFolder();
    await exportCredentials(device === undefined ? [] : [device], folder);
    const out = join(folder, 'a.der');
    openssl(['x509', '-in', join(folder, 'a.pem'), '-outform', 'der', '-out', out]);
    const [digest] = openssl(['dgst', '-sha256', '-r', out]).split(' ');
    expect(device?.certificateId).toBe(digest);
    const der = decodePem(device?.certificatePem ?? '');
    expect(digest).toBe(createHash('sha256').update(der).digest('hex'));
  });

  test.each([
    'a"b\'c',
    'line\nbreak\r\n\ttab',
    'a,b=c+d/e;f<g>h\\i',
    '#hash',
    ' led and trailed ',
    ' ',
    '*',
    '*.example.com',
    '🐻‍❄️ emoji',
    'Пумпа ポンプ',
    'nul\u0000inside',
    '\u0085next line',
    '\u202eright to left',
    '10.0.0.1',
    'x'.repeat(64),
    '🚀'.repeat(64),
    "%00%n$(id)`id`';DROP TABLE",
  ])('the thing name %j survives, and openssl verifies and prints it', async (thingName) => {
    const ca = await authority();
    const device = issueCertificate(ca, request('a', thingName), { now: NOW });
    const { asn1 } = await loadToolkit();
    const details = readCertificate(asn1, decodePem(device.certificatePem));
    expect(details.commonName).toBe(thingName);
    const [caFile = '', file = ''] = writeFiles(tempFolder(), {
      'ca.pem': ca.trustPem,
      'a.pem': device.certificatePem,
    });
    expect(openssl(['verify', '-x509_strict', '-CAfile', caFile, file])).toContain('OK');
    const subject = openssl(['x509', '-noout', '-subject', '-nameopt', NAME_OPTIONS, '-in', file]);
    expect(subject).toBe(`subject=${details.subject}\n`);
    const [altName = ''] = details.subjectAltNames ?? [];
    expect(openssl(['x509', '-noout', '-ext', 'subjectAltName', '-in', file])).toContain(altName);
  });

  test('times from 2050 on are GeneralizedTime, as RFC 5280 wants', async () => {
    const end = Date.UTC(2051, 1, 3, 4, 5, 6);
    const validity = { notBefore: NOW - 1000, notAfter: end };
    const ca = await newAuthority({ now: NOW, validity });
    const device = issueCertificate(ca, request('a'), { now: NOW, validity });
    const structure = openssl(['asn1parse'], device.certificatePem);
    expect(structure).toMatch(/UTCTIME/);
    expect(structure).toMatch(/GENERALIZEDTIME\s+:20510203040506Z/);
    const { asn1 } = await loadToolkit();
    expect(readCertificate(asn1, decodePem(device.certificatePem)).notAfter).toBe(end);
  });
});
