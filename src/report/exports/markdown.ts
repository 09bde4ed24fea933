/**
 * An audit as Markdown for the summary of a CI job: what each check says, the findings with their
 * diagnosis, and, beside an earlier audit, what is new, gone and still there.
 */
import { compareAudits } from '../../audit/compare.ts';
import type { AuditCheckDetails, AuditFinding, AuditResult } from '../../audit/finding.ts';
import { plural } from '../../core/text.ts';
import type { AuditExport, ExportOptions } from './export.ts';
import { markdownCode, markdownTable, markdownText } from './markdown-text.ts';
import { resourceId, resourceNoun } from './resources.ts';
import { isoTime } from './task.ts';

export const markdown: AuditExport = {
  id: 'markdown',
  title: 'Markdown for the summary of a CI job: checks, findings, and what has changed',
  extension: 'md',
  variants: {},
  render: (audit, options) =>
    `${[
      ...checksSection(audit),
      ...changesSection(audit, options.previous),
      ...findingsSection(audit),
      ...notesSection(audit),
    ].join('\n')}\n`,
};

/** GitHub takes a megabyte of summary; what is left out is counted. */
const ROWS_MAX = 100;
const NOTES_MAX = 20;

const STATUS_MARKS = {
  compliant: '✅ compliant',
  'non-compliant': '❌ non-compliant',
  inconclusive: '❔ inconclusive',
} as const satisfies Record<AuditCheckDetails['doppelfleet']['status'], string>;

function checksSection({ auditDetails, taskStartTime }: AuditResult): readonly string[] {
  const rows = Object.entries(auditDetails).map(([check, details]) => [
    markdownCode(check),
    STATUS_MARKS[details.doppelfleet.status],
    String(details.nonCompliantResourcesCount),
    String(details.suppressedNonCompliantResourcesCount),
    String(details.totalResourcesCount),
    markdownText(details.message ?? ''),
  ]);
  return [
    '## MQTT fleet audit',
    '',
    `Audited ${isoTime(taskStartTime * 1000)}.`,
    '',
    ...markdownTable(
      ['Check', 'Answer', 'Non-compliant', 'Suppressed', 'Audited', 'Missing'],
      rows,
    ),
    '',
  ];
}

function findingsSection({ findings }: AuditResult): readonly string[] {
  if (findings.length === 0) return ['No findings.', ''];
  const rows = findings
    .slice(0, ROWS_MAX)
    .map((finding) => [
      finding.isSuppressed ? `${finding.severity} (suppressed)` : finding.severity,
      resourceCell(finding),
      markdownCode(finding.reasonForNonComplianceCode),
      `${markdownText(`${finding.doppelfleet.diagnosis} (${finding.doppelfleet.confidence})`)}`,
      markdownText(finding.doppelfleet.because),
      isoTime(finding.doppelfleet.lastOccurrence),
      finding.doppelfleet.fixes.map((fix) => markdownCode(fix)).join(', '),
    ]);
  const rest = findings.length - rows.length;
  return [
    '### Findings',
    '',
    ...markdownTable(
      ['Severity', 'Resource', 'Reason', 'Diagnosis', 'Because', 'Last seen', 'Fixes'],
      rows,
    ),
    ...(rest > 0 ? ['', `… and ${plural(rest, 'more finding')}.`] : []),
    '',
  ];
}

function resourceCell({ nonCompliantResource }: AuditFinding): string {
  const id = markdownCode(resourceId(nonCompliantResource));
  return `${markdownText(resourceNoun(nonCompliantResource))} ${id}`;
}

function changesSection(
  audit: AuditResult,
  previous: ExportOptions['previous'],
): readonly string[] {
  if (previous === undefined) return [];
  const title = ['### Since the audit before', ''];
  if (!('findings' in previous)) {
    return [...title, 'Not compared: that takes the earlier audit, not its ASFF export.', ''];
  }
  const changes = compareAudits(previous, audit);
  const rows: readonly (readonly [string, readonly AuditFinding[]])[] = [
    ['new', changes.new],
    ['gone', changes.gone],
    ['still there', changes.still.map(({ after }) => after)],
    ['undecided', changes.undecided],
  ];
  return [
    ...title,
    ...markdownTable(
      ['Change', 'Findings', 'Resources'],
      rows.map(([change, findings]) => [change, String(findings.length), listed(findings)]),
    ),
    '',
    ...noteLines(changes.notes),
  ];
}

const LISTED_MAX = 10;

function listed(findings: readonly AuditFinding[]): string {
  const cells = findings.slice(0, LISTED_MAX).map(resourceCell).join(', ');
  const rest = findings.length - LISTED_MAX;
  return `${cells}${rest > 0 ? `, … and ${rest} more` : ''}`;
}

function notesSection({ notes }: AuditResult): readonly string[] {
  return notes.length === 0 ? [] : ['### Notes', '', ...noteLines(notes)];
}

function noteLines(notes: readonly string[]): readonly string[] {
  if (notes.length === 0) return [];
  const rest = notes.length - NOTES_MAX;
  return [
    ...notes.slice(0, NOTES_MAX).map((note) => `- ${markdownText(note, 500)}`),
    ...(rest > 0 ? [`- … and ${rest} more`] : []),
    '',
  ];
}
