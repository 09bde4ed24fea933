/** Literal certificates as evidence for an audit: short calls that make whole records. */
import type {
  AuditCertificate,
  AuditRevocationList,
  CertificateEvidence,
} from '../../src/audit/evidence.ts';
import { DAY_MS } from '../../src/core/time.ts';
import { certificate, EPOCH } from './history-events.ts';

const ISSUER = 'CN=Test CA';

/** A sound device certificate, half a year old, of the authority `f` × 64. */
export function device(digit: string, more: Partial<AuditCertificate> = {}): AuditCertificate {
  return {
    certificateId: certificate(digit),
    role: 'device',
    subject: `CN=device ${digit}`,
    issuer: ISSUER,
    serialNumber: `0${digit}`,
    notBefore: EPOCH - 180 * DAY_MS,
    notAfter: EPOCH + 180 * DAY_MS,
    keyType: 'P-256',
    keyBits: 256,
    curve: 'prime256v1',
    issuerCertificateId: certificate('f'),
    file: 'devices.pem',
    ...more,
  };
}

/** The root that signs them. */
export function root(more: Partial<AuditCertificate> = {}): AuditCertificate {
  const { issuerCertificateId: _, ...rest } = device('f');
  const validity = { notBefore: EPOCH - 1000 * DAY_MS, notAfter: EPOCH + 1000 * DAY_MS };
  return { ...rest, ...validity, role: 'ca', subject: ISSUER, ...more };
}

/** A verified list of the root, a day old. */
export function list(more: Partial<AuditRevocationList> = {}): AuditRevocationList {
  return {
    issuer: ISSUER,
    issuerCertificateId: certificate('f'),
    thisUpdate: EPOCH - DAY_MS,
    nextUpdate: EPOCH + DAY_MS,
    verified: true,
    complete: true,
    entries: 1,
    file: 'root.crl',
    ...more,
  };
}

export function evidence(
  certificates: readonly AuditCertificate[],
  revocationLists: readonly AuditRevocationList[] = [],
): CertificateEvidence {
  return { certificates, revocationLists, notes: [] };
}
