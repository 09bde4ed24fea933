/**
 * What changed between two audits: findings that are new, gone or still there, by their stable IDs.
 * A finding is gone only if its check ran again and could answer; otherwise it is undecided. Pure.
 */
import type { CheckId } from '../core/ids.ts';
import { plural } from '../core/text.ts';
import type { AuditFinding, AuditResult } from './finding.ts';

/** A finding of both audits. */
export interface LastingFinding {
  readonly before: AuditFinding;
  readonly after: AuditFinding;
}

export interface AuditComparison {
  readonly before: string;
  readonly after: string;
  readonly new: readonly AuditFinding[];
  readonly gone: readonly AuditFinding[];
  readonly still: readonly LastingFinding[];
  /** Of the first audit; the second could not have found them again. */
  readonly undecided: readonly AuditFinding[];
  /** Sentences on why the two can be compared only with care. */
  readonly notes: readonly string[];
}

export function compareAudits(before: AuditResult, after: AuditResult): AuditComparison {
  const earlier = new Map(before.findings.map((finding) => [finding.findingId, finding]));
  const later = new Map(after.findings.map((finding) => [finding.findingId, finding]));
  const missing = [...earlier.values()].filter(({ findingId }) => !later.has(findingId));
  return {
    before: before.taskId,
    after: after.taskId,
    new: [...later.values()].filter(({ findingId }) => !earlier.has(findingId)),
    gone: missing.filter(({ checkName }) => answered(after, checkName)),
    still: [...later.values()].flatMap((finding) => {
      const match = earlier.get(finding.findingId);
      return match === undefined ? [] : [{ before: match, after: finding }];
    }),
    undecided: missing.filter(({ checkName }) => !answered(after, checkName)),
    notes: notes(before, after),
  };
}

/** Whether the check ran, came to an answer, and nothing that it needs was missing. */
export function answered({ auditDetails }: AuditResult, check: CheckId): boolean {
  const details = auditDetails[check]?.doppelfleet;
  return details !== undefined && details.status !== 'inconclusive' && details.missing.length === 0;
}

function notes(before: AuditResult, after: AuditResult): readonly string[] {
  const [first, second] = [Object.keys(before.auditDetails), Object.keys(after.auditDetails)];
  const added = second.filter((check) => !first.includes(check));
  const dropped = first.filter((check) => !second.includes(check));
  const sentences: string[] = [];
  if (before.taskStartTime > after.taskStartTime) {
    sentences.push('the first audit is the younger one: new and gone are the other way round');
  }
  if (added.length > 0) {
    sentences.push(
      `${plural(added.length, 'check')} only in the second: ${added.join(', ')}; what they found is new`,
    );
  }
  if (dropped.length > 0) {
    sentences.push(`${plural(dropped.length, 'check')} only in the first: ${dropped.join(', ')}`);
  }
  if (JSON.stringify(before.semantics) !== JSON.stringify(after.semantics)) {
    sentences.push('the two audits were made with different options on what counts as a finding');
  }
  return sentences;
}
