/** Tiny audit results and judge's inputs: what a test does not name is as it is in a sound run. */
import type { AuditCheckDetails, AuditFinding, AuditResult } from '../../src/audit/finding.ts';
import type { CheckId, Diagnosis } from '../../src/core/ids.ts';
import { parseThreshold } from '../../src/scenario/thresholds.ts';
import type { ExpectedPlanted, JudgeInput } from '../../src/verdict/expectation.ts';

export const CONFLICT = 'CONFLICTING_CLIENT_IDS_CHECK';
export const SHARED = 'DEVICE_CERTIFICATE_SHARED_CHECK';

type PlantedCheck = typeof CONFLICT | typeof SHARED;

/** A finding of `check` on a client ID or certificate ID. */
export function finding(
  check: PlantedCheck,
  resource: string,
  more: { readonly isSuppressed?: boolean; readonly diagnosis?: Diagnosis } = {},
): AuditFinding {
  const clientId = check === CONFLICT;
  return {
    findingId: `finding of ${resource}`,
    taskId: 'task',
    checkName: check,
    taskStartTime: 0,
    findingTime: 0,
    severity: clientId ? 'HIGH' : 'CRITICAL',
    nonCompliantResource: {
      resourceType: clientId ? 'CLIENT_ID' : 'DEVICE_CERTIFICATE',
      resourceIdentifier: clientId ? { clientId: resource } : { deviceCertificateId: resource },
    },
    reasonForNonCompliance: '',
    reasonForNonComplianceCode: '',
    isSuppressed: more.isSuppressed ?? false,
    doppelfleet: {
      diagnosis: more.diagnosis ?? 'rival-devices',
      confidence: 'certain',
      because: '',
      evidence: [],
      evidenceTotal: 0,
      relatedTotal: 0,
      occurrences: 1,
      lastOccurrence: 0,
      inferred: [],
      fixes: [],
    },
  };
}

function details(missing: readonly string[]): AuditCheckDetails {
  const inconclusive = missing.length > 0;
  return {
    checkRunStatus: inconclusive ? 'FAILED' : 'COMPLETED_COMPLIANT',
    checkCompliant: !inconclusive,
    totalResourcesCount: 0,
    nonCompliantResourcesCount: 0,
    suppressedNonCompliantResourcesCount: 0,
    doppelfleet: {
      status: inconclusive ? 'inconclusive' : 'compliant',
      missing,
      window: { from: 0, to: 1 },
    },
  };
}

/** An audit of both checks; `missing` makes one of them inconclusive. */
export function audit(
  findings: readonly AuditFinding[] = [],
  missing: Partial<Record<PlantedCheck, readonly string[]>> = {},
  checks: readonly PlantedCheck[] = [CONFLICT, SHARED],
): AuditResult {
  return {
    taskId: 'task',
    taskStartTime: 0,
    findings,
    auditDetails: Object.fromEntries(checks.map((id) => [id, details(missing[id] ?? [])])),
    sources: [],
    statistics: { sessions: 0, clientIds: 0, certificates: 0, takeovers: 0, certificatesJoined: 0 },
    notes: [],
  };
}

export function planted(
  check: PlantedCheck & CheckId,
  resource: string,
  devices: readonly string[] = ['a-1', 'a-2'],
  devicesNeeded = 2,
): ExpectedPlanted {
  return { check, resource, label: resource, devices, devicesNeeded };
}

type Expect = Omit<Partial<JudgeInput['expect']>, 'thresholds'> & {
  readonly thresholds?: readonly string[];
};

type Given = Partial<Omit<JudgeInput, 'expect'>> & { readonly expect?: Expect };

/** The input of a judge: a sound run that was expected to show nothing in particular. */
export function judgeInput({ expect = {}, metrics, ...more }: Given = {}): JudgeInput {
  const thresholds = (expect.thresholds ?? []).map((text) => {
    const threshold = parseThreshold(text);
    if ('problem' in threshold) throw new Error(threshold.problem);
    return threshold;
  });
  return {
    planted: [],
    audit: audit(),
    metrics: { 'connects.accepted': 5, 'connects.lateness.p99': 3, ...metrics },
    neverConnected: [],
    certificateIds: new Map(),
    latenessP99MsMax: 250,
    quiet: undefined,
    ...more,
    expect: { ...expect, thresholds },
  };
}
