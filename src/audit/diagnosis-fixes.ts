/**
 * Which fix strategies cure what a finding's diagnosis says: rivals need other client IDs, a device
 * that evicts itself has to close first, a gateway needs none. Slowing a conflict down cures nothing
 * and is left out, but for links that break.
 */
import type { Diagnosis, FixId } from '../core/ids.ts';

const CURES: Readonly<Record<Diagnosis, readonly FixId[] | 'all'>> = {
  'rival-devices': [
    'client-id-from-thing-name',
    'client-id-uuid',
    'bind-client-id',
    'revoke-certificates',
  ],
  'duplicate-client': ['client-id-uuid', 'one-client-per-process'],
  'foreign-principal': [
    'client-id-from-thing-name',
    'client-id-uuid',
    'bind-client-id',
    'require-certificate',
  ],
  'half-open-reconnect': ['close-before-reconnect', 'backoff'],
  'certificate-rotation': ['close-before-reconnect'],
  'shared-certificate': ['unique-certificates', 'certificate-rotation', 'revoke-certificates'],
  'claim-certificate': [],
  gateway: [],
  'half-open-ghost': ['close-before-reconnect'],
  'shared-principal': ['unique-certificates'],
  ambiguous: 'all',
  // No change of a fleet mends a certificate.
  'certificate-expired': [],
  'certificate-expiring': [],
  'certificate-old': [],
  'vulnerable-key': [],
  'weak-key': [],
  'revoked-certificate': [],
};

/** The check's fixes that fit the diagnosis, all of them where the cause is not known. */
export function fixesFor(diagnosis: Diagnosis, fixes: readonly FixId[]): readonly FixId[] {
  const cures = CURES[diagnosis];
  return cures === 'all' ? fixes : fixes.filter((fix) => cures.includes(fix));
}
