/**
 * Matchers for Vitest: `import 'doppelfleet/vitest'` once, then
 * `expect(report).toHaveFinding({ check, clientId })` and `expect(report).toBeMet()`.
 */
import { expect } from 'vitest';
import type { AuditFinding, AuditResult, CheckId, Diagnosis, Report, RunReport } from './index.ts';

/** What a finding must agree with; what is left out is not looked at. */
export interface FindingQuery {
  readonly check?: CheckId;
  readonly clientId?: string;
  readonly certificateId?: string;
  readonly diagnosis?: Diagnosis;
}

interface DoppelfleetMatchers<Result> {
  /** The report (any of its runs), run or audit has a finding like this. */
  toHaveFinding(query: FindingQuery): Result;
  /** The report or run meets every expectation. */
  toBeMet(): Result;
}

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: Vitest's own declaration has this default.
  interface Matchers<T = any> extends DoppelfleetMatchers<T> {}
}

expect.extend({
  toHaveFinding(received: Report | RunReport | AuditResult, query: FindingQuery) {
    const findings = findingsOf(received);
    const pass = findings.some((finding) => agrees(finding, query));
    const shown = findings.map(describe).join('\n  ') || 'none';
    return {
      pass,
      message: () =>
        `expected ${pass ? 'no' : 'a'} finding like ${JSON.stringify(query)}; found:\n  ${shown}`,
    };
  },
  toBeMet(received: Report | RunReport) {
    const runs = 'runs' in received ? received.runs : [received];
    const open = runs.flatMap((run) =>
      run.verdict.expectations.filter((expectation) => expectation.outcome !== 'met'),
    );
    const pass = runs.length > 0 && runs.every((run) => run.verdict.outcome === 'met');
    return {
      pass,
      message: () =>
        pass
          ? 'expected the verdict not to be met'
          : `expected every expectation to be met, but:\n  ${open
              .map(({ outcome, text, because }) => `${outcome}: ${text} (${because})`)
              .join('\n  ')}`,
    };
  },
});

function findingsOf(received: Report | RunReport | AuditResult): readonly AuditFinding[] {
  if ('runs' in received) return received.runs.flatMap((run) => run.audit.findings);
  return 'audit' in received ? received.audit.findings : received.findings;
}

function agrees(finding: AuditFinding, query: FindingQuery): boolean {
  const { clientId, deviceCertificateId } = finding.nonCompliantResource.resourceIdentifier;
  return (
    (query.check === undefined || query.check === finding.checkName) &&
    (query.clientId === undefined || query.clientId === clientId) &&
    (query.certificateId === undefined || query.certificateId === deviceCertificateId) &&
    (query.diagnosis === undefined || query.diagnosis === finding.doppelfleet.diagnosis)
  );
}

function describe(finding: AuditFinding): string {
  const { clientId, deviceCertificateId } = finding.nonCompliantResource.resourceIdentifier;
  return `${finding.checkName} ${clientId ?? deviceCertificateId} (${finding.doppelfleet.diagnosis})`;
}
