/** The first half of a demonstration: situation, attack, evidence, finding. What is said of a run is read from it. */
import type { AuditFinding } from '../../audit/finding.ts';
import type { CheckId } from '../../core/ids.ts';
import { plural } from '../../core/text.ts';
import { formatDuration } from '../../core/time.ts';
import type { ConnectionEvent } from '../../history/event.ts';
import { resourceLabel } from '../exports/resources.ts';
import type { BlastRadius, RunReport } from '../report.ts';
import { observabilityLines } from '../two-sided.ts';
import { type Act, facts, type Paragraph, words } from './act.ts';

/** Who takes part, before the first packet. */
export function situationAct(radius: BlastRadius, purpose: string): Act {
  const { devices, certificates, target, durationMs, planted, uncertain } = radius;
  const plan =
    `${plural(devices, 'device')} with ${plural(certificates, 'certificate')} connect over ` +
    `mutual TLS to ${target}, for ${formatDuration(durationMs)}.`;
  return {
    title: 'The situation',
    paragraphs: [
      words(purpose),
      words(plan),
      facts('fleet', radius.groups),
      facts('planted', planted.length > 0 ? planted : ['nothing: no finding may appear']),
      facts('uncertain', uncertain),
    ],
  };
}

/** What happened on the wire, in numbers. */
export function attackParagraphs(run: RunReport): readonly Paragraph[] {
  const { metrics, statistics, failure } = run;
  const takeovers = metrics['takeovers.count'] ?? 0;
  const { accepted, failed } = statistics.connects;
  const time = formatDuration(run.faultsEndedAt - run.startedAt);
  const refused = failed > 0 ? `, ${failed.toLocaleString('en-US')} refused or failed` : '';
  const seen = [
    `${plural(accepted, 'connect')} accepted${refused}`,
    `${plural(takeovers, 'session')} taken over`,
  ];
  return [
    words(`In ${time} against ${run.broker.version}: ${seen.join(', ')}.`),
    ...(failure === undefined ? [] : [words(`The run was cut short: ${failure}.`)]),
  ];
}

/** Both sides' own records of the first finding; `events` are those that the finding names. */
export function evidenceAct(run: RunReport, events: readonly ConnectionEvent[]): Act {
  const [finding] = run.audit.findings;
  if (finding === undefined) {
    const none = words(
      'The audit found nothing in these connections, so there is nothing to quote.',
    );
    return { title: 'The evidence', paragraphs: [none] };
  }
  const sides = new Set(events.map(({ vantage }) => vantage));
  const quoted =
    sides.size === 2
      ? 'What the devices saw and what the broker logged of it, in the order of time:'
      : sides.has('broker')
        ? 'What the broker logged of it:'
        : 'What the devices saw of it; the broker told nothing:';
  const detail = finding.doppelfleet;
  return {
    title: 'The evidence',
    paragraphs: [
      words(SEEN[finding.checkName] ?? 'The audit found this in the connections.'),
      ...(events.length === 0
        ? [words('The certificate itself is the evidence.')]
        : [words(quoted)]),
      ...[...events].sort((a, b) => a.at - b.at || a.event - b.event).map(quote),
      ...(events.length === 0 ? [] : [words('')]),
      ...(detail.evidenceTotal > events.length
        ? [
            words(
              `${plural(detail.evidenceTotal, 'event')} of the history prove it; these are the first.`,
            ),
          ]
        : []),
      ...(run.observability === undefined
        ? []
        : [facts('both sides', observabilityLines(run.observability))]),
    ],
  };
}

const SEEN: Partial<Readonly<Record<CheckId, string>>> = {
  CONFLICTING_CLIENT_IDS_CHECK:
    'A client ID stands for one session. When another CONNECT brings it, the broker has to close ' +
    'the session before (MQTT 5.0 §3.1.4): the newcomer throws the older one out.',
  DEVICE_CERTIFICATE_SHARED_CHECK:
    'One certificate, several client IDs at the same time: to the broker they are all the same ' +
    'device, and whoever has a copy of the key is one of them.',
};

function quote(event: ConnectionEvent): Paragraph {
  const time = new Date(event.at).toISOString().slice(11, 23);
  const side = event.vantage === 'device' ? 'device saw' : 'broker logged';
  return { kind: 'quote', label: `${time}  ${side}`, text: eventText(event) };
}

/** What stands in the event, no more; the source's own words in guillemets. */
function eventText(event: ConnectionEvent): string {
  const { kind, clientId, certificateId, port, reason, raw, inferred = [] } = event;
  const own = (field: string): string => (inferred.includes(field) ? ' (by correlation)' : '');
  const parts = [
    `${kind} ${clientId === '' ? '(empty client ID)' : clientId}`,
    ...(reason === undefined ? [] : [`${reason}${own('reason')}`]),
    ...(certificateId === undefined
      ? []
      : [`certificate ${certificateId.slice(0, 8)}…${own('certificateId')}`]),
    ...(port === undefined ? [] : [`port ${port}`]),
    ...(raw === undefined ? [] : [`«${raw.slice(0, 300)}»`]),
  ];
  return parts.join(', ');
}

/** Findings that are shown; the others are counted. */
const FINDINGS_SHOWN_MAX = 3;

/** The finding in the words of AWS, then what our diagnosis adds. */
export function findingAct({ audit }: RunReport): Act {
  const { findings, auditDetails } = audit;
  const undecided = Object.entries(auditDetails).flatMap(([check, details]) =>
    details.doppelfleet.status === 'inconclusive'
      ? [words(`${check} is inconclusive: ${details.message ?? 'evidence is missing'}.`)]
      : [],
  );
  const rest = findings.length - FINDINGS_SHOWN_MAX;
  return {
    title: findings.length === 0 ? 'No finding' : 'The finding',
    paragraphs: [
      words(
        findings.length === 0
          ? 'AWS IoT Device Defender would report nothing here.'
          : `An audit as AWS IoT Device Defender makes it reports ${plural(findings.length, 'finding')}:`,
      ),
      ...undecided,
      ...findings.slice(0, FINDINGS_SHOWN_MAX).flatMap(findingParagraphs),
      ...(rest > 0 ? [words(`… and ${plural(rest, 'more finding')}.`)] : []),
    ],
  };
}

function findingParagraphs(finding: AuditFinding): readonly Paragraph[] {
  const { checkName, severity, reasonForNonCompliance, reasonForNonComplianceCode } = finding;
  const { diagnosis, confidence, because } = finding.doppelfleet;
  return [
    facts('check', [checkName]),
    facts('severity', [finding.isSuppressed ? `${severity}, suppressed` : severity]),
    facts('resource', [resourceLabel(finding.nonCompliantResource)]),
    facts('reason', [reasonForNonComplianceCode, reasonForNonCompliance]),
    facts('diagnosis', [`${diagnosis} (${confidence}): ${because}`]),
    words(''),
  ];
}
