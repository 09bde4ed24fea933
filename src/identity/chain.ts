/** Follows signatures from a certificate to an authority; names and signatures only, no times. Pure. */
import type { X509Certificate } from 'node:crypto';
import { readCertificates } from './read-pem.ts';

/** What a chain may be built from. */
export interface ChainParts {
  /** PEM of the certificate and of what was given behind it: intermediates, not trusted. */
  readonly certificatePem: string;
  readonly authorities: readonly X509Certificate[];
}

/** Signed by one of the authorities, directly or through the intermediates that came with it. */
export function chainsTo(leaf: X509Certificate, { certificatePem, authorities }: ChainParts) {
  const given = readCertificates(certificatePem, '', []).slice(1);
  let top = leaf;
  for (let depth = 0; depth <= given.length; depth++) {
    const current = top;
    if (authorities.some((authority) => signs(authority, current))) return true;
    const next = given.find((issuer) => !issuer.raw.equals(current.raw) && signs(issuer, current));
    if (next === undefined) return false;
    top = next;
  }
  return false;
}

function signs(issuer: X509Certificate, subject: X509Certificate): boolean {
  return issuer.ca && subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}
