/** Every finding with its diagnosis, its evidence, what it means, and the way to its sessions. */
import type { AuditFinding } from '../audit/finding.ts';
import { CHECKS } from '../audit/registry.ts';
import { plural } from '../core/text.ts';
import { htmlText as text } from '../report/html.ts';
import type { BuiltPage, BuiltRun } from './build-page.ts';
import { DIAGNOSIS_MEANINGS } from './diagnosis-words.ts';
import { findingAnchor } from './finding-marks.ts';
import { list, section } from './html-parts.ts';

/** More findings than this are counted; findings.json has them all. */
const FINDINGS_MAX = 200;
/** With more than this each is folded. */
const OPEN_MAX = 6;
/** …and what comes after so many stands behind one line. */
const UNFOLDED_MAX = 12;

export function findingsSection({ runs }: BuiltPage): readonly string[] {
  return section(
    'findings',
    'Findings',
    runs.flatMap((one, place) => runFindings(one, place, runs.length)),
  );
}

function runFindings({ run, page }: BuiltRun, place: number, runs: number): readonly string[] {
  const { findings, auditDetails } = run.audit;
  const title = runs > 1 ? [`<h3>${text(page.name)}</h3>`] : [];
  const open = Object.entries(auditDetails)
    .filter(([, details]) => details.doppelfleet.status === 'inconclusive')
    .map(([check, details]) => `${check} is inconclusive: ${details.message ?? ''}`);
  const checks = plural(Object.keys(auditDetails).length, 'check');
  const none = open.length > 0 ? 'No finding, but not every check could answer.' : 'No finding.';
  const shown = findings.slice(0, FINDINGS_MAX);
  const rest = findings.length - shown.length;
  const articles = shown.map((finding, index) =>
    article(finding, index, place, shown.length <= OPEN_MAX),
  );
  return [
    ...title,
    ...(findings.length === 0 ? [`<p>${none} ${checks} were run.</p>`] : []),
    ...list(open, 'warnings'),
    ...articles.slice(0, UNFOLDED_MAX),
    ...(articles.length > UNFOLDED_MAX
      ? [
          `<details><summary>${plural(articles.length - UNFOLDED_MAX, 'more finding')}</summary>`,
          ...articles.slice(UNFOLDED_MAX),
          '</details>',
        ]
      : []),
    ...(rest > 0 ? [`<p>${plural(rest, 'more finding')} in findings.json.</p>`] : []),
  ];
}

function article(finding: AuditFinding, index: number, run: number, isOpen: boolean): string {
  const { severity, checkName, doppelfleet, isSuppressed, relatedResources = [] } = finding;
  const { diagnosis, confidence, because, occurrences, evidence, evidenceTotal } = doppelfleet;
  const anchor = findingAnchor(run, index);
  const { title, falsePositives } = CHECKS[checkName];
  const facts = [
    ['Diagnosis', `${text(diagnosis)} <span class="muted">(${text(confidence)})</span>`],
    ['Why', text(because, 500)],
    ['What it means', text(DIAGNOSIS_MEANINGS[diagnosis])],
    ['Evidence', evidenceWords(finding, evidence, evidenceTotal, occurrences)],
    ...(doppelfleet.relatedTotal > 0
      ? [['Related', relatedWords(relatedResources, doppelfleet.relatedTotal)]]
      : []),
    ...(doppelfleet.inferred.length > 0
      ? [['Inferred', text(doppelfleet.inferred.join(', '), 300)]]
      : []),
    ...(doppelfleet.fixes.length > 0
      ? [['Fixes to try', doppelfleet.fixes.map((fix) => `<code>${text(fix)}</code>`).join(' ')]]
      : []),
    ...(falsePositives.length > 0 ? [['Harmless when', text(falsePositives.join('; '), 600)]] : []),
  ];
  return [
    `<details class="finding severity-${text(severity.toLowerCase())}" id="${anchor}"${isOpen ? ' open' : ''}>`,
    `<summary><span class="severity">${text(severity)}</span> <span class="resource">${resource(finding)}</span> <span class="muted">${text(title)}${isSuppressed ? ', suppressed' : ''}</span></summary>`,
    `<dl>${facts.map(([name, value]) => `<dt>${name ?? ''}</dt><dd>${value ?? ''}</dd>`).join('')}</dl>`,
    `<p><a class="to-timeline" href="#timeline" data-run="${run}" data-finding="${anchor}">Show its sessions on the timeline</a></p>`,
    '</details>',
  ].join('');
}

function resource({ nonCompliantResource }: AuditFinding): string {
  const { clientId, deviceCertificateId, ...other } = nonCompliantResource.resourceIdentifier;
  if (clientId !== undefined) return `client ID <code>${name(clientId)}</code>`;
  if (deviceCertificateId !== undefined) {
    return `certificate <code>${text(deviceCertificateId.slice(0, 16))}…</code>`;
  }
  const { caCertificateId, doppelfleetPrincipal, issuerCertificateIdentifier } = other;
  if (caCertificateId !== undefined) {
    return `CA certificate <code>${text(caCertificateId.slice(0, 16))}…</code>`;
  }
  const named = doppelfleetPrincipal ?? issuerCertificateIdentifier?.issuerCertificateSubject ?? '';
  return `<code>${name(named)}</code>`;
}

function name(value: string): string {
  return value === '' ? '(empty)' : text(value, 100);
}

function evidenceWords(
  { checkName, doppelfleet }: AuditFinding,
  evidence: readonly number[],
  total: number,
  occurrences: number,
): string {
  if (total === 0) return 'by the certificate alone';
  const noun = checkName === 'CONFLICTING_CLIENT_IDS_CHECK' ? 'takeover' : 'occurrence';
  const events = `${evidence.slice(0, 8).join(', ')}${total > 8 ? ', …' : ''}`;
  const last = new Date(doppelfleet.lastOccurrence).toISOString().slice(0, 23);
  return `${plural(occurrences, noun)}, the last at ${last}Z; ${plural(total, 'event')} of history.ndjson: <code>${events}</code>`;
}

function relatedWords(
  related: NonNullable<AuditFinding['relatedResources']>,
  total: number,
): string {
  const names = new Set(
    related.slice(0, 200).map(({ resourceIdentifier }) => {
      const { clientId, deviceCertificateId } = resourceIdentifier;
      if (clientId !== undefined) return `client ID <code>${name(clientId)}</code>`;
      return `certificate <code>${text((deviceCertificateId ?? '').slice(0, 12))}…</code>`;
    }),
  );
  const shown = [...names].slice(0, 6).join(', ');
  return `${plural(total, 'record')}: ${shown}${names.size > 6 ? ', …' : ''}`;
}
