/** Recognises kept audits and findings: enough that no reader trips over a damaged one. Pure. */
import type { AuditFinding, AuditResult } from './finding.ts';

/** An audit without its findings, as `tasks/*.json` holds it. */
export type TaskRecord = Omit<AuditResult, 'findings'>;

export function isTaskRecord(value: unknown): value is TaskRecord {
  return (
    isObject(value) &&
    typeof value.taskId === 'string' &&
    typeof value.taskStartTime === 'number' &&
    isObject(value.auditDetails) &&
    Object.values(value.auditDetails).every(isDetails) &&
    Array.isArray(value.sources) &&
    Array.isArray(value.notes) &&
    isObject(value.statistics)
  );
}

/** Enough of a whole audit, as `audit --json` prints it. */
export function isAuditResult(value: unknown): value is AuditResult {
  return (
    isTaskRecord(value) &&
    'findings' in value &&
    Array.isArray(value.findings) &&
    value.findings.every(isFinding)
  );
}

export function isFinding(value: unknown): value is AuditFinding {
  return (
    isObject(value) &&
    [value.findingId, value.taskId, value.checkName, value.reasonForNonComplianceCode].every(
      (text) => typeof text === 'string',
    ) &&
    isObject(value.nonCompliantResource) &&
    isObject(value.nonCompliantResource.resourceIdentifier) &&
    (value.relatedResources === undefined || Array.isArray(value.relatedResources)) &&
    typeof value.isSuppressed === 'boolean' &&
    isObject(value.doppelfleet) &&
    Array.isArray(value.doppelfleet.evidence) &&
    typeof value.doppelfleet.because === 'string' &&
    typeof value.doppelfleet.lastOccurrence === 'number'
  );
}

function isDetails(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.checkRunStatus === 'string' &&
    isObject(value.doppelfleet) &&
    typeof value.doppelfleet.status === 'string' &&
    Array.isArray(value.doppelfleet.missing)
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
