/**
 * Audits as SARIF 2.1.0: checks are rules, findings are results of kind `fail`, a compliant check is
 * a `pass`, an inconclusive one is `open`. Resources are logical locations, histories artifacts.
 * Fingerprints are the findings' IDs, so that a result is the same one in every audit.
 */
import type { AuditFinding, AuditResult, Severity } from '../../audit/finding.ts';
import { plural, printable } from '../../core/text.ts';
import { checkMetadata } from './check-metadata.ts';
import { type AuditExport, type ExportOptions, jsonText } from './export.ts';
import { resourceKey, resourceLabel } from './resources.ts';
import { type Histories, type SarifLocation, sarifLocations } from './sarif-locations.ts';
import { relativeUri, sarifMessage } from './sarif-text.ts';
import { isoTime, taskFacts } from './task.ts';

const SCHEMA =
  'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

export const sarif: AuditExport = {
  id: 'sarif',
  title: 'SARIF 2.1.0 for code scanning: findings fail, compliant checks pass, the rest is open',
  extension: 'sarif',
  variants: { findings: 'findings only, for consumers that take passes for problems' },
  render: (audit, options) =>
    jsonText({ $schema: SCHEMA, version: '2.1.0', runs: [run(audit, options)] }),
};

function run(audit: AuditResult, options: ExportOptions): object {
  const { scheduledAuditName, startedAt } = taskFacts(audit, options);
  const checks = new Set([
    ...Object.keys(audit.auditDetails),
    ...audit.findings.map((finding) => String(finding.checkName)),
  ]);
  const ruleIndex = new Map([...checks].map((check, index) => [check, index]));
  const uris = audit.sources.map(({ file }) => relativeUri(file, options.baseFolder));
  // Artifacts are unique (§3.14.15); a file may be named twice.
  const artifacts = [...new Set(uris)];
  const histories = { sources: audit.sources, uris, artifacts };
  const results = [
    ...audit.findings.map((finding) => findingResult(finding, histories)),
    ...(options.variant === 'findings' ? [] : checkResults(audit)),
  ];
  return {
    tool: {
      driver: {
        name: 'doppelfleet',
        ...(options.toolVersion === undefined ? {} : { version: options.toolVersion }),
        rules: [...checks].map(rule),
      },
    },
    automationDetails: {
      // What stands before the last slash names the kind of run (§3.17.3).
      id: `doppelfleet/${scheduledAuditName ?? 'on-demand'}/${audit.taskId}`,
    },
    invocations: [
      {
        executionSuccessful: true,
        startTimeUtc: isoTime(startedAt),
        toolExecutionNotifications: notifications(audit),
      },
    ],
    artifacts: artifacts.map((uri) => ({ location: { uri }, roles: ['analysisTarget'] })),
    columnKind: 'utf16CodeUnits',
    results: withSuppressions(results).map((result) => ({
      ...result,
      ruleIndex: ruleIndex.get(result.ruleId),
    })),
  };
}

function rule(check: string): object {
  const metadata = checkMetadata(check);
  if (metadata === undefined) return { id: check };
  const { title, description, severity, falsePositives, references } = metadata;
  const [helpUri] = references;
  return {
    id: check,
    shortDescription: sarifMessage(title),
    fullDescription: sarifMessage(description),
    ...(helpUri === undefined ? {} : { helpUri }),
    help: sarifMessage(
      falsePositives.length > 0
        ? `${description} Harmless situations that look alike: ${falsePositives.join('; ')}.`
        : description,
    ),
    defaultConfiguration: { level: LEVELS[severity] },
    properties: { 'security-severity': SCORES[severity], tags: ['security', 'mqtt'] },
  };
}

type Level = 'error' | 'warning' | 'note' | 'none';

const LEVELS: Readonly<Record<Severity, Level>> = {
  CRITICAL: 'error',
  HIGH: 'error',
  MEDIUM: 'warning',
  LOW: 'note',
};

/** In the middle of the bands that GitHub code scanning gives the same names. */
const SCORES: Readonly<Record<Severity, string>> = {
  CRITICAL: '9.5',
  HIGH: '8.0',
  MEDIUM: '5.5',
  LOW: '2.0',
};

interface SarifResult {
  readonly ruleId: string;
  readonly kind: 'fail' | 'pass' | 'open';
  readonly level: Level;
  readonly message: { readonly text: string };
  readonly locations?: readonly SarifLocation[];
  readonly relatedLocations?: readonly SarifLocation[];
  readonly partialFingerprints: Readonly<Record<string, string>>;
  readonly suppressions?: readonly object[];
  readonly properties?: Readonly<Record<string, unknown>>;
}

function findingResult(finding: AuditFinding, histories: Histories): SarifResult {
  const { findingId, checkName, nonCompliantResource, doppelfleet: ours } = finding;
  return {
    ruleId: checkName,
    kind: 'fail',
    level: LEVELS[finding.severity],
    message: sarifMessage(
      `${resourceLabel(nonCompliantResource)}: ${finding.reasonForNonCompliance} ` +
        `Diagnosis: ${ours.diagnosis} (${ours.confidence}): ${ours.because}.`,
    ),
    ...sarifLocations(finding, histories),
    // GitHub would else take it from the first line of a history, which is not in the repository.
    partialFingerprints: { 'findingId/v1': findingId, primaryLocationLineHash: `${findingId}:1` },
    ...(finding.isSuppressed ? { suppressions: [{ kind: 'external', status: 'accepted' }] } : {}),
    properties: {
      severity: finding.severity,
      reasonCode: finding.reasonForNonComplianceCode,
      resourceKey: resourceKey(nonCompliantResource),
      diagnosis: ours.diagnosis,
      confidence: ours.confidence,
      occurrences: ours.occurrences,
      lastOccurrence: isoTime(ours.lastOccurrence),
      relatedResourcesCount: ours.relatedTotal,
      evidence: ours.evidence,
      fixes: ours.fixes,
    },
  };
}

/** Checks without a finding. What is not a failure has the level `none` (§3.27.10). */
function checkResults(audit: AuditResult): readonly SarifResult[] {
  return Object.entries(audit.auditDetails).flatMap(([check, details]): SarifResult[] => {
    const { status, missing } = details.doppelfleet;
    if (status === 'non-compliant') return [];
    const resources = plural(details.totalResourcesCount, 'resource');
    const text =
      status === 'compliant'
        ? `Compliant: ${resources} audited.`
        : `Inconclusive: ${missing.join('; ') || (details.message ?? 'evidence is missing')}.`;
    return [
      {
        ruleId: check,
        kind: status === 'compliant' ? 'pass' : 'open',
        level: 'none',
        message: sarifMessage(text),
        partialFingerprints: { 'findingId/v1': check },
      },
    ];
  });
}

/** Present on one result, it is present on all, empty where nothing is suppressed (§3.27.23). */
function withSuppressions(results: readonly SarifResult[]): readonly SarifResult[] {
  if (!results.some(({ suppressions }) => suppressions !== undefined)) return results;
  return results.map((result) => ({ suppressions: [], ...result }));
}

function notifications({ notes, auditDetails }: AuditResult): readonly object[] {
  const gaps = Object.entries(auditDetails).flatMap(([check, { message }]) =>
    message === undefined
      ? []
      : [{ level: 'warning', message: sarifMessage(message), associatedRule: { id: check } }],
  );
  return [
    ...gaps,
    ...notes.map((note) => ({ level: 'note', message: sarifMessage(printable(note, 500)) })),
  ];
}
