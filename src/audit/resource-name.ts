/** What the resource of a finding is called. Pure. */
import type { ResourceIdentifier } from './finding.ts';

/** Its name without its kind: a client ID, a certificate ID, an issuer's ID or subject. */
export function resourceName(identifier: ResourceIdentifier): string {
  const { clientId, deviceCertificateId, caCertificateId, doppelfleetPrincipal } = identifier;
  const { issuerId, issuerCertificateSubject, issuerCertificateSerialNumber } =
    identifier.issuerCertificateIdentifier ?? {};
  const issuer = issuerId ?? issuerCertificateSubject ?? issuerCertificateSerialNumber;
  return clientId ?? deviceCertificateId ?? caCertificateId ?? doppelfleetPrincipal ?? issuer ?? '';
}
