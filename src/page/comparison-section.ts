/** All runs side by side: what was found, what happened, and what a fix hides, breaks or costs. */
import { plural } from '../core/text.ts';
import { comparedValue } from '../report/compared-value.ts';
import {
  type ComparisonRow,
  changeOf,
  compareRuns,
  isEverywhereTheSame,
} from '../report/comparison.ts';
import { htmlText as text } from '../report/html.ts';
import type { BuiltPage, BuiltRun } from './build-page.ts';
import { dataTable, list, number, outcomeBadge, section } from './html-parts.ts';

export function comparisonSection({ report, runs }: BuiltPage): readonly string[] {
  const { rows } = compareRuns(report);
  const isComparison = runs.length > 1;
  const telling = isComparison ? rows.filter(isTelling) : rows;
  const same = rows.filter((row) => !telling.includes(row));
  const verdicts = ['verdict', ...runs.map(({ run }) => outcomeBadge(run.verdict.outcome)), ''];
  const head = ['What', ...runs.map(({ page }) => text(page.name)), 'Note'];
  return section('comparison', isComparison ? 'Before and after' : 'In numbers', [
    ...(isComparison
      ? ['<p class="muted">One seed, the same devices, each run on a broker of its own.</p>']
      : []),
    ...dataTable('The runs in numbers', head, [verdicts, ...telling.map(cellsOf)]),
    ...(same.length > 0
      ? [
          `<details><summary>${plural(same.length, 'number')} the same in every run</summary>`,
          ...dataTable('The same in every run', head, same.map(cellsOf)),
          '</details>',
        ]
      : []),
    ...list(
      runs.flatMap(({ run, page }) =>
        (run.effects?.notes ?? []).map((note) => `${page.name}: ${note}`),
      ),
      'notes',
    ),
    ...costs(runs),
  ]);
}

/** It changed, or it is bad and no fix has cured it. */
function isTelling(row: ComparisonRow): boolean {
  return !isEverywhereTheSame(row) || (row.more === 'worse' && Number(row.values[0]) > 0);
}

function cellsOf(row: ComparisonRow): readonly string[] {
  const notes = [...new Set(row.notes.flatMap((note) => note ?? []))].slice(0, 3);
  return [
    text(row.label),
    ...row.values.map(
      (value, run) =>
        `${text(comparedValue(value, row.unit))}${run === 0 ? '' : changeWords(row, run)}`,
    ),
    `<span class="muted note">${text(notes.join('; '), 600)}</span>`,
  ];
}

/** The change against the first run, with its sign: colour never says it alone. */
function changeWords(row: ComparisonRow, run: number): string {
  const [before, after] = [row.values[0], row.values[run]];
  if (typeof before !== 'number' || typeof after !== 'number' || before === 0) return '';
  const share = (after - before) / before;
  const percent = number(Math.abs(share) * 100, 0);
  if (percent === '0') return '';
  const tone = changeOf(row, run) ?? 'muted';
  return ` <small class="${tone}">${share > 0 ? '+' : '−'}${percent} %</small>`;
}

function costs(runs: readonly BuiltRun[]): readonly string[] {
  const known = runs.flatMap(({ run, page }) =>
    run.fix === undefined || run.fix.costs.length === 0
      ? []
      : [
          `<li><strong>${text(page.name)}</strong>, ${text(run.fix.title)}: ${text(run.fix.costs.join('; '), 1000)}</li>`,
        ],
  );
  return known.length === 0 ? [] : ['<h3>Known costs of the fixes</h3>', '<ul>', ...known, '</ul>'];
}
