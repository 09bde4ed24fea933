/** The report of a fleet as blocks of Markdown; see markdown-run.ts. Pure. */
import type { AuditFinding } from '../audit/finding.ts';
import { plural } from '../core/text.ts';
import { formatDuration } from '../core/time.ts';
import { markdownCode as code, markdownText as text } from './exports/markdown-text.ts';
import { resourceId, resourceNoun } from './exports/resources.ts';
import { boundedTable, folded, type MarkdownBlock } from './markdown-blocks.ts';
import { comparisonLines, costLines } from './markdown-comparison.ts';
import { doneLines } from './markdown-done.ts';
import { OUTCOME_MARKS } from './matrix/grid.ts';
import type { Report, RunReport } from './report.ts';
import { observabilityLines } from './two-sided.ts';

/** Each table holds this many characters; a report has a handful of them. */
const TABLE_LENGTH_MAX = 8_000;
const NOTES_MAX = 20;

/** Blocks in reading order. */
export function fleetBlocks(report: Report): readonly MarkdownBlock[] {
  return [
    { lines: head(report), rank: 0 },
    { lines: open(report), rank: 0 },
    ...report.runs.map((run) => ({ lines: findings(run, report) })),
    { lines: comparisonLines(report) },
    ...report.runs.map((run) => ({ lines: doneLines(run) })),
    { lines: repeat(report), rank: 0 },
    {
      lines: folded(
        'All expectations',
        expectations(report, () => true),
      ),
      rank: 2,
    },
    { lines: folded('What each fix changes and costs', costLines(report)), rank: 2 },
    { lines: folded('Evidence from both sides', bothSides(report)), rank: 3 },
    { lines: folded('Notes', notes(report)), rank: 3 },
  ].filter((block) => block.lines.length > 0);
}

/** How a run is called beside the others. */
function runName(run: RunReport): string {
  return run.fix === undefined ? 'as is' : code(run.fix.name);
}

function head(report: Report): readonly string[] {
  const { scenario, outcome, runs } = report;
  const [run] = runs;
  const about =
    run === undefined
      ? 'Nothing was run.'
      : [
          `${plural(run.blastRadius.devices, 'device')} with ${plural(run.blastRadius.certificates, 'certificate')}`,
          `on ${text(run.broker.version)}`,
          `seed ${scenario.seed}`,
          formatDuration(Math.max(0, run.endedAt - run.startedAt)),
        ].join(', ');
  const failures = runs.flatMap((one) =>
    one.failure === undefined ? [] : [`**${runName(one)}:** ${text(one.failure, 500)}`],
  );
  return [
    `## ${code(scenario.name)}: ${OUTCOME_MARKS[outcome]} ${outcome}`,
    '',
    text(scenario.purpose, 1000),
    '',
    about,
    '',
    ...failures.flatMap((line) => [line, '']),
  ];
}

/** What is not met: the first thing that a reviewer needs. */
function open(report: Report): readonly string[] {
  const lines = expectations(report, (outcome) => outcome !== 'met');
  return lines.length === 0 ? [] : ['### Not met', '', ...lines];
}

function expectations(report: Report, wanted: (outcome: string) => boolean): readonly string[] {
  const rows = report.runs.flatMap((run) =>
    run.verdict.expectations
      .filter(({ outcome }) => wanted(outcome))
      .map(({ outcome, text: expected, because }) => [
        runName(run),
        `${OUTCOME_MARKS[outcome]} ${outcome}`,
        text(expected),
        text(because),
      ]),
  );
  return boundedTable(['Run', 'Outcome', 'Expectation', 'Because'], rows, {
    lengthMax: TABLE_LENGTH_MAX,
    noun: 'expectation',
  });
}

function findings(run: RunReport, report: Report): readonly string[] {
  const several = report.runs.length > 1;
  const title = `### Findings${several ? `: ${runName(run)}` : ''}`;
  const undecided = Object.entries(run.audit.auditDetails).flatMap(([check, details]) =>
    details.doppelfleet.status === 'inconclusive'
      ? [`- ${code(check)} is inconclusive: ${text(details.message ?? 'evidence is missing')}`]
      : [],
  );
  const rows = run.audit.findings.map(findingRow);
  const table = boundedTable(
    ['Severity', 'Resource', 'Reason', 'Diagnosis', 'Because', 'Times'],
    rows,
    { lengthMax: TABLE_LENGTH_MAX, noun: 'finding' },
  );
  const none = undecided.length === 0 ? ['None.', ''] : [];
  return [
    title,
    '',
    ...(rows.length === 0 ? none : table),
    ...(undecided.length === 0 ? [] : [...undecided, '']),
  ];
}

function findingRow(finding: AuditFinding): readonly string[] {
  const { severity, isSuppressed, nonCompliantResource, doppelfleet } = finding;
  const { diagnosis, confidence, because, occurrences } = doppelfleet;
  return [
    isSuppressed ? `${text(severity)} (suppressed)` : text(severity),
    `${text(resourceNoun(nonCompliantResource))} ${code(resourceId(nonCompliantResource))}`,
    code(finding.reasonForNonComplianceCode),
    text(`${diagnosis} (${confidence})`),
    text(because),
    String(occurrences),
  ];
}

function bothSides({ runs }: Report): readonly string[] {
  const [run] = runs;
  if (run?.observability === undefined) return [];
  return observabilityLines(run.observability).map((line) => `- ${text(line, 500)}`);
}

function notes({ runs }: Report): readonly string[] {
  const all = runs.flatMap((run) =>
    run.notes.map((note) => `- ${runName(run)}: ${text(note, 500)}`),
  );
  const rest = all.length - NOTES_MAX;
  return [...all.slice(0, NOTES_MAX), ...(rest > 0 ? [`- … and ${rest} more`] : [])];
}

function repeat({ reproduce, folder, scenario }: Report): readonly string[] {
  return [
    `Again: ${code(reproduce, 500)}  `,
    `Evidence: ${code(folder, 300)}, scenario ${code(scenario.file, 300)}`,
    '',
  ];
}
