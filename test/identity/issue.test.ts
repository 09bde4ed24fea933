/** Rules of issuing that need no outside program. */
import { createECDH, createPrivateKey, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { DAY_MS } from '../../src/core/time.ts';
import { type Authority, loadToolkit, newAuthority } from '../../src/identity/authority.ts';
import { randomSerial } from '../../src/identity/certificate.ts';
import { issueCertificate, issueServerCertificate } from '../../src/identity/issue.ts';
import { isDnsName, serverHosts, storeNameFor } from '../../src/identity/names.ts';
import { decodePem } from '../../src/identity/pem.ts';
import { readCertificate } from '../../src/identity/read-certificate.ts';
import { KEY_TYPES } from '../../src/identity/types.ts';
import { authority, NOW, problemOf, problemsOf, request } from './helpers.ts';

// RSA keys take a second or more each on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let ca: Authority;
beforeAll(async () => {
  ca = await authority();
});

function issued(thingName: string) {
  const device = issueCertificate(ca, request('a', thingName), { now: NOW });
  return { device, details: readCertificate(ca.tools.asn1, decodePem(device.certificatePem)) };
}

describe('serial numbers', () => {
  test('are positive, 128 bits long and unique', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 2000; i++) {
      const serial = randomSerial();
      expect(serial).toHaveLength(16);
      expect(serial[0]).toBeGreaterThan(0);
      seen.add(serial.toString('hex'));
    }
    expect(seen.size).toBe(2000);
  });

  test('read back as the number that was issued, never negative', () => {
    for (let i = 0; i < 50; i++) {
      const { device, details } = issued('pump');
      expect(details.serialNumber).toBe(device.serialNumber);
      expect(new X509Certificate(device.certificatePem).serialNumber).not.toMatch(/^-/);
    }
  });
});

const PKCS8 = { format: 'der', type: 'pkcs8' } as const;

describe('thing names', () => {
  test('any Unicode text of 1 to 64 characters survives as common name', () => {
    const names = fc.string({ unit: 'binary', minLength: 1, maxLength: 64 });
    fc.assert(
      fc.property(names, (name) => {
        fc.pre([...name].length <= 64);
        const { details } = issued(name);
        expect(details.commonName).toBe(name);
        expect(details.subjectAltNames).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
  });

  test('64 characters are counted as characters, not as UTF-16 units or bytes', async () => {
    expect(issued('🚀'.repeat(64)).details.commonName).toBe('🚀'.repeat(64));
    const problem = await problemOf(() => issued('🚀'.repeat(65)));
    expect(problem.message).toContain('65 characters');
  });

  test('an empty name and a lone surrogate are refused', async () => {
    expect((await problemOf(() => issued(''))).message).toContain('empty');
    expect((await problemOf(() => issued('a\ud800b'))).message).toContain('not Unicode');
  });

  test.each([
    ['pump-1', 'DNS:pump-1'],
    ['pump-1.site.example', 'DNS:pump-1.site.example'],
    ['Pump 1', 'URI:urn:thing:Pump%201'],
    ["a'(b)*!", 'URI:urn:thing:a%27%28b%29%2A%21'],
    ['ü', 'URI:urn:thing:%C3%BC'],
    ['10.0.0.1', 'URI:urn:thing:10.0.0.1'],
    ['pump_1', 'URI:urn:thing:pump_1'],
    ['-pump', 'URI:urn:thing:-pump'],
    ['pump.', 'URI:urn:thing:pump.'],
  ])('%j gets the alternative name %s', (name, altName) => {
    expect(issued(name).details.subjectAltNames).toEqual([altName]);
  });
});

describe('the profile', () => {
  test('a device certificate says what RFC 5280 wants of it', () => {
    const { subjectDer: _, certificateId, serialNumber, ...details } = issued('pump-1').details;
    expect(details).toEqual({
      version: 3,
      subject: 'CN=pump-1,O=doppelfleet',
      issuer: ca.subject,
      commonName: 'pump-1',
      notBefore: NOW - 5 * 60_000,
      notAfter: NOW + 365 * DAY_MS,
      keyType: 'P-256',
      keyBits: 256,
      signatureAlgorithm: 'ecdsa-with-SHA256',
      selfIssued: false,
      basicConstraints: { critical: false, ca: false },
      keyUsage: { critical: true, usages: ['Digital Signature'] },
      extendedKeyUsage: { critical: false, purposes: ['TLS Web Client Authentication'] },
      subjectAltNames: ['DNS:pump-1'],
      subjectKeyIdentifier: expect.stringMatching(/^[0-9a-f]{40}$/),
      authorityKeyIdentifier: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
  });

  test.each(KEY_TYPES)('a server with a %s key may encipher keys only if it is RSA', (keyType) => {
    const hosts = serverHosts(['Broker.Example', '[::1]', '*.iot.example', 'bücher.example']);
    const server = issueServerCertificate(ca, { name: 's', hosts, keyType }, { now: NOW });
    const details = readCertificate(ca.tools.asn1, decodePem(server.certificatePem));
    expect(details.keyUsage?.usages).toEqual(
      keyType.startsWith('RSA') ? ['Digital Signature', 'Key Encipherment'] : ['Digital Signature'],
    );
    expect(details.extendedKeyUsage?.purposes).toEqual(['TLS Web Server Authentication']);
    expect(details.subjectAltNames).toEqual([
      'DNS:localhost',
      'DNS:broker.example',
      'DNS:*.iot.example',
      'DNS:xn--bcher-kva.example',
      'IP Address:127.0.0.1',
      'IP Address:0:0:0:0:0:0:0:1',
    ]);
  });

  test('an authority is a CA, critically, and signs certificates and revocation lists', () => {
    const details = readCertificate(ca.tools.asn1, decodePem(ca.trustPem));
    expect(details.basicConstraints).toEqual({ critical: true, ca: true });
    expect(details.keyUsage).toEqual({ critical: true, usages: ['Certificate Sign', 'CRL Sign'] });
    expect(details.selfIssued).toBe(true);
    expect(details.notAfter).toBe(NOW + 3650 * DAY_MS);
  });

  test('a P-384 authority signs with SHA-384', async () => {
    const strong = await authority('P-384');
    const device = issueCertificate(strong, request('a'), { now: NOW });
    const details = readCertificate(strong.tools.asn1, decodePem(device.certificatePem));
    expect(details.signatureAlgorithm).toBe('ecdsa-with-SHA384');
  });
});

describe('validity', () => {
  test('ends with the authority by default, and is taken as given otherwise', async () => {
    const validity = { notBefore: NOW - 1000, notAfter: NOW + DAY_MS };
    const short = await newAuthority({ now: NOW, validity });
    const plain = issueCertificate(short, request('a'), { now: NOW });
    expect(plain.validity).toEqual(validity);
    const own = { notBefore: NOW - 9000, notAfter: NOW - 8000 };
    const expired = issueCertificate(ca, request('a'), { now: NOW, validity: own });
    const details = readCertificate(ca.tools.asn1, decodePem(expired.certificatePem));
    expect([details.notBefore, details.notAfter]).toEqual([own.notBefore, own.notAfter]);
  });

  test('an expired authority and one of the future issue nothing', async () => {
    const past = await problemOf(() =>
      issueCertificate(ca, request('a'), { now: NOW + 4000 * DAY_MS }),
    );
    expect(past.message).toMatch(/expired at .* can't issue/);
    const early = await problemOf(() => issueCertificate(ca, request('a'), { now: NOW - DAY_MS }));
    expect(early.message).toMatch(/valid from .* on only/);
  });
});

describe('keys', () => {
  test('a private number with leading zero bytes keeps its full length', async () => {
    const { keys } = await loadToolkit();
    // One number in 256 is short, so about six of these are.
    for (let i = 0; i < 1500; i++) {
      const { privateKeyDer, publicKeyBits } = keys.generate('P-256');
      expect(privateKeyDer).toHaveLength(138);
      const ecdh = createECDH('prime256v1');
      ecdh.setPrivateKey(privateKeyDer.subarray(36, 68));
      expect(ecdh.getPublicKey().equals(publicKeyBits)).toBe(true);
      if (privateKeyDer[36] === 0) createPrivateKey({ key: privateKeyDer, ...PKCS8 });
    }
  });

  test.each(KEY_TYPES)('a %s key matches its own certificate and no other', async (keyType) => {
    const { matches } = (await loadToolkit()).keys;
    const [one, two] = ['a', 'b'].map((name) =>
      issueCertificate(ca, request(name, name, keyType), { now: NOW }),
    );
    if (one === undefined || two === undefined) throw new Error('unreachable');
    expect(matches(one.certificatePem, one.privateKeyPem)).toBe(true);
    expect(matches(one.certificatePem, two.privateKeyPem)).toBe(false);
    expect(matches(one.certificatePem, one.privateKeyPem.replace(/\n.{9}/, '\nAAAAAAAAA'))).toBe(
      false,
    );
    expect(matches(one.certificatePem, '')).toBe(false);
  });
});

describe('names', () => {
  test('every thing name has a store name that is valid, stable and its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(storeNameFor(a)).toMatch(/^(?!\.)[A-Za-z0-9._-]{1,128}$/);
        expect(storeNameFor(a) === storeNameFor(b)).toBe(a === b);
      }),
    );
  });

  test('hosts that are none are refused, all at once', async () => {
    const problems = await problemsOf(() =>
      serverHosts(['ok.example', 'a b', '', 'mqtts://x:1', '../..', 'fe80::1%eth0', '1.2.3']),
    );
    expect(problems).toHaveLength(6);
  });

  test('a DNS name has labels of 1 to 63 letters, digits and inner hyphens', () => {
    expect(['a', 'a-b.c', `${'a'.repeat(63)}.b`].every(isDnsName)).toBe(true);
    const bad = ['', '.', 'a.', '-a', 'a-', 'a_b', 'ä', '1.2', `${'a'.repeat(64)}.b`];
    expect(bad.some(isDnsName)).toBe(false);
  });
});
