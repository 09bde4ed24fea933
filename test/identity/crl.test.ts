import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Authority, newAuthority } from '../../src/identity/authority.ts';
import {
  crlIsSignedBy,
  type RevokedCertificate,
  readCrl,
  serialText,
} from '../../src/identity/crl.ts';
import { buildCrl, type CrlContent, crlPem } from '../../src/identity/crl-build.ts';
import { issueCertificate } from '../../src/identity/issue.ts';
import { requireProgram } from '../support/programs.ts';
import { authority, NOW, openssl, request, tempFolder, tryOpenssl, writeFiles } from './helpers.ts';

const opensslProgram = requireProgram('openssl');
const HOUR = 3_600_000;

const content = (revoked: readonly RevokedCertificate[], more: Partial<CrlContent> = {}) => ({
  thisUpdate: NOW - HOUR,
  nextUpdate: NOW + 24 * HOUR,
  number: 7,
  revoked,
  ...more,
});

const certificateOf = ({ trustPem }: Authority): X509Certificate => new X509Certificate(trustPem);

describe('a revocation list', () => {
  it('reads back as it was built, for every kind of authority key', async () => {
    const revoked: RevokedCertificate[] = [
      { serialNumber: '00ff'.slice(2), revokedAt: NOW - 2 * HOUR },
      { serialNumber: '8000000000000001', revokedAt: NOW - HOUR, reason: 'keyCompromise' },
      {
        serialNumber: '01',
        revokedAt: Date.UTC(2051, 5, 1),
        reason: 'aACompromise',
        invalidityDate: NOW - 3 * HOUR,
      },
    ];
    for (const keyType of ['P-256', 'P-384', 'RSA-2048'] as const) {
      const own = await authority(keyType);
      const list = readCrl(own.tools.asn1, buildCrl(own, content(revoked)));
      expect(list).toMatchObject({
        issuer: own.subject,
        thisUpdate: NOW - HOUR,
        nextUpdate: NOW + 24 * HOUR,
        crlNumber: '07',
        isDelta: false,
        isPartial: false,
        isIndirect: false,
        unknownCritical: [],
        revoked,
      });
      expect(crlIsSignedBy(list, certificateOf(own))).toBe(true);
      expect(crlIsSignedBy(list, certificateOf(await authority()))).toBe(false);
    }
  });

  it('reads back whatever entries it is built of', async () => {
    const own = await authority();
    const entry = fc.record(
      {
        serialNumber: fc
          .bigInt({ min: 1n, max: (1n << 159n) - 1n })
          .map((serial) => serial.toString(16))
          .map((hex) => (hex.length % 2 === 0 ? hex : `0${hex}`)),
        revokedAt: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000),
        reason: fc.constantFrom('superseded', 'certificateHold', 'removeFromCRL'),
        invalidityDate: fc.integer({ min: 0, max: 4_000_000_000 }).map((at) => at * 1000),
      },
      { requiredKeys: ['serialNumber', 'revokedAt'] },
    );
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), fc.nat(), (revoked, number) => {
        const given = revoked as RevokedCertificate[];
        const list = readCrl(own.tools.asn1, buildCrl(own, content(given, { number })));
        expect(list.revoked).toEqual(given);
        expect(Number.parseInt(list.crlNumber ?? '', 16)).toBe(number);
      }),
      { numRuns: 50 },
    );
  });

  it('says that it is a delta list', async () => {
    const own = await authority();
    const list = readCrl(own.tools.asn1, buildCrl(own, content([], { number: 9, deltaOf: 7 })));
    expect(list).toMatchObject({ isDelta: true, unknownCritical: [], revoked: [] });
  });

  it('is not signed any more once a byte of it has changed', async () => {
    const own = await authority();
    const der = buildCrl(own, content([{ serialNumber: 'ab', revokedAt: NOW }]));
    const at = der.indexOf(Buffer.from('0201ab'.slice(0, 4), 'hex'));
    const forged = Buffer.from(der);
    forged[der.indexOf(0xab, at)] = 0xac;
    expect(crlIsSignedBy(readCrl(own.tools.asn1, forged), certificateOf(own))).toBe(false);
  });

  it('is refused with an error, never a crash, when its bytes are damaged', async () => {
    const own = await authority();
    const der = buildCrl(own, content([{ serialNumber: 'ab', revokedAt: NOW }]));
    let refused = 0;
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const damaged = Buffer.from(der);
        damaged[at] = byte;
        try {
          const list = readCrl(own.tools.asn1, damaged);
          expect(Array.isArray(list.revoked)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          refused += 1;
        }
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(10);
    for (const bytes of ['', '30', '3080', '308400000000', '3003020101', '30'.repeat(5_000)]) {
      expect(() => readCrl(own.tools.asn1, Buffer.from(bytes, 'hex'))).toThrow();
    }
    const leaf = issueCertificate(own, request('pump'), { now: NOW });
    const raw = new X509Certificate(leaf.certificatePem).raw;
    expect(() => readCrl(own.tools.asn1, raw)).toThrow();
  });

  it('refuses numbers that are none', async () => {
    const own = await authority();
    for (const number of [-1, 1.5, Number.NaN, 2 ** 53]) {
      expect(() => buildCrl(own, content([], { number }))).toThrow(RangeError);
    }
  });

  it('writes serial numbers as certificates state them', () => {
    expect(serialText(Buffer.from('00', 'hex'))).toBe('00');
    expect(serialText(Buffer.from('00ff', 'hex'))).toBe('ff');
    expect(serialText(Buffer.from('0abc', 'hex'))).toBe('0abc');
    expect(serialText(Buffer.from('ff', 'hex'))).toBe('-01');
    expect(serialText(Buffer.alloc(0))).toBe('00');
  });
});

describe.skipIf(!opensslProgram.available)(`openssl${opensslProgram.note}`, () => {
  it('prints what was built', async () => {
    const own = await authority();
    const pem = crlPem(
      buildCrl(
        own,
        content([
          { serialNumber: 'c0ffee', revokedAt: Date.UTC(2026, 0, 2, 3, 4, 5) },
          {
            serialNumber: '0badcafe',
            revokedAt: Date.UTC(2026, 0, 3),
            reason: 'keyCompromise',
            invalidityDate: Date.UTC(2025, 11, 24, 20, 0, 1),
          },
        ]),
      ),
    );
    const text = openssl(['crl', '-text', '-noout'], pem);
    expect(text).toContain('Version 2 (0x1)');
    expect(text).toMatch(/X509v3 CRL Number:\s+7/);
    expect(text).toMatch(/Serial Number: C0FFEE\s+Revocation Date: Jan {2}2 03:04:05 2026 GMT/);
    expect(text).toMatch(/Serial Number: 0BADCAFE[\s\S]*Key Compromise[\s\S]*Dec 24 20:00:01 2025/);
    expect(text).toContain('X509v3 Authority Key Identifier');
    const folder = tempFolder();
    const [ca = ''] = writeFiles(folder, { 'ca.pem': own.trustPem });
    expect(tryOpenssl(['crl', '-noout', '-CAfile', ca], pem).output).toContain('verify OK');
  });

  it('refuses a certificate that stands in the list, and takes its neighbour', async () => {
    const own = await newAuthority({ now: NOW, keyType: 'RSA-2048' });
    const [bad, good] = ['bad', 'good'].map((name) =>
      issueCertificate(own, request(name), { now: NOW }),
    );
    const serialNumber = bad?.serialNumber ?? '';
    const list = buildCrl(own, content([{ serialNumber, revokedAt: NOW - HOUR }]));
    const folder = tempFolder();
    writeFiles(folder, {
      'ca.pem': own.trustPem,
      'crl.pem': crlPem(list),
      'bad.pem': bad?.certificatePem ?? '',
      'good.pem': good?.certificatePem ?? '',
    });
    const check = (name: string) =>
      tryOpenssl([
        'verify',
        '-crl_check',
        '-CAfile',
        join(folder, 'ca.pem'),
        '-CRLfile',
        join(folder, 'crl.pem'),
        join(folder, `${name}.pem`),
      ]);
    expect(check('bad').output).toContain('certificate revoked');
    expect(check('good')).toMatchObject({ status: 0 });
  });

  it('lists that openssl made read as it wrote them, with reasons and holds', async () => {
    const folder = tempFolder();
    writeFiles(folder, {
      'index.txt': '',
      crlnumber: '1000\n',
      'ca.cnf': [
        '[ca]\ndefault_ca = d\n[d]',
        `database = ${folder}/index.txt`,
        `crlnumber = ${folder}/crlnumber`,
        'default_md = sha256\ndefault_crl_days = 3\ncrl_extensions = e',
        '[e]\nauthorityKeyIdentifier = keyid',
      ].join('\n'),
    });
    const at = (name: string): string => join(folder, name);
    const own = await authority();
    const subject = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=Test "CA", \\u00fc'];
    const files = ['-keyout', at('ca.key'), '-out', at('ca.pem'), '-days', '30'];
    openssl(['req', ...subject, ...files]);
    const serials = ['ABCDEF', '0F'].map((serial, i) => {
      const name = at(`${i}.pem`);
      const ca = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial'];
      const csr = openssl(['req', '-new', '-key', at('ca.key'), '-subj', `/CN=d${i}`]);
      openssl(['x509', '-req', ...ca, '-set_serial', `0x${serial}`, '-out', name], csr);
      return name;
    });
    const signer = ['-config', at('ca.cnf'), '-cert', at('ca.pem'), '-keyfile', at('ca.key')];
    openssl(['ca', ...signer, '-revoke', serials[0] ?? '', '-crl_reason', 'superseded']);
    openssl(['ca', ...signer, '-revoke', serials[1] ?? '', '-crl_hold', 'holdInstructionReject']);
    openssl(['ca', ...signer, '-gencrl', '-out', at('crl.pem')]);
    openssl(['crl', '-in', at('crl.pem'), '-outform', 'DER', '-out', at('crl.der')]);
    const list = readCrl(own.tools.asn1, readFileSync(at('crl.der')));
    expect(list.crlNumber).toBe('1000');
    expect(list.revoked.map(({ serialNumber, reason }) => [serialNumber, reason])).toEqual([
      ['0f', 'certificateHold'],
      ['abcdef', 'superseded'],
    ]);
    expect(crlIsSignedBy(list, new X509Certificate(readFileSync(at('ca.pem'))))).toBe(true);
  });
});
