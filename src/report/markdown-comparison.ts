/** Runs side by side as a Markdown table, by the rows that the terminal shows too. Pure. */
import { comparedValue } from './compared-value.ts';
import {
  type Comparison,
  type ComparisonRow,
  changeOf,
  changesOf,
  compareRuns,
  isEverywhereTheSame,
} from './comparison.ts';
import { markdownCode as code, markdownText as text } from './exports/markdown-text.ts';
import { boundedTable } from './markdown-blocks.ts';
import { OUTCOME_MARKS } from './matrix/grid.ts';
import type { Report } from './report.ts';

/** More columns than this are unreadable on any page. */
const RUNS_MAX = 12;
const TABLE_LENGTH_MAX = 12_000;

/** Empty for a report of one run. Rows that are the same everywhere are told in one sentence. */
export function comparisonLines(report: Report): readonly string[] {
  if (report.runs.length < 2) return [];
  const comparison = compareRuns({ ...report, runs: report.runs.slice(0, RUNS_MAX) });
  const { runs, rows } = comparison;
  const rest = report.runs.length - runs.length;
  const alike = rows.filter(isEverywhereTheSame);
  const verdict = runs.map(({ outcome }) => `${OUTCOME_MARKS[outcome]} ${outcome}`);
  const same = alike.map(({ label, unit, values }) => `${label} ${comparedValue(values[0], unit)}`);
  return [
    '### Before and after',
    '',
    ...boundedTable(
      ['', ...runs.map(({ name }, index) => (index === 0 ? 'as is' : code(name)))],
      [
        ['**verdict**', ...verdict],
        ...rows
          .filter((row) => !alike.includes(row))
          .map((row) => [text(row.label), ...runs.map((_, run) => cell(row, run))]),
      ],
      { lengthMax: TABLE_LENGTH_MAX, noun: 'row' },
    ),
    ...(same.length === 0 ? [] : [`The same in all: ${text(same.join('; '), 2000)}.`, '']),
    ...(rest > 0 ? [`… and ${rest} more in report.json.`, ''] : []),
  ];
}

/** The arrow says which way it went, the word whether that is good. */
function cell(row: ComparisonRow, run: number): string {
  const value = comparedValue(row.values[run], row.unit);
  const change = run === 0 ? undefined : changeOf(row, run);
  return change === undefined ? value : `${value} (${change})`;
}

/** What each fix cures and breaks, with the sentences that limit it, and what it costs by nature. */
export function costLines(report: Report): readonly string[] {
  const comparison = compareRuns(report);
  return comparison.runs.flatMap(({ name, title, costs }, run) => {
    if (run === 0) return [];
    return [
      `- ${code(name)}${title === undefined ? '' : `, ${text(title)}`}`,
      ...told(comparison, run),
      ...(costs.length === 0 ? [] : [`  - costs: ${text(costs.join('; '), 1000)}`]),
    ];
  });
}

function told(comparison: Comparison, run: number): readonly string[] {
  const { better, worse } = changesOf(comparison, run);
  const notes = comparison.rows.flatMap((row) => {
    const note = row.notes[run];
    if (note === undefined || changeOf(row, run) === undefined) return [];
    return [`  - ${text(`${row.label}: ${note}`)}`];
  });
  const list = (rows: readonly ComparisonRow[]): string =>
    text(rows.map(({ label }) => label).join('; ') || 'nothing', 1000);
  return [`  - better: ${list(better)}`, `  - worse: ${list(worse)}`, ...notes];
}
