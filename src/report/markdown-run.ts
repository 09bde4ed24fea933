/**
 * Runs as Markdown for a pull request: the outcome first, then what is not met, the findings, before
 * and after, and how to repeat it; details are folded away. Texts from outside are made inert.
 */
import { plural } from '../core/text.ts';
import { mergeOutcomes, type Outcome } from '../verdict/outcome.ts';
import { markdownCode as code, markdownText as text } from './exports/markdown-text.ts';
import { boundedTable, fitBlocks, type MarkdownBlock } from './markdown-blocks.ts';
import { fleetBlocks } from './markdown-fleet.ts';
import { scriptBlocks } from './markdown-script.ts';
import { OUTCOME_MARKS } from './matrix/grid.ts';
import type { Report } from './report.ts';
import type { ScriptReport } from './script-report.ts';

/** A comment on GitHub holds 65,536 characters. */
const COMMENT_LENGTH_MAX = 65_000;
const OVERVIEW_LENGTH_MAX = 16_000;

/** One document over all reports, at most 65,000 characters long. */
export function renderMarkdown(reports: readonly (Report | ScriptReport)[]): string {
  const blocks = reports.flatMap(blocksOf);
  return fitBlocks([...overview(reports), ...blocks], COMMENT_LENGTH_MAX, 'report.json has all');
}

function blocksOf(report: Report | ScriptReport): readonly MarkdownBlock[] {
  return 'kind' in report ? scriptBlocks(report) : fleetBlocks(report);
}

/** Only several reports need one. */
function overview(reports: readonly (Report | ScriptReport)[]): readonly MarkdownBlock[] {
  if (reports.length === 1) return [];
  const outcomes = reports.map((report) => report.outcome);
  const merged = mergeOutcomes(outcomes);
  const rows = reports.map((report) => [
    code(report.scenario.name),
    `${OUTCOME_MARKS[report.outcome]} ${report.outcome}`,
    text(brokerOf(report)),
    findingsOf(report),
    text(reasonOf(report)),
  ]);
  const lines = [
    `# doppelfleet: ${OUTCOME_MARKS[merged]} ${countWords(outcomes)}`,
    '',
    ...boundedTable(['Scenario', 'Outcome', 'Broker', 'Findings', 'Because'], rows, {
      lengthMax: OVERVIEW_LENGTH_MAX,
      noun: 'scenario',
    }),
  ];
  return [{ lines, rank: 0 }];
}

/** `3 scenarios: 2 met, 1 unmet`. */
export function countWords(outcomes: readonly Outcome[]): string {
  const parts = (['met', 'unmet', 'inconclusive'] as const).flatMap((outcome) => {
    const count = outcomes.filter((one) => one === outcome).length;
    return count === 0 ? [] : [`${count} ${outcome}`];
  });
  return [plural(outcomes.length, 'scenario'), parts.join(', ')].filter(Boolean).join(': ');
}

function brokerOf(report: Report | ScriptReport): string {
  return ('kind' in report ? report.broker.version : report.runs[0]?.broker.version) ?? '';
}

/** `1, then 0 with a fix`: in the order of the runs. */
function findingsOf(report: Report | ScriptReport): string {
  if ('kind' in report) return '';
  return report.runs.map((run) => run.audit.findings.length).join(' → ');
}

/** The first expectation that gave the outcome. */
function reasonOf(report: Report | ScriptReport): string {
  if (report.outcome === 'met') return '';
  if ('kind' in report) return report.result.because;
  for (const run of report.runs) {
    const found = run.verdict.expectations.find((one) => one.outcome === report.outcome);
    if (found !== undefined) return `${found.text}: ${found.because}`;
  }
  return 'nothing was judged';
}
