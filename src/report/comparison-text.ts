/**
 * Runs side by side for a terminal. What is the same everywhere is one sentence, and what does not
 * fit beside one another comes one table after the other, each with the run without a fix.
 */
import { printable } from '../core/text.ts';
import { comparedValue } from './compared-value.ts';
import {
  type Comparison,
  type ComparisonRow,
  changeOf,
  changesOf,
  compareRuns,
  isEverywhereTheSame,
} from './comparison.ts';
import { field } from './field.ts';
import type { Report } from './report.ts';
import { type Cell, outcomeCell, type Style, table, wrap } from './style.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** A column with its border and padding, for names and for letters. */
const NAME_WIDTH = 17;
const LETTER_WIDTH = 12;

/** A table for every so many runs, then what changed, and what each fix costs. */
export function renderComparison(report: Report, style: Style): string {
  const comparison = compareRuns(report);
  const { runs, rows } = comparison;
  const alike = rows.filter((row) => !ALWAYS_SHOWN.test(row.id) && isEverywhereTheSame(row));
  const different = rows.filter((row) => !alike.includes(row));
  const { labelWidth, columnWidth, perTable, heads } = layoutOf(comparison, style.width);
  const fixed = runs.map((_, index) => index).slice(1);
  const parts = Array.from({ length: Math.max(1, Math.ceil(fixed.length / perTable)) }, (_, n) =>
    fixed.slice(n * perTable, (n + 1) * perTable),
  );
  const tables = parts.map((part) => {
    const shown = [0, ...part];
    return table(
      ['', ...shown.map((index) => heads[index] ?? '')],
      [
        ...different.map((row) => [
          labelCell(row, labelWidth),
          ...shown.map((index) => valueCell(row, index, style)),
        ]),
        [
          'verdict',
          ...shown.map((index) => outcomeCell(runs[index]?.outcome ?? 'inconclusive', style)),
        ],
      ],
      style,
      [labelWidth, ...shown.map(() => columnWidth)].map((width) => (width + 0.5) / style.width),
    );
  });
  return [
    ...legend(comparison, heads, style),
    ...tables,
    ...sameEverywhere(alike, style),
    ...changeLines(comparison, heads, style),
    ...costLines(comparison, heads, style),
    '',
  ].join('\n');
}

/** Rows that readers look for even where nothing has changed. */
const ALWAYS_SHOWN = /^(findings-|takeovers-per-minute$|messages-lost$|quiet-after$|session-theft)/;

interface Layout {
  /** With border and padding. */
  readonly labelWidth: number;
  readonly columnWidth: number;
  /** Runs with a fix in one table. */
  readonly perTable: number;
  /** Names, or letters that a legend explains where names don't fit. */
  readonly heads: readonly string[];
}

function layoutOf({ runs }: Comparison, width: number): Layout {
  const labelWidth = width >= 100 ? 38 : 31;
  const room = width - labelWidth - 1;
  const names = runs.map(({ name }) => printable(name, 80));
  if (Math.floor(room / NAME_WIDTH) >= runs.length) {
    const heads = names.map((name) => wrap(name, NAME_WIDTH - 3).join('\n'));
    return { labelWidth, columnWidth: NAME_WIDTH, perTable: runs.length, heads };
  }
  const heads = names.map((name, index) => (index === 0 ? name : letter(index)));
  const columns = Math.max(2, Math.floor(room / LETTER_WIDTH));
  return { labelWidth, columnWidth: LETTER_WIDTH, perTable: columns - 1, heads };
}

function letter(run: number): string {
  return LETTERS[run - 1] ?? `#${run}`;
}

function legend({ runs }: Comparison, heads: readonly string[], style: Style): readonly string[] {
  return runs.flatMap(({ name }, index) =>
    index > 0 && heads[index] === letter(index)
      ? field(letter(index), [printable(name, 300)], style)
      : [],
  );
}

function labelCell({ label }: ComparisonRow, width: number): Cell {
  return wrap(label, width - 3).join(' ');
}

/** Colour says better or worse, the arrow which way it went. */
function valueCell(row: ComparisonRow, run: number, style: Style): Cell {
  const text = comparedValue(row.values[run], row.unit);
  const change = run === 0 ? undefined : changeOf(row, run);
  if (change === undefined) return text;
  const arrow = Number(row.values[run]) > Number(row.values[0]) ? '↑' : '↓';
  return [[`${text} ${arrow}`, change === 'better' ? style.green : style.red]];
}

function sameEverywhere(rows: readonly ComparisonRow[], style: Style): readonly string[] {
  if (rows.length === 0) return [];
  const told = rows.map(({ label, unit, values }) => `${label} ${comparedValue(values[0], unit)}`);
  return field('the same', [told.join('; ')], style).map((line) => style.dim(line));
}

/** What a fix cures and what it breaks, as measured. */
function changeLines(
  comparison: Comparison,
  heads: readonly string[],
  style: Style,
): readonly string[] {
  return comparison.runs.flatMap((_, run) => {
    if (run === 0) return [];
    const { better, worse } = changesOf(comparison, run);
    const told = (rows: readonly ComparisonRow[]): string =>
      rows
        .map(({ label, unit, values }) => {
          return `${label} ${comparedValue(values[0], unit)} → ${comparedValue(values[run], unit)}`;
        })
        .join('; ');
    return field(
      (heads[run] ?? '').replaceAll('\n', ''),
      [
        better.length > 0 ? `better: ${told(better)}` : 'nothing is better',
        worse.length > 0 ? `worse: ${told(worse)}` : 'nothing is worse',
        ...notesOf(comparison, run),
      ],
      style,
    );
  });
}

/** Notes of what the fix changed for the worse, or cured only as far as the note says. */
function notesOf(comparison: Comparison, run: number): readonly string[] {
  return comparison.rows.flatMap((row) => {
    const [note, value] = [row.notes[run], row.values[run]];
    const isTold = changeOf(row, run) === 'worse' || NOTED.has(row.id);
    if (note === undefined || !isTold || !value) return [];
    return [printable(`${row.label} ${comparedValue(value, row.unit)}: ${note}`, 300)];
  });
}

/** Rows whose note matters even where the number is what it was. */
const NOTED: ReadonlySet<string> = new Set([
  'certificates-shared',
  'client-ids-predictable',
  'ban-hidden',
]);

/** Fixes that cost the same are told together. */
function costLines(
  { runs }: Comparison,
  heads: readonly string[],
  style: Style,
): readonly string[] {
  const byText = new Map<string, string[]>();
  for (const [run, { title, costs }] of runs.entries()) {
    if (title === undefined || costs.length === 0) continue;
    const text = `${title}: ${costs.join('; ')}`;
    byText.set(text, [...(byText.get(text) ?? []), (heads[run] ?? '').replaceAll('\n', '')]);
  }
  const texts = [...byText].map(([text, fixes]) => `${fixes.join(', ')}: ${text}`);
  return field('costs', texts, style).map((line) => style.dim(line));
}
