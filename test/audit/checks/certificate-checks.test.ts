import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasRocaFingerprint } from '../../../src/audit/checks/roca.ts';
import type { AuditCertificate } from '../../../src/audit/evidence.ts';
import { DAY_MS } from '../../../src/core/time.ts';
import { device, evidence, root } from '../../support/certificate-facts.ts';
import { checkTester } from '../../support/check-tester.ts';
import { certificate, EPOCH, session } from '../../support/history-events.ts';

const A = certificate('a');
const F = certificate('f');
const now = EPOCH;
const NONE = [
  {
    name: 'no certificates were given',
    events: session('1', 'dev', 'a', [0, 100]),
    missing: ['certificates: none were given'],
  },
  {
    name: 'the certificates that were given are none',
    events: [],
    options: { now, certificates: evidence([]) },
    missing: ['certificates: none were given'],
  },
];

checkTester('DEVICE_CERTIFICATE_EXPIRING_CHECK', {
  compliant: [
    {
      name: 'certificates last longer than the threshold, by a millisecond',
      events: [],
      options: { now, certificates: evidence([device('a', { notAfter: now + 30 * DAY_MS + 1 })]) },
    },
    {
      name: 'only inactive certificates or authorities have expired',
      events: [],
      options: {
        now,
        certificates: evidence([
          device('a', { notAfter: now - 1, status: 'INACTIVE' }),
          device('b', { notAfter: now - 1, status: 'REVOKED' }),
          root({ notAfter: now - 1 }),
        ]),
      },
    },
  ],
  nonCompliant: [
    {
      name: 'expired and expiring certificates, in the order of their IDs',
      events: [],
      options: {
        now,
        certificates: evidence([
          device('c', { notAfter: now - 1, status: 'PENDING_TRANSFER' }),
          device('a', { notAfter: now }),
          device('b', { notAfter: now + 30 * DAY_MS, status: 'ACTIVE' }),
        ]),
      },
      resources: [A, certificate('b'), certificate('c')],
      finding: {
        diagnosis: 'certificate-expiring',
        confidence: 'certain',
        because: 'it expires on 2026-01-01, in 0 days; the threshold is 30 days',
      },
    },
    {
      name: 'what a longer threshold asks for',
      events: [],
      options: {
        now,
        thresholds: { expirationDays: 200 },
        certificates: evidence([device('a')]),
      },
      resources: [A],
      finding: { because: 'it expires on 2026-06-30, in 180 days; the threshold is 200 days' },
    },
    {
      name: 'a certificate that expired long ago, whatever its subject holds',
      events: [],
      options: {
        now,
        certificates: evidence([
          device('a', { notAfter: now - 400 * DAY_MS, subject: "CN='); DROP TABLE sessions;--" }),
        ]),
      },
      resources: [A],
      finding: {
        diagnosis: 'certificate-expired',
        because: 'it expired on 2024-11-27, 400 days ago',
      },
    },
  ],
  inconclusive: NONE,
});

checkTester('CA_CERTIFICATE_EXPIRING_CHECK', {
  compliant: [
    {
      name: 'authorities last, whatever becomes of devices and of the device threshold',
      events: [],
      options: {
        now,
        thresholds: { expirationDays: 3652 },
        certificates: evidence([root(), device('a', { notAfter: now - 1 })]),
      },
    },
  ],
  nonCompliant: [
    {
      name: 'an authority with 30 days left',
      events: [],
      options: { now, certificates: evidence([root({ notAfter: now + 30 * DAY_MS })]) },
      resources: [F],
      finding: { diagnosis: 'certificate-expiring' },
    },
  ],
  inconclusive: NONE,
});

checkTester('DEVICE_CERTIFICATE_AGE_CHECK', {
  compliant: [
    {
      name: 'it was activated lately, though it was made long ago',
      events: [],
      options: {
        now,
        certificates: evidence([
          device('a', { notBefore: now - 999 * DAY_MS, activatedAt: now - DAY_MS }),
          device('b', { notBefore: now - 365 * DAY_MS + 1 }),
        ]),
      },
    },
  ],
  nonCompliant: [
    {
      name: 'a certificate of 365 days by notBefore, which is likely its age',
      events: [],
      options: { now, certificates: evidence([device('a', { notBefore: now - 365 * DAY_MS })]) },
      resources: [A],
      finding: {
        diagnosis: 'certificate-old',
        confidence: 'likely',
        because: 'valid since (notBefore) 2025-01-01, 365 days ago; the threshold is 365 days',
      },
    },
    {
      name: 'a certificate whose activation is known',
      events: [],
      options: {
        now,
        thresholds: { ageDays: 30 },
        certificates: evidence([device('a', { activatedAt: now - 30 * DAY_MS })]),
      },
      resources: [A],
      finding: { confidence: 'certain' },
    },
  ],
  inconclusive: NONE,
});

const PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79];
const MORE = [83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167];
const M = [...PRIMES, ...MORE].reduce((product, prime) => product * BigInt(prime), 1n);

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % M;
    square = (square * square) % M;
  }
  return result;
}

/** A number of the form that the flawed generator gives its primes; it need not be one here. */
const flawed = (k: bigint, a: bigint): bigint => k * M + power(65_537n, a);
const big = fc.bigInt({ min: 1n << 800n, max: (1n << 804n) - 1n });
const rsa = (bits: number): bigint => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const { n = '' } = publicKey.export({ format: 'jwk' });
  return BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`);
};
const SOUND = rsa(2048);
const ROCA = flawed(1n << 805n, 12_345n) * flawed((1n << 806n) + 7n, 98_765_432_109n);
const hex = (modulus: bigint): string => modulus.toString(16);
const key = (modulus: bigint, publicExponent = '10001') => {
  const keyBits = modulus.toString(2).length;
  return { keyType: `RSA-${keyBits}`, keyBits, modulus: hex(modulus), publicExponent } as const;
};

describe('the ROCA fingerprint', () => {
  it('is that of the paper: the product of 39 primes, of 219.2 bits', () => {
    expect([PRIMES.length + MORE.length, M.toString(2).length]).toEqual([39, 220]);
  });

  it('is had by every product of numbers of the flawed form', () => {
    const exponent = fc.bigInt({ min: 1n, max: 1n << 62n });
    fc.assert(
      fc.property(big, exponent, big, exponent, (k, a, l, b) =>
        hasRocaFingerprint(flawed(k, a) * flawed(l, b)),
      ),
    );
  });

  it('is had by no other modulus, even one that every single prime allows', () => {
    fc.assert(
      fc.property(big, (n) => !hasRocaFingerprint(n | 1n)),
      { numRuns: 1000 },
    );
    expect(hasRocaFingerprint(SOUND)).toBe(false);
    // A power of 65537 modulo 11 and modulo the other primes, but of exponents that contradict.
    const others = M / 11n;
    const like = (exponent: bigint): bigint => {
      let modulus = power(65_537n, 7n) % others;
      while (modulus % 11n !== power(65_537n, exponent) % 11n) modulus += others;
      return modulus;
    };
    expect([hasRocaFingerprint(like(7n)), hasRocaFingerprint(like(8n))]).toEqual([true, false]);
  });
});

function withoutCurve(digit: string, keyType: string): AuditCertificate {
  const { curve: _, ...plain } = device(digit, { keyType });
  return plain;
}

checkTester('DEVICE_CERTIFICATE_KEY_QUALITY_CHECK', {
  compliant: [
    {
      name: 'keys are sound: RSA from 2048 bits, the NIST curves, Ed25519',
      events: [],
      options: {
        now,
        certificates: evidence([
          device('a', key(SOUND)),
          device('b', key(SOUND, '3fffffff')),
          device('c', { keyType: 'P-384', curve: 'secp384r1' }),
          device('d', { keyType: 'P-521', curve: 'secp521r1' }),
          withoutCurve('e', 'ed25519'),
          root(key(ROCA)),
        ]),
      },
    },
  ],
  nonCompliant: [
    {
      name: 'the ROCA fingerprint, by AWS’s rule',
      events: [],
      options: { now, certificates: evidence([device('a', key(ROCA))]) },
      resources: [A],
      finding: { diagnosis: 'vulnerable-key', confidence: 'certain' },
    },
    {
      name: 'an RSA key of 1024 bits, by a rule of ours',
      events: [],
      options: { now, certificates: evidence([device('a', key(rsa(1024)))]) },
      resources: [A],
      finding: { diagnosis: 'weak-key', because: 'an RSA key of 1024 bits; 2048 are the least' },
    },
    {
      name: 'the exponents 1 and 3, by a rule of ours',
      events: [],
      options: {
        now,
        certificates: evidence([device('a', key(SOUND, '1')), device('b', key(SOUND, '3'))]),
      },
      resources: [A, certificate('b')],
      finding: { because: 'the RSA public exponent is 1; safe ones are odd and above 65536' },
    },
    {
      name: 'weak and unknown curves, by a rule of ours',
      events: [],
      options: {
        now,
        certificates: evidence([
          device('a', { keyType: 'secp160r1', curve: 'secp160r1' }),
          device('b', { keyType: 'ec', curve: 'c2tnb999' }),
          withoutCurve('c', 'dsa'),
        ]),
      },
      resources: [A, certificate('b'), certificate('c')],
      finding: { because: expect.stringContaining('less than 112 bits') as unknown as string },
    },
  ],
  inconclusive: NONE,
});

checkTester('CA_CERTIFICATE_KEY_QUALITY_CHECK', {
  compliant: [
    {
      name: 'authorities have sound keys, whatever devices have',
      events: [],
      options: { now, certificates: evidence([root(), device('a', key(ROCA))]) },
    },
  ],
  nonCompliant: [
    {
      name: 'an authority with the ROCA fingerprint',
      events: [],
      options: { now, certificates: evidence([root(key(ROCA))]) },
      resources: [F],
      finding: { diagnosis: 'vulnerable-key' },
    },
  ],
  inconclusive: NONE,
});
