/** Findings, actions and ports for tests of mitigation. */
import type { AuditFinding } from '../../src/audit/finding.ts';
import type { CheckId } from '../../src/core/ids.ts';
import type { LoadedMitigation } from '../../src/mitigation/actions-file.ts';
import { parseMitigation } from '../../src/mitigation/actions-file.ts';
import type { Trail, TrailEntry } from '../../src/mitigation/trail.ts';

const CODES: Partial<Record<CheckId, string>> = {
  CONFLICTING_CLIENT_IDS_CHECK: 'DUPLICATE_CLIENT_ID_ACROSS_CONNECTIONS',
  DEVICE_CERTIFICATE_SHARED_CHECK: 'CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES',
};

export interface FindingSample {
  readonly id?: string;
  readonly check?: CheckId;
  readonly clientId?: string;
  readonly certificateId?: string;
  readonly suppressed?: boolean;
  readonly related?: AuditFinding['relatedResources'];
}

export function finding(sample: FindingSample = {}): AuditFinding {
  const { id = 'f1', check = 'DEVICE_CERTIFICATE_SHARED_CHECK', clientId, related } = sample;
  return {
    findingId: id,
    taskId: 'audit-1',
    checkName: check,
    taskStartTime: 1_700_000_000,
    findingTime: 1_700_000_000,
    severity: 'CRITICAL',
    nonCompliantResource:
      clientId === undefined
        ? {
            resourceType: 'DEVICE_CERTIFICATE',
            resourceIdentifier: { deviceCertificateId: sample.certificateId ?? 'a'.repeat(64) },
          }
        : { resourceType: 'CLIENT_ID', resourceIdentifier: { clientId } },
    ...(related === undefined ? {} : { relatedResources: related }),
    reasonForNonCompliance: 'because',
    reasonForNonComplianceCode: CODES[check] ?? 'CODE',
    isSuppressed: sample.suppressed ?? false,
    doppelfleet: {
      diagnosis: 'shared-certificate',
      confidence: 'certain',
      because: 'of the sessions',
      evidence: [1, 2],
      evidenceTotal: 2,
      relatedTotal: 2,
      occurrences: 1,
      lastOccurrence: 1_700_000_000_000,
      inferred: [],
      fixes: [],
    },
  };
}

/** A file of actions, with the parameters of each as YAML. */
export function mitigationWith(
  actions: Readonly<Record<string, string>>,
  mapping: string,
  more = '',
  file = 'actions.yaml',
): LoadedMitigation {
  const list = Object.entries(actions).map(
    ([name, params]) => `  - { actionName: ${name}, actionParams: ${params} }`,
  );
  const text = ['actions:', ...list, 'auditCheckToActionsMapping:', `  ${mapping}`, more];
  return parseMitigation(text.join('\n'), file, { beyondAws: true });
}

export const REVOKE = '{ updateDeviceCertificateParams: { action: DEACTIVATE } }';
export const QUARANTINE = '{ addThingsToThingGroupParams: { thingGroupNames: [quarantine] } }';

/** A trail in memory. */
export function memoryTrail(): Trail & { readonly entries: TrailEntry[] } {
  const entries: TrailEntry[] = [];
  return { file: 'memory', entries, write: (entry) => void entries.push(entry), close: () => {} };
}
