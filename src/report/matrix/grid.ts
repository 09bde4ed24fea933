/**
 * The grid of a matrix as every renderer shows it: for each broker a row for each scenario and a
 * column for each configuration, in each place the outcomes by version. Pure.
 */
import type { MqttVersion } from '../../core/ids.ts';
import { plural, printable } from '../../core/text.ts';
import { type CellChange, type ChangeKind, comparisonOutcome } from '../../matrix/baseline.ts';
import { type CellResult, cellId, configurationName } from '../../matrix/cell.ts';
import { changePlace } from '../../matrix/change-sentence.ts';
import type { MatrixResult } from '../../matrix/result.ts';
import type { Outcome } from '../../verdict/outcome.ts';

export interface BrokerGrid {
  readonly broker: string;
  readonly versions: readonly MqttVersion[];
  readonly configurations: readonly string[];
  readonly scenarios: readonly string[];
  /** The cell, or undefined where none was run. */
  cell(scenario: string, configuration: string, version: MqttVersion): CellResult | undefined;
}

/** A grid for each broker; brokers, configurations and scenarios in the order of the cells. */
export function brokerGrids(cells: readonly CellResult[]): readonly BrokerGrid[] {
  return [...groupBy(cells, (cell) => cell.broker)].map(([broker, own]) => {
    const places = new Map(own.map((cell) => [place(cell), cell]));
    return {
      broker,
      versions: [...new Set(own.map((cell) => cell.mqttVersion))].sort(),
      configurations: [...new Set(own.map((cell) => cell.configuration))],
      scenarios: [...new Set(own.map((cell) => cell.scenario))],
      cell: (scenario, configuration, mqttVersion) =>
        places.get(place({ scenario, configuration, mqttVersion })),
    };
  });
}

/** Groups in the order of their first members. */
export function groupBy<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

function place(cell: Pick<CellResult, 'scenario' | 'configuration' | 'mqttVersion'>): string {
  return JSON.stringify([cell.scenario, cell.configuration, cell.mqttVersion]);
}

/** One mark for an outcome; the word always stands near it. */
export const OUTCOME_MARKS = {
  met: '✔',
  unmet: '✖',
  inconclusive: '?',
} as const satisfies Record<Outcome, string>;

/** Cells of one configuration that came to the same for the same reason, told once. */
export interface ToldCell {
  /** The first of them. */
  readonly cell: CellResult;
  readonly cells: readonly CellResult[];
  /** `session-takeover, MQTT 3.1.1 and 5`. */
  readonly label: string;
}

/** Scenarios that are named where a configuration keeps all of them from being tried. */
const SCENARIOS_NAMED_MAX = 3;

/** The cells with an outcome, by configuration. What keeps one scenario from being tried often keeps others, too. */
export function toldCells(cells: readonly CellResult[], outcome: Outcome): readonly ToldCell[] {
  const wanted = cells.filter((cell) => cell.outcome === outcome);
  const ordered = [...groupBy(wanted, configurationName).values()].flat();
  const alike = groupBy(ordered, (cell) =>
    JSON.stringify([cell.broker, cell.configuration, ...likeness(cell)]),
  );
  return [...alike.values()].flatMap((group) => {
    const [cell] = group;
    return cell === undefined ? [] : [{ cell, cells: group, label: labelOf(group) }];
  });
}

/** Unmet in the same expectations, whatever numbers were seen; or inconclusive by the same words. */
function likeness({ outcome, scenario, because, expectations }: CellResult): readonly unknown[] {
  if (outcome !== 'unmet') return [because];
  return [scenario, expectations.flatMap((one) => (one.outcome === 'unmet' ? [one.text] : []))];
}

function labelOf(cells: readonly CellResult[]): string {
  const scenarios = [...new Set(cells.map((cell) => cell.scenario))];
  const named = scenarios.slice(0, SCENARIOS_NAMED_MAX).map((name) => printable(name));
  const rest = scenarios.length - named.length;
  const versions = [...new Set(cells.map((cell) => cell.mqttVersion))].sort();
  return `${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}, ${versionWords(versions)}`;
}

/** Why a cell is not met, in words for the user: what it means, then what was seen. */
export function cellRisks(cell: CellResult): readonly string[] {
  return cell.expectations.flatMap(({ outcome, risk }) =>
    outcome === 'unmet' && risk !== undefined ? [risk] : [],
  );
}

export interface OutcomeCounts extends Readonly<Record<Outcome, number>> {
  readonly total: number;
}

export function countOutcomes(cells: readonly { readonly outcome: Outcome }[]): OutcomeCounts {
  const of = (outcome: Outcome) => cells.filter((cell) => cell.outcome === outcome).length;
  return {
    total: cells.length,
    met: of('met'),
    unmet: of('unmet'),
    inconclusive: of('inconclusive'),
  };
}

/** `180 cells: 120 met, 58 unmet, 2 inconclusive`. */
export function countSentence(counts: OutcomeCounts): string {
  const { total, met, unmet, inconclusive } = counts;
  const cells = total === 1 ? '1 cell' : `${total.toLocaleString('en-US')} cells`;
  return `${cells}: ${met} met, ${unmet} unmet, ${inconclusive} inconclusive`;
}

/** What counts: the outcome, or against a baseline only what changed. */
export function headline(result: MatrixResult): {
  readonly outcome: Outcome;
  readonly words: string;
} {
  const { comparison } = result;
  if (comparison === undefined) return { outcome: result.outcome, words: result.outcome };
  const outcome = comparisonOutcome(comparison);
  const { length } = comparison.changes;
  return { outcome, words: length === 0 ? 'no change' : `${plural(length, 'cell')} changed` };
}

/** A change that is the same in several MQTT versions, told once. */
export interface ToldChange {
  readonly kind: ChangeKind;
  readonly sentence: string;
}

/** Changes as sentences, in the order of the first cell of each. */
export function toldChanges(changes: readonly CellChange[]): readonly ToldChange[] {
  const rest = (one: CellChange) => one.sentence.slice(changePlace(one, [one.mqttVersion]).length);
  const alike = groupBy(changes, (one) =>
    JSON.stringify([one.broker, one.configuration, one.scenario, one.kind, rest(one)]),
  );
  return [...alike.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const versions = group.map((one) => one.mqttVersion).sort();
    return [{ kind: first.kind, sentence: `${changePlace(first, versions)}${rest(first)}` }];
  });
}

/**
 * The cells whose reasons are worth telling: all, or against a baseline those that changed; `rest`
 * counts the others that are not met.
 */
export function tellingCells({ cells, comparison }: MatrixResult): {
  readonly telling: readonly CellResult[];
  readonly rest: number;
} {
  if (comparison === undefined) return { telling: cells, rest: 0 };
  const changed = new Set(comparison.changes.map(cellId));
  const telling = cells.filter((cell) => changed.has(cellId(cell)));
  const open = (some: readonly CellResult[]) =>
    some.filter(({ outcome }) => outcome !== 'met').length;
  return { telling, rest: open(cells) - open(telling) };
}

/** `MQTT 3.1.1 and 5`. */
export function versionWords(versions: readonly MqttVersion[]): string {
  return `MQTT ${versions.join(' and ')}`;
}
