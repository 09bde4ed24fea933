import { describe, expect, it } from 'vitest';
import { intermediateCaRevoked } from '../../../src/audit/checks/intermediate-ca-revoked.ts';
import type { AuditCertificate, CertificateEvidence } from '../../../src/audit/evidence.ts';
import { device, evidence, list, root } from '../../support/certificate-facts.ts';
import { checkTester } from '../../support/check-tester.ts';
import { certificate, connected, EPOCH, session } from '../../support/history-events.ts';

const A = certificate('a');
const now = EPOCH;
const revoked = { at: EPOCH, reason: 'keyCompromise', source: 'root.crl' } as const;
const lists = [list({ thisUpdate: EPOCH + 1_000 })];
const given = (certificates: readonly AuditCertificate[]): CertificateEvidence =>
  evidence([root(), ...certificates], lists);
const bad = given([device('a', { revoked }), device('b')]);

checkTester('REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK', {
  compliant: [
    {
      name: 'nothing stands in a list',
      events: session('1', 'dev', 'a', [0, 100]),
      options: { certificates: given([device('a')]) },
    },
    {
      name: 'what is revoked is known to be inactive',
      events: [],
      options: { now, certificates: given([device('a', { revoked, status: 'REVOKED' })]) },
    },
  ],
  nonCompliant: [
    {
      name: 'a certificate with which a client connected after the list was published: certain',
      events: [
        ...session('1', 'dev', 'a', [-500, -100]),
        ...session('2', 'dev', 'a', [500, 900]),
        ...session('3', "d'; DROP TABLE sessions;--", 'a', [1_000, 2_000]),
        ...session('4', 'other', 'b', [0, 5_000]),
      ],
      options: { certificates: bad },
      resources: [A],
      finding: {
        diagnosis: 'revoked-certificate',
        confidence: 'certain',
        because: 'revoked on 2026-01-01 (keyCompromise); 1 connect after the list was published',
        occurrences: 2,
        lastOccurrence: EPOCH + 2_000,
        evidence: [2, 3, 4, 5],
        evidenceTotal: 4,
        relatedTotal: 2,
      },
    },
    {
      name: 'a certificate that was used between its revocation and the list: likely',
      events: session('1', 'dev', 'a', [500, 900]),
      options: { certificates: bad },
      resources: [A],
      finding: { confidence: 'likely', occurrences: 1 },
    },
    {
      name: 'a session that began before and went on: likely',
      events: session('1', 'dev', 'a', [-500, 900]),
      options: { certificates: bad },
      resources: [A],
      finding: {
        confidence: 'likely',
        because: expect.stringContaining('1 session that began before') as unknown as string,
      },
    },
    {
      name: 'a certificate of which no use is recorded: certain if its status is stated',
      events: [],
      options: { now, certificates: given([device('a', { revoked, status: 'ACTIVE' })]) },
      resources: [A],
      finding: { confidence: 'certain', evidence: [], occurrences: 1 },
    },
    {
      name: 'a certificate of which neither use nor status is known: ambiguous',
      events: session('1', 'dev', 'a', [-500, -100]),
      options: { now, certificates: bad },
      resources: [A],
      finding: { confidence: 'ambiguous' },
    },
    {
      name: 'a revoked certificate even though other issuers have no list',
      events: [],
      options: {
        now,
        certificates: given([
          device('a', { revoked }),
          device('b', { issuer: 'CN=Other', issuerCertificateId: certificate('e') }),
        ]),
      },
      resources: [A],
    },
  ],
  inconclusive: [
    {
      name: 'no list was given',
      events: [],
      options: { now, certificates: evidence([root(), device('a')]) },
      missing: ['revocation lists: none were given'],
    },
    {
      name: 'no certificates were given',
      events: [connected('1', 'dev', 0)],
      missing: ['certificates: none were given'],
    },
    {
      name: 'the list could not be verified, or is not whole, or is of another issuer',
      events: [],
      options: {
        now,
        certificates: evidence(
          [root(), device('a'), device('b', { issuerCertificateId: certificate('e') })],
          [list({ verified: false }), list({ complete: false })],
        ),
      },
      missing: ['revocation lists: no verified and complete one from the issuers of 2 certif'],
    },
  ],
});

checkTester('REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK', {
  compliant: [
    {
      name: 'no authority stands in a list; roots need none',
      events: [],
      options: { now, certificates: given([device('a', { revoked })]) },
    },
  ],
  nonCompliant: [
    {
      name: 'an authority that its issuer revoked',
      events: [],
      options: { now, certificates: given([device('a', { role: 'ca', revoked })]) },
      resources: [A],
      finding: { diagnosis: 'revoked-certificate', confidence: 'likely' },
    },
  ],
  inconclusive: [
    {
      name: 'the issuer of an intermediate authority has no list',
      events: [],
      options: {
        now,
        certificates: given([
          device('a', { role: 'ca', issuer: 'CN=Other', issuerCertificateId: certificate('e') }),
        ]),
      },
      missing: ['revocation lists: no verified and complete one from the issuers of 1 certif'],
    },
  ],
});

const intermediate = (digit: string, more: Partial<AuditCertificate> = {}): AuditCertificate =>
  device(digit, { role: 'ca', subject: `CN=Intermediate ${digit}`, ...more });
const under = (digit: string, issuer: string): AuditCertificate =>
  device(digit, { issuer: `CN=Intermediate ${issuer}`, issuerCertificateId: certificate(issuer) });

checkTester('INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK', {
  compliant: [
    {
      name: 'a revoked authority has no active device',
      events: [],
      options: {
        now,
        certificates: given([
          intermediate('e', { revoked }),
          { ...under('a', 'e'), status: 'INACTIVE' },
          device('b'),
        ]),
      },
    },
    {
      name: 'authorities that issued one another form a circle',
      events: [],
      options: {
        now,
        certificates: evidence(
          [
            intermediate('d', {
              issuer: 'CN=Intermediate e',
              issuerCertificateId: certificate('e'),
            }),
            intermediate('e', {
              issuer: 'CN=Intermediate d',
              issuerCertificateId: certificate('d'),
            }),
            under('a', 'e'),
          ],
          [
            list({ issuerCertificateId: certificate('d') }),
            list({ issuerCertificateId: certificate('e') }),
          ],
        ),
      },
    },
  ],
  nonCompliant: [
    {
      name: 'a revoked authority two steps above active devices',
      events: [],
      options: {
        now,
        certificates: given([
          intermediate('d', { revoked }),
          intermediate('e', { issuer: 'CN=Intermediate d', issuerCertificateId: certificate('d') }),
          under('a', 'e'),
          under('b', 'e'),
          under('c', 'd'),
        ]),
      },
      resources: [certificate('d')],
      finding: {
        confidence: 'certain',
        because: 'revoked on 2026-01-01 (keyCompromise); 3 device certificates under it',
        relatedTotal: 3,
        occurrences: 3,
      },
    },
  ],
  inconclusive: [
    {
      name: 'the chain of a device is not known',
      events: [],
      options: {
        now,
        certificates: given([{ ...under('a', 'e') }, orphan('b')]),
      },
      missing: ['issuer: its certificate is missing for 1 device certificate'],
    },
  ],
});

function orphan(digit: string): AuditCertificate {
  const { issuerCertificateId: _, ...rest } = device(digit);
  return rest;
}

describe('a revoked intermediate authority is named as AWS bounds it', () => {
  const named = async (more: Partial<AuditCertificate>) => {
    const outcome = await intermediateCaRevoked.run({
      certificates: given([intermediate('e', { revoked, ...more }), under('a', 'e')]),
      now,
      semantics: { relatedMax: 1 },
    } as unknown as Parameters<typeof intermediateCaRevoked.run>[0]);
    return outcome.findings[0]?.resource.resourceIdentifier.issuerCertificateIdentifier;
  };

  it('leaves out a serial number that is too long rather than cutting it', async () => {
    const subject = `CN=${'x'.repeat(2_000)}`;
    expect(await named({ subject, serialNumber: 'ab'.repeat(16) })).toEqual({
      issuerCertificateSubject: subject.slice(0, 1000),
      issuerId: certificate('e'),
    });
    expect(await named({ serialNumber: '0abc' })).toMatchObject({
      issuerCertificateSerialNumber: '0abc',
    });
  });
});
