/** Findings as a table that a person can read; the same for runs and for audits. */
import type {
  AuditFinding,
  AuditResult,
  FindingDetail,
  FindingResource,
} from '../audit/finding.ts';
import type { CheckId } from '../core/ids.ts';
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
    const { suppressedNonCompliantResourcesCount: suppressed } = details;
    const counts =
      `${details.nonCompliantResourcesCount} of ${details.totalResourcesCount} resources ` +
      `non-compliant${suppressed > 0 ? `, ${suppressed} of them suppressed` : ''}`;
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
  const { diagnosis, confidence, because, inferred } = doppelfleet;
  return [
    finding.isSuppressed
      ? [
          [severity, style.dim],
          ['suppressed', style.dim],
        ]
      : [[severity, severity === 'CRITICAL' ? style.red : style.yellow]],
    [
      [resourceText(nonCompliantResource), style.bold],
      [finding.reasonForNonComplianceCode, style.dim],
    ],
    [
      [`${diagnosis} (${confidence})`, style.bold],
      [printable(because, 300), String],
      ...(inferred.length > 0 ? [[`inferred: ${inferred.join(', ')}`, style.dim] as const] : []),
    ],
    evidenceCell(checkName, doppelfleet, style),
  ];
}

/** What the resource is, and enough of its name to find it. */
function resourceText({ resourceType, resourceIdentifier }: FindingResource): string {
  const { issuerCertificateIdentifier, ...identifier } = resourceIdentifier;
  switch (resourceType) {
    case 'CLIENT_ID':
      return `client ID ${printable(identifier.clientId ?? '', 80)}`;
    case 'DEVICE_CERTIFICATE':
      return `certificate ${(identifier.deviceCertificateId ?? '').slice(0, 16)}…`;
    case 'CA_CERTIFICATE':
      return `CA certificate ${(identifier.caCertificateId ?? '').slice(0, 16)}…`;
    case 'ISSUER_CERTIFICATE':
      return `CA ${printable(issuerCertificateIdentifier?.issuerCertificateSubject ?? '', 80)}`;
    case 'PRINCIPAL':
      return `principal ${printable(identifier.doppelfleetPrincipal ?? '', 80)}`;
  }
}

/** What an occurrence is, where it is not an overlap. */
const NOUNS: Partial<Readonly<Record<CheckId, string>>> = {
  CONFLICTING_CLIENT_IDS_CHECK: 'takeover',
  REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK: 'session',
};

/** A finding about a certificate alone has no events. */
function evidenceCell(check: CheckId, detail: FindingDetail, style: Style): Cell {
  const { occurrences, evidence, evidenceTotal, lastOccurrence } = detail;
  if (evidenceTotal === 0) return [['by the certificate', String]];
  const events = evidence.slice(0, 6).join(', ') + (evidenceTotal > 6 ? ', …' : '');
  return [
    [plural(occurrences, NOUNS[check] ?? 'overlap'), String],
    [`last ${new Date(lastOccurrence).toISOString().slice(11, 23)}Z`, style.dim],
    [`events ${events}`, style.dim],
  ];
}
