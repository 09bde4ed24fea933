import { describe, expect, it } from 'vitest';
import { fixesFor } from '../../src/audit/diagnosis-fixes.ts';
import { CHECKS } from '../../src/audit/registry.ts';
import { DIAGNOSES } from '../../src/core/ids.ts';

const { CONFLICTING_CLIENT_IDS_CHECK, DEVICE_CERTIFICATE_SHARED_CHECK } = CHECKS;

describe('the fixes that a finding names', () => {
  it.each([
    [
      'rival-devices',
      ['client-id-from-thing-name', 'client-id-uuid', 'bind-client-id', 'revoke-certificates'],
    ],
    ['duplicate-client', ['client-id-uuid', 'one-client-per-process']],
    ['certificate-rotation', ['close-before-reconnect']],
    ['half-open-reconnect', ['close-before-reconnect', 'backoff']],
    ['ambiguous', [...CONFLICTING_CLIENT_IDS_CHECK.fixes]],
  ] as const)('of a conflict by %s are what cures it', (diagnosis, fixes) => {
    expect(fixesFor(diagnosis, CONFLICTING_CLIENT_IDS_CHECK.fixes)).toEqual(fixes);
  });

  it.each([
    ['shared-certificate', ['unique-certificates', 'certificate-rotation', 'revoke-certificates']],
    ['half-open-ghost', ['close-before-reconnect']],
    ['gateway', []],
    ['claim-certificate', []],
  ] as const)('of a shared certificate by %s are what cures it', (diagnosis, fixes) => {
    expect(fixesFor(diagnosis, DEVICE_CERTIFICATE_SHARED_CHECK.fixes)).toEqual(fixes);
  });

  it('are always among those of the check', () => {
    for (const check of Object.values(CHECKS)) {
      for (const diagnosis of DIAGNOSES) {
        expect(check.fixes).toEqual(expect.arrayContaining([...fixesFor(diagnosis, check.fixes)]));
      }
    }
  });
});
