/**
 * The runs of a report side by side, as data: what was found, what happened, what each fix hides or
 * breaks. The one list of rows that the terminal, Markdown and JSON show. Pure.
 */
import { CONNECTION_CHECK_IDS } from '../core/ids.ts';
import { type EffectRow, effectRows } from '../effects/effect-rows.ts';
import type { Outcome } from '../verdict/outcome.ts';
import type { Report, RunReport } from './report.ts';

export type ComparedValue = number | boolean | undefined;
export type Change = 'better' | 'worse' | undefined;

export interface ComparisonRow extends Omit<EffectRow, 'value' | 'note'> {
  /** One for each run, in their order; undefined where it was not measured. */
  readonly values: readonly ComparedValue[];
  /** Against the first run: clearly better or worse, or undefined. */
  readonly changes: readonly Change[];
  readonly notes: readonly (string | undefined)[];
}

/** How a run compares with the first. */
export interface RunChanges {
  readonly better: readonly ComparisonRow[];
  readonly worse: readonly ComparisonRow[];
}

export interface Comparison {
  readonly runs: readonly {
    /** `as is`, or the fix as it was asked for. */
    readonly name: string;
    readonly title?: string;
    readonly costs: readonly string[];
    readonly outcome: Outcome;
  }[];
  readonly rows: readonly ComparisonRow[];
}

/** Rows without a value in any run are left out. */
export function compareRuns({ runs }: Report): Comparison {
  const columns = runs.map((run) => [...foundRows(run), ...metricRows(run), ...measuredRows(run)]);
  const ids = [...new Set(columns.flatMap((rows) => rows.map(({ id }) => id)))];
  const rows = ids.flatMap((id): ComparisonRow[] => {
    const cells = columns.map((column) => column.find((row) => row.id === id));
    const first = cells.find((row) => row !== undefined);
    if (first === undefined || cells.every((row) => row?.value === undefined)) return [];
    const { label, unit, more } = first;
    const values = cells.map((row) => row?.value);
    const changes = values.map((_, run) => change(first, values, run));
    return [{ id, label, unit, more, values, changes, notes: cells.map((row) => row?.note) }];
  });
  return {
    runs: runs.map(({ fix, verdict }) => ({
      name: fix?.name ?? 'as is',
      ...(fix === undefined ? {} : { title: fix.title }),
      costs: fix?.costs ?? [],
      outcome: verdict.outcome,
    })),
    rows: withoutLight(rows),
  };
}

/** What is clearly better or worse in run number `run` than in the first. */
export function changesOf(comparison: Comparison, run: number): RunChanges {
  const of = (wanted: 'better' | 'worse'): readonly ComparisonRow[] =>
    comparison.rows.filter((row) => changeOf(row, run) === wanted);
  return { better: of('better'), worse: of('worse') };
}

/** Undefined where there is no clear change, or where neither direction is good or bad. */
export function changeOf(row: ComparisonRow, run: number): Change {
  return row.changes[run];
}

/**
 * Rivals that evict one another are never seen together: a fix that ends their fight brings a shared
 * certificate to light, and another may hide it. Only what is really shared is better or worse.
 */
function withoutLight(rows: readonly ComparisonRow[]): readonly ComparisonRow[] {
  const real = rows.find(({ id }) => id === SHARED_REALLY);
  if (real === undefined) return rows;
  return rows.map((row) => {
    if (row.id !== SHARED_FOUND) return row;
    return {
      ...row,
      changes: row.changes.map((one, run) => (one === real.changes[run] ? one : undefined)),
    };
  });
}

const SHARED_FOUND = 'findings-DEVICE_CERTIFICATE_SHARED_CHECK';
const SHARED_REALLY = 'certificates-shared';

function change(
  { more, unit }: Pick<EffectRow, 'more' | 'unit'>,
  values: readonly ComparedValue[],
  run: number,
): Change {
  const [before, after] = [Number(values[0]), Number(values[run])];
  if (more === 'neither' || values[0] === undefined || values[run] === undefined) return undefined;
  const difference = after - before;
  const noise = Math.max(NOISE[unit], NOISE_SHARE * Math.max(before, after));
  if (Math.abs(difference) < noise) return undefined;
  return difference > 0 === (more === 'better') ? 'better' : 'worse';
}

/** Two runs of one and the same thing differ by so much. */
const NOISE: Readonly<Record<EffectRow['unit'], number>> = {
  count: 1,
  ms: 50,
  'per-second': 0.1,
  'per-minute': 0.1,
  share: 0.01,
  'yes-no': 1,
};
const NOISE_SHARE = 0.1;

/** Whether every run that has a value has the same. */
export function isEverywhereTheSame({ values }: ComparisonRow): boolean {
  return new Set(values).size === 1;
}

function foundRows({ audit }: RunReport): readonly EffectRow[] {
  const open = audit.findings.filter(({ isSuppressed }) => !isSuppressed);
  const connection: readonly string[] = CONNECTION_CHECK_IDS;
  const others = open.filter(({ checkName }) => !connection.includes(checkName)).length;
  const made = connection.filter((check) => Object.hasOwn(audit.auditDetails, check));
  return [
    ...made.map((check) =>
      count(
        `findings-${check}`,
        `findings ${check}`,
        open.filter(({ checkName }) => checkName === check).length,
      ),
    ),
    ...(others > 0 ? [count('findings-others', 'other findings', others)] : []),
  ];
}

function metricRows({ metrics }: RunReport): readonly EffectRow[] {
  return [
    count('takeovers', 'takeovers', metrics['takeovers.count']),
    { ...count('accepted', 'connects accepted', metrics['connects.accepted']), more: 'neither' },
    count('failed', 'connects failed', metrics['connects.failed']),
    {
      id: 'latency',
      label: 'CONNACK latency p99',
      unit: 'ms',
      value: metrics['connects.latency.p99'],
      more: 'worse',
    },
    { ...count('published', 'messages published', metrics['messages.published']), more: 'neither' },
  ];
}

function measuredRows({ effects }: RunReport): readonly EffectRow[] {
  return effects === undefined ? [] : effectRows(effects);
}

function count(id: string, label: string, value: number | undefined): EffectRow {
  return { id, label, unit: 'count', value, more: 'worse' };
}
