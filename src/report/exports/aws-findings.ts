/**
 * Findings exactly as AWS IoT prints them (API model 2015-05-28): the members of `AuditFinding` and
 * no others, what is absent left out. The plain form is ListAuditFindings' answer. `describe` and
 * `related` are maps from finding ID to the answer of DescribeAuditFinding, which lists at most ten
 * related resources, and of ListRelatedResourcesForAuditFinding, which lists all. What our own checks
 * found is not AWS's to know: it is in `doppelfleet` only.
 */
import type { AuditFinding, AuditResult, FindingResource } from '../../audit/finding.ts';
import { DESCRIBED_RELATED_MAX } from '../../audit/findings.ts';
import { isOwnCheck } from './check-metadata.ts';
import { type AuditExport, type ExportOptions, jsonText } from './export.ts';

export const awsFindings: AuditExport = {
  id: 'aws-findings',
  title: 'AWS IoT ListAuditFindings JSON: AuditFinding objects, without our own key',
  extension: 'json',
  variants: {
    describe: 'by finding ID, as DescribeAuditFinding answers: at most 10 related resources',
    related: 'by finding ID, as ListRelatedResourcesForAuditFinding answers: all of them',
    doppelfleet: 'as ListAuditFindings answers, and our own key doppelfleet with the diagnosis',
  },
  render: ({ findings }, { variant }) => {
    const known = findings.filter(({ checkName }) => !isOwnCheck(checkName));
    return jsonText(document(variant === 'doppelfleet' ? findings : known, variant));
  },
};

function document(
  findings: AuditResult['findings'],
  variant: ExportOptions['variant'],
): Readonly<Record<string, unknown>> {
  switch (variant) {
    case 'describe':
      return byId(findings, (finding) => ({ finding: awsFinding(finding, DESCRIBED_RELATED_MAX) }));
    case 'related':
      return byId(findings, ({ relatedResources }) => ({
        relatedResources: (relatedResources ?? []).map(awsResource),
      }));
    case 'doppelfleet':
      return {
        findings: findings.map((one) => ({ ...awsFinding(one), doppelfleet: one.doppelfleet })),
      };
    default:
      return { findings: findings.map((finding) => awsFinding(finding)) };
  }
}

function byId(
  findings: AuditResult['findings'],
  answer: (finding: AuditFinding) => object,
): Readonly<Record<string, object>> {
  return Object.fromEntries(findings.map((finding) => [finding.findingId, answer(finding)]));
}

/** The members of AWS's `AuditFinding`, in the order of its model. */
function awsFinding(finding: AuditFinding, relatedMax = Infinity): object {
  const related = (finding.relatedResources ?? []).slice(0, relatedMax).map(awsResource);
  return {
    findingId: finding.findingId,
    taskId: finding.taskId,
    checkName: finding.checkName,
    taskStartTime: finding.taskStartTime,
    findingTime: finding.findingTime,
    severity: finding.severity,
    nonCompliantResource: awsResource(finding.nonCompliantResource),
    ...(related.length > 0 ? { relatedResources: related } : {}),
    reasonForNonCompliance: finding.reasonForNonCompliance,
    reasonForNonComplianceCode: finding.reasonForNonComplianceCode,
    isSuppressed: finding.isSuppressed,
  };
}

function awsResource(resource: FindingResource): object {
  const { resourceType, additionalInfo } = resource;
  const identifier = Object.entries(resource.resourceIdentifier);
  return {
    resourceType,
    resourceIdentifier: Object.fromEntries(identifier.filter(([name]) => IDENTIFIERS.has(name))),
    ...(additionalInfo !== undefined && Object.keys(additionalInfo).length > 0
      ? { additionalInfo }
      : {}),
  };
}

/** Members of AWS's `ResourceIdentifier`. */
const IDENTIFIERS: ReadonlySet<string> = new Set([
  'deviceCertificateId',
  'caCertificateId',
  'cognitoIdentityPoolId',
  'clientId',
  'policyVersionIdentifier',
  'account',
  'iamRoleArn',
  'roleAliasArn',
  'issuerCertificateIdentifier',
  'deviceCertificateArn',
]);
