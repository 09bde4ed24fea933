/** Findings as a table that a person can read; the same for runs and for audits. */
import type { AuditFinding, AuditResult } from '../audit/finding.ts';
import { plural, printable } from '../core/text.ts';
import { type Cell, type Style, table } from './style.ts';

/** More findings than this are counted, not shown; findings.json has them all. */
const ROWS_MAX = 20;

export function renderFindings(audit: AuditResult, style: Style): string {
  const { findings } = audit;
  const statuses = Object.entries(audit.auditDetails).map(([check, details]) => {
    const { status } = details.doppelfleet;
    const color =
      status === 'compliant' ? style.green : status === 'non-compliant' ? style.red : style.yellow;
    const counts = `${details.nonCompliantResourcesCount} of ${details.totalResourcesCount} resources non-compliant`;
    return `  ${check}: ${color(status)}, ${counts}${details.message ? ` — ${printable(details.message)}` : ''}`;
  });
  if (findings.length === 0) return [...statuses, ''].join('\n');
  const rows = findings.slice(0, ROWS_MAX).map((finding) => row(finding, style));
  const rest = findings.length - rows.length;
  return [
    ...statuses,
    table(['Severity', 'Resource', 'Diagnosis', 'Evidence'], rows, style, [0.12, 0.3, 0.36, 0.22]),
    ...(rest > 0 ? [`  … and ${rest} more in findings.json`] : []),
    '',
  ].join('\n');
}

function row(finding: AuditFinding, style: Style): readonly Cell[] {
  const { severity, checkName, nonCompliantResource, doppelfleet } = finding;
  const { clientId, deviceCertificateId } = nonCompliantResource.resourceIdentifier;
  const resource =
    clientId === undefined
      ? `certificate ${(deviceCertificateId ?? '').slice(0, 16)}…`
      : `client ID ${printable(clientId, 80)}`;
  const { diagnosis, confidence, because, occurrences, evidence, evidenceTotal, lastOccurrence } =
    doppelfleet;
  const noun = checkName === 'CONFLICTING_CLIENT_IDS_CHECK' ? 'takeover' : 'overlap';
  const events = evidence.slice(0, 6).join(', ') + (evidenceTotal > 6 ? ', …' : '');
  const time = new Date(lastOccurrence).toISOString().slice(11, 23);
  return [
    [[severity, severity === 'CRITICAL' ? style.red : style.yellow]],
    [
      [resource, style.bold],
      [finding.reasonForNonComplianceCode, style.dim],
    ],
    [
      [`${diagnosis} (${confidence})`, style.bold],
      [printable(because, 300), String],
    ],
    [
      [plural(occurrences, noun), String],
      [`last ${time}Z`, style.dim],
      [`events ${events}`, style.dim],
    ],
  ];
}
