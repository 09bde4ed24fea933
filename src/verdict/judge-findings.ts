/** Holds findings against expectations: planted, none, expected and forbidden ones. Pure. */
import type { AuditFinding, AuditResult } from '../audit/finding.ts';
import type { CheckId } from '../core/ids.ts';
import { plural, printable } from '../core/text.ts';
import type { FindingPattern } from '../scenario/schema.ts';
import type { Draft, ExpectedPlanted, JudgeInput } from './expectation.ts';

export function judgeFindings(input: JudgeInput): Draft[] {
  const { findings } = input.expect;
  if (findings === undefined) return [];
  if (findings === 'planted') return judgePlanted(input);
  if (findings === 'none') return [judgeNone(input)];
  return [
    ...findings.expected.map((pattern) => judgeExpected(input, pattern)),
    ...findings.forbidden.map((pattern) => judgeForbidden(input, pattern)),
  ];
}

function judgePlanted(input: JudgeInput): Draft[] {
  const { audit, planted, undecided = [] } = input;
  const drafts: Draft[] = [];
  const used = new Set<AuditFinding>();
  const byResource = new Map(audit.findings.map((finding) => [key(finding), finding]));
  for (const check of new Set(planted.map((one) => one.check))) {
    const wanted = planted.filter((one) => one.check === check);
    const found = wanted.flatMap((one) => byResource.get(`${check} ${one.resource}`) ?? []);
    for (const finding of found) used.add(finding);
    const missing = wanted.filter((one) => !byResource.has(`${check} ${one.resource}`));
    drafts.push({
      kind: 'planted',
      text: `${plural(wanted.length, 'planted finding')} of ${check}`,
      ...missingOutcome(input, check, missing, wanted.length),
      findings: found,
    });
  }
  const chance = new Set(undecided.map((one) => `${one.check} ${one.resource}`));
  const others = audit.findings.filter(
    (finding) => !used.has(finding) && !chance.has(key(finding)),
  );
  const checked = judgeNone({ ...input, audit: { ...audit, findings: others } });
  return [
    ...drafts,
    {
      ...checked,
      kind: 'no-other',
      text: `${
        planted.length > 0
          ? 'no finding besides the planted ones'
          : 'no finding, as nothing is planted'
      }${chance.size > 0 ? `, not counting ${chance.size} left to chance` : ''}`,
    },
  ];
}

function missingOutcome(
  input: JudgeInput,
  check: CheckId,
  missing: readonly ExpectedPlanted[],
  total: number,
): Pick<Draft, 'outcome' | 'because'> {
  if (missing.length === 0) {
    return { outcome: 'met', because: total === 1 ? 'it was found' : `all ${total} were found` };
  }
  const inconclusive = inconclusiveCheck(input.audit, check);
  if (inconclusive !== undefined) {
    return { outcome: 'inconclusive', because: `not found: ${labels(missing)}; ${inconclusive}` };
  }
  const absent = new Set(input.neverConnected);
  const carriedOut = missing.filter(
    (one) => one.devices.filter((device) => !absent.has(device)).length >= one.devicesNeeded,
  );
  if (carriedOut.length === 0) {
    return {
      outcome: 'inconclusive',
      because: `not found: ${labels(missing)}; too few of the devices that plant it ever connected`,
    };
  }
  return {
    outcome: 'unmet',
    because: `${carriedOut.length} of ${total} not found: ${labels(carriedOut)}`,
  };
}

function labels(some: readonly ExpectedPlanted[]): string {
  const shown = some.slice(0, 3).map((one) => printable(one.label, 60));
  return `${shown.join(', ')}${some.length > 3 ? ', …' : ''}`;
}

function judgeNone({ audit }: JudgeInput): Draft {
  const text = 'no finding';
  const findings = audit.findings.filter((finding) => !finding.isSuppressed);
  if (findings.length > 0) {
    const shown = findings.slice(0, 3).map(describeFinding).join('; ');
    return {
      kind: 'none',
      text,
      outcome: 'unmet',
      because: `${plural(findings.length, 'finding')}: ${shown}${findings.length > 3 ? '; …' : ''}`,
      findings,
    };
  }
  const checks = Object.keys(audit.auditDetails);
  const open =
    checks.length === 0
      ? ['no check was part of the audit']
      : checks.flatMap((check) => inconclusiveCheck(audit, check as CheckId) ?? []);
  return open.length > 0
    ? { kind: 'none', text, outcome: 'inconclusive', because: open.join('; ') }
    : { kind: 'none', text, outcome: 'met', because: 'none was found' };
}

function judgeExpected(input: JudgeInput, pattern: FindingPattern): Draft {
  const found = input.audit.findings.filter((finding) => matches(finding, pattern, input));
  const text = `a finding of ${describePattern(pattern)}`;
  if (found.length > 0) {
    return { kind: 'expected', text, outcome: 'met', because: 'it was found', findings: found };
  }
  const inconclusive = inconclusiveCheck(input.audit, pattern.check);
  return inconclusive === undefined
    ? { kind: 'expected', text, outcome: 'unmet', because: 'it was not found' }
    : { kind: 'expected', text, outcome: 'inconclusive', because: inconclusive };
}

function judgeForbidden(input: JudgeInput, pattern: FindingPattern): Draft {
  const found = input.audit.findings.filter((finding) => matches(finding, pattern, input));
  const text = `no finding of ${describePattern(pattern)}`;
  if (found.length > 0) {
    return {
      kind: 'forbidden',
      text,
      outcome: 'unmet',
      because: found.slice(0, 3).map(describeFinding).join('; '),
      findings: found,
    };
  }
  const inconclusive = inconclusiveCheck(input.audit, pattern.check);
  return inconclusive === undefined
    ? { kind: 'forbidden', text, outcome: 'met', because: 'none was found' }
    : { kind: 'forbidden', text, outcome: 'inconclusive', because: inconclusive };
}

function matches(finding: AuditFinding, pattern: FindingPattern, input: JudgeInput): boolean {
  const { clientId, deviceCertificateId } = finding.nonCompliantResource.resourceIdentifier;
  const wanted =
    pattern.certificate === undefined
      ? undefined
      : (input.certificateIds.get(pattern.certificate) ?? pattern.certificate);
  return (
    finding.checkName === pattern.check &&
    !finding.isSuppressed &&
    (pattern.clientId === undefined || pattern.clientId === clientId) &&
    (wanted === undefined || wanted === deviceCertificateId) &&
    (pattern.diagnosis === undefined || pattern.diagnosis === finding.doppelfleet.diagnosis)
  );
}

function inconclusiveCheck(audit: AuditResult, check: CheckId): string | undefined {
  const details = audit.auditDetails[check];
  if (details === undefined) return `${check} was not part of the audit`;
  if (details.doppelfleet.status !== 'inconclusive') return undefined;
  return `${check} is inconclusive: ${details.message ?? details.doppelfleet.missing.join(', ')}`;
}

function key(finding: AuditFinding): string {
  const { clientId, deviceCertificateId } = finding.nonCompliantResource.resourceIdentifier;
  return `${finding.checkName} ${clientId ?? deviceCertificateId ?? ''}`;
}

function describeFinding(finding: AuditFinding): string {
  const { clientId, deviceCertificateId } = finding.nonCompliantResource.resourceIdentifier;
  return `${finding.checkName} on ${printable(clientId ?? deviceCertificateId ?? '', 60)}`;
}

function describePattern(pattern: FindingPattern): string {
  const { check, ...rest } = pattern;
  const details = Object.entries(rest).map(
    ([name, value]) => `${name} ${printable(String(value), 60)}`,
  );
  return [check, ...details].join(', ');
}
