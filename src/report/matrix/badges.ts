/**
 * Badges of a matrix: one for the whole, one for each broker, one for each scenario on a broker, and
 * a Markdown table that shows them. The insecure sides of pairs that hold are as they should be. Pure.
 */
import { createHash } from 'node:crypto';
import { type CellResult, cellId } from '../../matrix/cell.ts';
import { excusedCells, type PairResult } from '../../matrix/pair.ts';
import { type MatrixResult, matrixOutcome } from '../../matrix/result.ts';
import { type Badge, renderBadgeJson, renderBadgeSvg } from '../badge.ts';
import {
  markdownCode as code,
  markdownTable,
  markdownText as text,
} from '../exports/markdown-text.ts';
import { brokerGrids, groupBy } from './grid.ts';

/** A file of the folder that the badges are written to. */
export interface BadgeFile {
  readonly name: string;
  readonly content: string;
}

/** Every file, `badges.md` last; names are safe on every file system and differ in more than case. */
export function matrixBadges(result: MatrixResult): readonly BadgeFile[] {
  const { pairs } = result;
  const whole = { file: 'matrix', badge: badge(result.name, result.cells, pairs) };
  const brokers = brokerGrids(result.cells).map(({ broker, scenarios }) => {
    const own = result.cells.filter((cell) => cell.broker === broker);
    const byScenario = groupBy(own, (cell) => cell.scenario);
    return {
      broker,
      all: named([broker], badge(broker, own, pairs)),
      scenarios: scenarios.map((scenario) => ({
        scenario,
        ...named(
          [broker, scenario],
          badge(`${broker} ${scenario}`, byScenario.get(scenario) ?? [], pairs),
        ),
      })),
    };
  });
  const all = [whole, ...brokers.flatMap((one) => [one.all, ...one.scenarios])];
  return [
    ...all.flatMap((one) => [
      { name: `${one.file}.svg`, content: renderBadgeSvg(one.badge) },
      { name: `${one.file}.json`, content: renderBadgeJson(one.badge) },
    ]),
    { name: 'badges.md', content: page(result, whole, brokers) },
  ];
}

interface NamedBadge {
  readonly file: string;
  readonly badge: Badge;
}

interface BrokerBadges {
  readonly broker: string;
  readonly all: NamedBadge;
  readonly scenarios: readonly (NamedBadge & { readonly scenario: string })[];
}

function badge(label: string, cells: readonly CellResult[], all: readonly PairResult[]): Badge {
  const excused = excusedCells(all);
  const pairs = pairsOf(cells, all);
  const counted = cells.filter((cell) => !excused.has(cellId(cell)));
  const of = (outcome: string) => counted.filter((cell) => cell.outcome === outcome).length;
  const parts = [
    [of('met'), 'met'],
    [of('unmet'), 'unmet'],
    [of('inconclusive'), 'inconclusive'],
    [cells.length - counted.length, 'insecure on purpose'],
    [pairs.filter(({ outcome }) => outcome !== 'met').length, 'of its pairs open'],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  const message = told.length === 0 ? 'nothing run' : told.join(', ');
  return { label, message, outcome: matrixOutcome(cells, pairs) };
}

/** A pair counts where one of its sides stands, so that a broker is not blamed for another. */
function pairsOf(
  cells: readonly CellResult[],
  pairs: readonly PairResult[],
): readonly PairResult[] {
  const here = new Set(cells.map((cell) => JSON.stringify([cell.broker, cell.scenario])));
  return pairs.filter(({ secure, insecure }) =>
    [secure, insecure].some((side) => here.has(JSON.stringify([side.broker, side.scenario]))),
  );
}

const NAME_LENGTH_MAX = 100;

/** `mosquitto--session-theft`; a name that is not ours is changed and gets a digest, to stay unique. */
function named(parts: readonly string[], one: Badge): NamedBadge {
  const wanted = parts.map((part) => part.replace(':', '.')).join('--');
  if (parts.every(isPlain) && wanted.length <= NAME_LENGTH_MAX) return { file: wanted, badge: one };
  const safe = wanted.replace(/[^a-z0-9-]+/g, '-').slice(0, NAME_LENGTH_MAX);
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
  return { file: `${safe}.${digest}`, badge: one };
}

/** As brokers, scenarios and variants of ours are named; the whole matrix has a name of its own. */
function isPlain(part: string): boolean {
  return /^[a-z0-9]+(-[a-z0-9]+)*(:[a-z0-9]+(-[a-z0-9]+)*)?$/.test(part) && part !== 'matrix';
}

function page(result: MatrixResult, whole: NamedBadge, brokers: readonly BrokerBadges[]): string {
  const rows = brokers.flatMap(({ broker, all, scenarios }) => [
    [code(broker), 'all', image(all)],
    ...scenarios.map((one) => [code(broker), code(one.scenario), image(one)]),
  ]);
  return [
    `# Matrix ${code(result.name)}`,
    '',
    image(whole),
    '',
    ...(rows.length === 0
      ? ['Nothing was run.']
      : markdownTable(['Broker', 'Scenario', 'Result'], rows)),
    '',
  ].join('\n');
}

function image({ file, badge: { label, message } }: NamedBadge): string {
  return `![${text(`${label}: ${message}`, 150)}](./${file}.svg)`;
}
