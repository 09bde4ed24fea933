/**
 * Audits in the AWS Security Finding Format, for BatchImportFindings, shaped as AWS IoT Device
 * Defender sends them: a finding for each (resource, check, reason) and a summary for each check,
 * with stable IDs. Given the audit before, what it had and this one has not comes out ARCHIVED.
 */
import type { CheckMetadata } from '../../audit/check.ts';
import type { AuditFinding, AuditResult } from '../../audit/finding.ts';
import { printable } from '../../core/text.ts';
import { withPrevious } from './asff-archive.ts';
import { ASFF_LENGTHS, ASFF_NORMALIZED, type AsffFinding } from './asff-format.ts';
import { asffCommon, asffTaskFields, asffTypes } from './asff-parts.ts';
import { checkSummary } from './asff-summary.ts';
import { checkMetadata } from './check-metadata.ts';
import { type AuditExport, type ExportOptions, jsonText } from './export.ts';
import { identifierEntries, resourceId, resourceKey } from './resources.ts';
import { isoTime, type TaskFacts, taskFacts } from './task.ts';

export const asff: AuditExport = {
  id: 'asff',
  title: 'AWS Security Hub findings (ASFF) with stable IDs; what is gone is archived',
  extension: 'asff.json',
  variants: { findings: 'without the summaries of the checks' },
  render: (audit, options) => jsonText(asffFindings(audit, options)),
};

export function asffFindings(audit: AuditResult, options: ExportOptions): readonly AsffFinding[] {
  const current = freshFindings(audit, options);
  const { previous } = options;
  if (previous === undefined) return current;
  const before = isAudit(previous) ? freshFindings(previous, options) : previous;
  const wanted = before.filter(
    ({ ProductFields }) =>
      options.variant !== 'findings' || ProductFields.ReportType === 'AuditFinding',
  );
  return withPrevious(current, wanted, audit);
}

function isAudit(previous: NonNullable<ExportOptions['previous']>): previous is AuditResult {
  return !Array.isArray(previous);
}

function freshFindings(audit: AuditResult, options: ExportOptions): readonly AsffFinding[] {
  const task = taskFacts(audit, options);
  const summaries = options.variant === 'findings' ? [] : Object.entries(audit.auditDetails);
  return [
    ...audit.findings.map((finding) => auditFinding(finding, task, options)),
    ...summaries.map(([check, details]) => checkSummary(check, details, { audit, task, options })),
  ];
}

function auditFinding(finding: AuditFinding, task: TaskFacts, options: ExportOptions): AsffFinding {
  const { checkName, nonCompliantResource, reasonForNonComplianceCode: code, severity } = finding;
  const { account, region, partition } = task;
  const key = resourceKey(nonCompliantResource);
  const { resourceType } = nonCompliantResource;
  const types = asffTypes(checkName);
  const at = isoTime(finding.findingTime * 1000);
  const observed = isoTime(finding.doppelfleet.lastOccurrence);
  const metadata = checkMetadata(checkName);
  return {
    ...asffCommon(task, options),
    Id: [account, resourceType, key, checkName, code].join('/'),
    GeneratorId: finding.findingId,
    Types: types,
    FirstObservedAt: observed,
    LastObservedAt: observed,
    CreatedAt: at,
    UpdatedAt: at,
    Severity: { Label: severity, Normalized: ASFF_NORMALIZED[severity] },
    Title: printable(`${checkName}: ${code}`, ASFF_LENGTHS.title),
    Description: description(finding),
    ...remediation(finding, metadata),
    ProductFields: productFields(finding, task),
    Resources: [
      {
        // ASFF has no types for these; its rule is then Other, with details.
        Type: 'Other',
        Id: key,
        Partition: partition,
        Region: region,
        Details: { Other: { ResourceType: resourceType, ...identifierFields(finding) } },
      },
    ],
    Workflow: { Status: finding.isSuppressed ? 'SUPPRESSED' : 'NEW' },
    RecordState: 'ACTIVE',
    FindingProviderFields: { Severity: { Label: severity }, Types: types },
  };
}

function description(finding: AuditFinding): string {
  const { nonCompliantResource: resource, reasonForNonCompliance: reason } = finding;
  const text =
    `${resource.resourceType} ${printable(resourceId(resource), 300)} is reported as non-compliant ` +
    `for ${finding.checkName} by Audit task ${finding.taskId}. ` +
    `The non-compliant reason is ${reason.replace(/\.$/, '')}.`;
  return printable(text, ASFF_LENGTHS.description);
}

function remediation(
  { doppelfleet }: AuditFinding,
  metadata: CheckMetadata | undefined,
): Pick<AsffFinding, 'Remediation'> {
  if (doppelfleet.fixes.length === 0) return {};
  const Url = metadata?.references[0];
  const Text = printable(
    `Fixes that address it: ${doppelfleet.fixes.join(', ')}.`,
    ASFF_LENGTHS.recommendation,
  );
  return { Remediation: { Recommendation: { Text, ...(Url === undefined ? {} : { Url }) } } };
}

function productFields(finding: AuditFinding, task: TaskFacts): Readonly<Record<string, string>> {
  const { doppelfleet: ours } = finding;
  return {
    CheckName: finding.checkName,
    TaskId: finding.taskId,
    ...asffTaskFields(task),
    IsSuppressed: String(finding.isSuppressed),
    ReasonForNonComplianceCode: finding.reasonForNonComplianceCode,
    ResourceType: finding.nonCompliantResource.resourceType,
    ...identifierFields(finding),
    FindingId: finding.findingId,
    ReportType: 'AuditFinding',
    TaskStartTime: String(Math.round(finding.taskStartTime * 1000)),
    'doppelfleet/Diagnosis': ours.diagnosis,
    'doppelfleet/Confidence': ours.confidence,
    'doppelfleet/Because': printable(ours.because, ASFF_LENGTHS.description),
    'doppelfleet/Occurrences': String(ours.occurrences),
    'doppelfleet/RelatedResourcesCount': String(ours.relatedTotal),
  };
}

/** `clientId` → `ClientId`, as AWS writes a policy's name and version. */
function identifierFields({ nonCompliantResource }: AuditFinding): Record<string, string> {
  return Object.fromEntries(
    identifierEntries(nonCompliantResource).map(([name, value]) => [
      `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`,
      printable(value, ASFF_LENGTHS.other),
    ]),
  );
}
