/**
 * A recorded state of a matrix, and what has changed since. Recorded are outcomes alone, sorted and
 * a line each, so that git shows a change of the file as a change of behaviour: no times, no
 * sentences that a broker words. Pure.
 */
import type { Outcome } from '../verdict/outcome.ts';
import {
  type CellExpectation,
  type CellKey,
  type CellResult,
  cellId,
  compareCells,
} from './cell.ts';
import { changeSentence } from './change-sentence.ts';

/** Raised when a field changes its meaning. */
export const BASELINE_VERSION = 1;

export interface BaselineCell extends CellKey {
  readonly outcome: Outcome;
  readonly expectations: readonly Omit<CellExpectation, 'because'>[];
}

export interface Baseline {
  readonly doppelfleet: 'matrix-baseline';
  readonly baselineVersion: typeof BASELINE_VERSION;
  readonly toolVersion: string;
  readonly matrix: string;
  /** Version of each broker that was started, by its ID. */
  readonly brokers: Readonly<Record<string, string>>;
  readonly cells: readonly BaselineCell[];
}

/**
 * `worse`: met → unmet; `better`: unmet → met; `shifted`: unmet before and after, for other reasons;
 * `lost`: inconclusive now; `gained`: inconclusive before.
 */
export type ChangeKind = 'worse' | 'better' | 'shifted' | 'lost' | 'gained' | 'new' | 'vanished';

export interface CellChange extends CellKey {
  readonly kind: ChangeKind;
  readonly before?: Outcome;
  readonly after?: Outcome;
  /** The change in words that say what it means. */
  readonly sentence: string;
}

export interface BaselineComparison {
  /** The file, as the user named it. */
  readonly baseline: string;
  /** One for each cell that changed, in the order of cells. */
  readonly changes: readonly CellChange[];
  /** Differences that change no outcome: versions of brokers, reworded expectations. */
  readonly notes: readonly string[];
}

/** What is compared with a baseline, or recorded as one. */
export interface MatrixState {
  readonly name: string;
  readonly toolVersion: string;
  readonly brokers: Readonly<Record<string, string>>;
  readonly cells: readonly CellResult[];
}

/** The state as a baseline. Cells that `previous` has and that were not `wanted` are kept. */
export function recordBaseline(
  state: MatrixState,
  previous?: Baseline,
  wanted: (key: CellKey) => boolean = () => true,
): Baseline {
  const kept = previous?.cells.filter((cell) => !wanted(cell)) ?? [];
  const brokers = { ...(kept.length > 0 ? previous?.brokers : {}), ...state.brokers };
  return {
    doppelfleet: 'matrix-baseline',
    baselineVersion: BASELINE_VERSION,
    toolVersion: state.toolVersion,
    matrix: state.name,
    brokers: Object.fromEntries(Object.entries(brokers).sort(([a], [b]) => (a < b ? -1 : 1))),
    cells: [...kept, ...state.cells.map(recorded)].sort(compareCells),
  };
}

function recorded(cell: CellResult): BaselineCell {
  const { broker, configuration, scenario, mqttVersion, outcome } = cell;
  const expectations = cell.expectations.map(({ text, outcome, risk }) => ({
    text,
    outcome,
    // What was unmet is told in its words when it is mended.
    ...(risk !== undefined && outcome === 'unmet' ? { risk } : {}),
  }));
  return { broker, configuration, scenario, mqttVersion, outcome, expectations };
}

/** The baseline as its file: JSON with one line for each cell and each expectation. */
export function formatBaseline(baseline: Baseline): string {
  const { cells, ...head } = baseline;
  const lines = cells.map(({ expectations, ...cell }) => {
    const inner = expectations.map((one) => `      ${JSON.stringify(one)}`);
    const list = inner.length === 0 ? '[]' : `[\n${inner.join(',\n')}\n    ]`;
    return `    ${JSON.stringify(cell).slice(0, -1)},"expectations":${list}}`;
  });
  const body = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n  ]`;
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "cells": ${body}\n}\n`;
}

/** What has changed since the baseline, of the cells that are `wanted`. */
export function compareWithBaseline(
  state: MatrixState,
  baseline: Baseline,
  options: {
    readonly file: string;
    readonly wanted?: (key: CellKey) => boolean;
    /** Cells that are part of the matrix but were not run: the matrix was interrupted. */
    readonly skipped?: readonly CellKey[];
  },
): BaselineComparison {
  const { file, wanted = () => true, skipped = [] } = options;
  const before = new Map(baseline.cells.map((cell) => [cellId(cell), cell]));
  const present = new Set([...state.cells, ...skipped].map(cellId));
  const changes = [
    ...state.cells.flatMap((cell) => changeOf(before.get(cellId(cell)), cell) ?? []),
    ...baseline.cells
      .filter((cell) => wanted(cell) && !present.has(cellId(cell)))
      .map((cell) => change('vanished', cell, cell, undefined)),
  ].sort(compareCells);
  return { baseline: file, changes, notes: comparisonNotes(state, baseline, before) };
}

function changeOf(before: BaselineCell | undefined, after: CellResult): CellChange | undefined {
  if (before === undefined) return change('new', after, undefined, after);
  const kind = changeKind(before, after);
  return kind === undefined ? undefined : change(kind, after, before, after);
}

function changeKind(before: BaselineCell, after: CellResult): ChangeKind | undefined {
  if (before.outcome !== after.outcome) {
    if (after.outcome === 'inconclusive') return 'lost';
    if (before.outcome === 'inconclusive') return 'gained';
    return after.outcome === 'unmet' ? 'worse' : 'better';
  }
  if (after.outcome !== 'unmet') return undefined;
  const { appeared, ended } = unmetChanges(before, after);
  return appeared.length + ended.length > 0 ? 'shifted' : undefined;
}

function change(
  kind: ChangeKind,
  key: CellKey,
  before: BaselineCell | undefined,
  after: CellResult | undefined,
): CellChange {
  const { broker, configuration, scenario, mqttVersion } = key;
  const { appeared, ended } = unmetChanges(before, after);
  return {
    broker,
    configuration,
    scenario,
    mqttVersion,
    kind,
    ...(before === undefined ? {} : { before: before.outcome }),
    ...(after === undefined ? {} : { after: after.outcome }),
    sentence: changeSentence({ key, kind, before, after, appeared, ended }),
  };
}

/** Expectations that became unmet, and those that no longer are and can be told. */
function unmetChanges(before: BaselineCell | undefined, after: CellResult | undefined) {
  const was = numbered(before?.expectations ?? []);
  const is = numbered(after?.expectations ?? []);
  const appeared = [...is].flatMap(([id, one]) =>
    one.outcome === 'unmet' && was.get(id)?.outcome !== 'unmet' ? [one] : [],
  );
  const ended = [...was].flatMap(([id, one]) => {
    const now = is.get(id)?.outcome;
    return one.outcome === 'unmet' && now !== 'unmet' && now !== 'inconclusive' ? [one] : [];
  });
  return { appeared, ended };
}

/** By text; of several with one text, the first with the first. */
function numbered<T extends { readonly text: string }>(
  expectations: readonly T[],
): ReadonlyMap<string, T> {
  const seen = new Map<string, number>();
  return new Map(
    expectations.map((one) => {
      const n = (seen.get(one.text) ?? 0) + 1;
      seen.set(one.text, n);
      return [`${n} ${one.text}`, one];
    }),
  );
}

function comparisonNotes(
  state: MatrixState,
  baseline: Baseline,
  before: ReadonlyMap<string, BaselineCell>,
): readonly string[] {
  const versions = Object.entries(state.brokers).flatMap(([broker, version]) => {
    const was = Object.hasOwn(baseline.brokers, broker) ? baseline.brokers[broker] : undefined;
    return was === undefined || was === version
      ? []
      : [`${broker}: the baseline was recorded with ${was}, this is ${version}`];
  });
  const reworded = state.cells.filter((cell) => {
    const was = before.get(cellId(cell));
    const texts = was?.expectations.map(({ text }) => text);
    return (
      was?.outcome === 'met' &&
      cell.outcome === 'met' &&
      JSON.stringify(texts) !== JSON.stringify(cell.expectations.map(({ text }) => text))
    );
  });
  const scenarios = [...new Set(reworded.map(({ scenario }) => scenario))];
  return [
    ...versions,
    ...scenarios.map(
      (scenario) => `${scenario} expects something else than when the baseline was recorded`,
    ),
  ];
}

/** Unmet if anything changed for good, inconclusive if cells are that were not, met otherwise. */
export function comparisonOutcome({ changes }: BaselineComparison): Outcome {
  if (changes.some(({ kind }) => kind !== 'lost')) return 'unmet';
  return changes.length > 0 ? 'inconclusive' : 'met';
}
