/** Every audit check. A check ID without a check does not compile. */
import type { CheckId } from '../core/ids.ts';
import type { AuditCheck } from './check.ts';
import { conflictingClientIds } from './checks/conflicting-client-ids.ts';
import { deviceCertificateShared } from './checks/device-certificate-shared.ts';

export const CHECKS = {
  CONFLICTING_CLIENT_IDS_CHECK: conflictingClientIds,
  DEVICE_CERTIFICATE_SHARED_CHECK: deviceCertificateShared,
} as const satisfies Record<CheckId, AuditCheck>;
