/**
 * Audits as JUnit XML: a suite for each check, in it a test case for the check and one for each
 * finding. A finding is a failure, a suppressed one is skipped; an inconclusive check is an error.
 */
import type { AuditCheckDetails, AuditFinding, AuditResult } from '../../audit/finding.ts';
import { plural } from '../../core/text.ts';
import { XML_DECLARATION, xmlText as xml } from '../xml.ts';
import type { AuditExport } from './export.ts';
import { resourceKey, resourceLabel } from './resources.ts';
import { isoTime } from './task.ts';

export const auditJunit: AuditExport = {
  id: 'junit',
  title: 'JUnit XML: a suite for each check, a failure for each finding, suppressed ones skipped',
  extension: 'xml',
  variants: {},
  render: (audit) => {
    const suites = suitesOf(audit);
    const all = suites.flatMap(({ cases }) => cases);
    return [
      XML_DECLARATION,
      `<testsuites name="doppelfleet audit"${counts(all)} time="0.000">`,
      ...suites.map((one) => suiteText(one, audit)),
      '</testsuites>',
      '',
    ].join('\n');
  },
};

type Result = 'passed' | 'failure' | 'error' | 'skipped';

interface Case {
  readonly name: string;
  readonly result: Result;
  readonly because: string;
}

interface Suite {
  readonly check: string;
  readonly cases: readonly Case[];
}

function suitesOf({ auditDetails, findings }: AuditResult): readonly Suite[] {
  const details = new Map<string, AuditCheckDetails>(Object.entries(auditDetails));
  const cases = new Map<string, Case[]>();
  for (const [check, own] of details) cases.set(check, [checkCase(own)]);
  for (const finding of findings) {
    const suite = cases.get(finding.checkName) ?? [];
    if (suite.length === 0) cases.set(finding.checkName, suite);
    suite.push(findingCase(finding));
  }
  return [...cases].map(([check, of]) => ({ check, cases: of }));
}

const CHECK_RESULTS = {
  compliant: 'passed',
  'non-compliant': 'failure',
  inconclusive: 'error',
} as const satisfies Record<AuditCheckDetails['doppelfleet']['status'], Result>;

function checkCase(details: AuditCheckDetails): Case {
  const { nonCompliantResourcesCount: found, totalResourcesCount: total, message } = details;
  const counted = `${found} of ${plural(total, 'resource')} non-compliant`;
  return {
    name: 'the check is compliant',
    result: CHECK_RESULTS[details.doppelfleet.status],
    because: message === undefined ? counted : `${counted}; ${message}`,
  };
}

function findingCase(finding: AuditFinding): Case {
  const { nonCompliantResource: resource, doppelfleet: ours } = finding;
  const label = resourceLabel(resource);
  // Two long or unprintable IDs may look alike; a test case needs a name of its own.
  const name = label.endsWith(resourceKey(resource))
    ? label
    : `${label} [${finding.findingId.slice(0, 8)}]`;
  return {
    name,
    result: finding.isSuppressed ? 'skipped' : 'failure',
    because:
      `${finding.severity} ${finding.reasonForNonComplianceCode}: ${finding.reasonForNonCompliance} ` +
      `Diagnosis: ${ours.diagnosis} (${ours.confidence}): ${ours.because}`,
  };
}

function suiteText({ check, cases }: Suite, { taskId, taskStartTime }: AuditResult): string {
  const timestamp = isoTime(taskStartTime * 1000).replace(/\.\d+Z$/, '');
  return [
    `  <testsuite name="${xml(check)}"${counts(cases)} time="0.000" timestamp="${timestamp}">`,
    `    <properties>`,
    `      <property name="taskId" value="${xml(taskId)}"/>`,
    `    </properties>`,
    ...cases.map((one) => caseText(check, one)),
    '  </testsuite>',
  ].join('\n');
}

function caseText(check: string, { name, result, because }: Case): string {
  const open = `    <testcase classname="doppelfleet.audit.${xml(check)}" name="${xml(name)}" time="0"`;
  const message = xml(because);
  switch (result) {
    case 'passed':
      return `${open}/>`;
    case 'skipped':
      return [`${open}>`, `      <skipped message="suppressed: ${message}"/>`, CASE_END].join('\n');
    default:
      return [
        `${open}>`,
        `      <${result} message="${message}" type="${result}">${message}</${result}>`,
        CASE_END,
      ].join('\n');
  }
}

const CASE_END = '    </testcase>';

function counts(cases: readonly Case[]): string {
  const of = (result: Result) => cases.filter((one) => one.result === result).length;
  return ` tests="${cases.length}" failures="${of('failure')}" errors="${of('error')}" skipped="${of('skipped')}"`;
}
