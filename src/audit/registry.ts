/** Every audit check. A check ID without a check does not compile. */
import type { CheckId } from '../core/ids.ts';
import type { AuditCheck } from './check.ts';
import { caCertificateExpiring } from './checks/ca-certificate-expiring.ts';
import { caCertificateKeyQuality } from './checks/ca-certificate-key-quality.ts';
import { conflictingClientIds } from './checks/conflicting-client-ids.ts';
import { deviceCertificateAge } from './checks/device-certificate-age.ts';
import { deviceCertificateExpiring } from './checks/device-certificate-expiring.ts';
import { deviceCertificateKeyQuality } from './checks/device-certificate-key-quality.ts';
import { deviceCertificateShared } from './checks/device-certificate-shared.ts';
import { intermediateCaRevoked } from './checks/intermediate-ca-revoked.ts';
import { revokedCaCertificate } from './checks/revoked-ca-certificate.ts';
import { revokedDeviceCertificate } from './checks/revoked-device-certificate.ts';
import { sharedPrincipal } from './checks/shared-principal.ts';

export const CHECKS = {
  CONFLICTING_CLIENT_IDS_CHECK: conflictingClientIds,
  DEVICE_CERTIFICATE_SHARED_CHECK: deviceCertificateShared,
  SHARED_PRINCIPAL_CHECK: sharedPrincipal,
  DEVICE_CERTIFICATE_EXPIRING_CHECK: deviceCertificateExpiring,
  CA_CERTIFICATE_EXPIRING_CHECK: caCertificateExpiring,
  DEVICE_CERTIFICATE_AGE_CHECK: deviceCertificateAge,
  DEVICE_CERTIFICATE_KEY_QUALITY_CHECK: deviceCertificateKeyQuality,
  CA_CERTIFICATE_KEY_QUALITY_CHECK: caCertificateKeyQuality,
  REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK: revokedDeviceCertificate,
  REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK: revokedCaCertificate,
  INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK: intermediateCaRevoked,
} as const satisfies Record<CheckId, AuditCheck>;
