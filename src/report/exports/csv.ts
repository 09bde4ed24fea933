/**
 * Findings as CSV (RFC 4180: CRLF, every cell quoted), a row each; the `related` variant adds a row
 * for each related resource. A cell that a spreadsheet would take for a formula is led by an
 * apostrophe, and so is one that begins with an apostrophe: taking one off gives the text back.
 */
import type { AuditFinding, FindingResource } from '../../audit/finding.ts';
import type { AuditExport } from './export.ts';
import { resourceId } from './resources.ts';
import { isoTime } from './task.ts';

export const csv: AuditExport = {
  id: 'csv',
  title: 'CSV for spreadsheets: a row for each finding, formulas made harmless',
  extension: 'csv',
  variants: { related: 'a row for each related resource too, under its finding' },
  render: ({ findings }, { variant }) => {
    const rows = findings.flatMap((finding) => [
      rowOf(finding),
      ...(variant === 'related'
        ? (finding.relatedResources ?? []).map((related) => rowOf(finding, related))
        : []),
    ]);
    return [NAMES, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
  },
};

/** Columns in their order; those of a related resource are empty in a finding's own row. */
const COLUMNS: Readonly<Record<string, (finding: AuditFinding) => string | number | boolean>> = {
  findingId: (finding) => finding.findingId,
  taskId: (finding) => finding.taskId,
  taskStartTime: (finding) => isoTime(finding.taskStartTime * 1000),
  checkName: (finding) => finding.checkName,
  severity: (finding) => finding.severity,
  resourceType: (finding) => finding.nonCompliantResource.resourceType,
  resourceId: (finding) => resourceId(finding.nonCompliantResource),
  reasonCode: (finding) => finding.reasonForNonComplianceCode,
  reason: (finding) => finding.reasonForNonCompliance,
  isSuppressed: (finding) => finding.isSuppressed,
  diagnosis: (finding) => finding.doppelfleet.diagnosis,
  confidence: (finding) => finding.doppelfleet.confidence,
  because: (finding) => finding.doppelfleet.because,
  occurrences: (finding) => finding.doppelfleet.occurrences,
  lastOccurrence: (finding) => isoTime(finding.doppelfleet.lastOccurrence),
  relatedTotal: (finding) => finding.doppelfleet.relatedTotal,
  evidence: (finding) => finding.doppelfleet.evidence.join(' '),
  inferred: (finding) => finding.doppelfleet.inferred.join(' '),
  fixes: (finding) => finding.doppelfleet.fixes.join(' '),
};

const RELATED_COLUMNS: Readonly<Record<string, (related: FindingResource) => string>> = {
  relatedResourceType: (related) => related.resourceType,
  relatedResourceId: resourceId,
  connectionTime: ({ additionalInfo }) => additionalInfo?.CONNECTION_TIME ?? '',
  disconnectionTime: ({ additionalInfo }) => additionalInfo?.DISCONNECTION_TIME ?? '',
  principalId: ({ additionalInfo }) => additionalInfo?.PRINCIPAL_ID ?? '',
};

const NAMES = ['row', ...Object.keys(COLUMNS), ...Object.keys(RELATED_COLUMNS)];

function rowOf(finding: AuditFinding, related?: FindingResource): readonly string[] {
  return [
    related === undefined ? 'finding' : 'related',
    ...Object.values(COLUMNS).map((column) => String(column(finding))),
    ...Object.values(RELATED_COLUMNS).map((column) => (related ? column(related) : '')),
  ];
}

/** ASCII and full-width signs that begin a formula, white space that is dropped before one, and `'`. */
const FORMULA = /^[=+\-@\t\r\n'\uFF1D\uFF0B\uFF0D\uFF20]/;

function cell(text: string): string {
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
