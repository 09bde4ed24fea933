/**
 * A matrix for terminals: for each broker a grid, then what is not met and why, the pairs and the
 * changes. Marks stand beside words, colour never carries meaning alone.
 */
import { printable } from '../../core/text.ts';
import { formatDuration } from '../../core/time.ts';
import { cellId, configurationName } from '../../matrix/cell.ts';
import { excusedCells } from '../../matrix/pair.ts';
import type { MatrixResult } from '../../matrix/result.ts';
import type { Outcome } from '../../verdict/outcome.ts';
import { type Style, wrap } from '../style.ts';
import {
  type BrokerGrid,
  brokerGrids,
  cellRisks,
  countOutcomes,
  countSentence,
  headline,
  OUTCOME_MARKS,
  type ToldCell,
  tellingCells,
  toldCells,
  toldChanges,
  versionWords,
} from './grid.ts';

/** Names longer than this are cut in the grid; the lists have them whole. */
const LABEL_WIDTH_MAX = 40;

export function renderMatrix(result: MatrixResult, style: Style): string {
  return [
    style.bold(`Matrix ${printable(result.name)}`),
    ...brokerGrids(result.cells).flatMap((grid) => gridLines(grid, result, style)),
    `  ${OUTCOME_MARKS.met} met  ${OUTCOME_MARKS.unmet} unmet  ${OUTCOME_MARKS.inconclusive} inconclusive  · not part of it`,
    '',
    ...notMet(result, 'unmet', style),
    ...notMet(result, 'inconclusive', style),
    ...asBefore(result, style),
    ...pairLines(result, style),
    ...changeLines(result, style),
    ...result.notes.flatMap((note) => field('note', note, style).map(style.dim)),
    ...summary(result, style),
    '',
  ].join('\n');
}

/**
 * Names of configurations as a staircase that comes down from the right, so that each ends above
 * its column and none needs a legend.
 */
function gridLines(grid: BrokerGrid, { brokers }: MatrixResult, style: Style): readonly string[] {
  const { broker, versions, scenarios } = grid;
  const version = Object.hasOwn(brokers, broker) ? brokers[broker] : undefined;
  const title = printable(version ?? broker);
  const lengths = (names: readonly string[]) => names.map((name) => printable(name).length);
  const labelWidth = Math.min(
    LABEL_WIDTH_MAX,
    // The name above the first column needs the room of the labels.
    Math.max(...lengths(scenarios), ...lengths(grid.configurations).map((length) => length - 2)),
  );
  const columnWidth = versions.length + 1;
  const columnsMax = Math.max(1, Math.floor((style.width - labelWidth - 4) / columnWidth));
  const lines = ['', `${style.bold(title)}  ${style.dim(`a column is ${versionWords(versions)}`)}`];
  for (let first = 0; first < grid.configurations.length; first += columnsMax) {
    const columns = grid.configurations.slice(first, first + columnsMax);
    lines.push(...staircase(columns, labelWidth, columnWidth, style));
    for (const scenario of scenarios) {
      const marks = columns.map((configuration) =>
        versions
          .map((one) => mark(grid.cell(scenario, configuration, one)?.outcome, style))
          .join(''),
      );
      if (marks.every((one) => !/[✔✖?]/.test(one))) continue;
      const label = printable(scenario, labelWidth).padEnd(labelWidth);
      lines.push(`  ${label}  ${marks.join(' ')}`);
    }
    lines.push('');
  }
  return lines;
}

function staircase(
  columns: readonly string[],
  labelWidth: number,
  columnWidth: number,
  style: Style,
): readonly string[] {
  const start = labelWidth + 4;
  return columns
    .map((name, index) => {
      const at = start + index * columnWidth;
      const shown = printable(name, Math.max(1, at - 2));
      const bars = Array.from(
        { length: columns.length - index - 1 },
        () => `${' '.repeat(columnWidth - 1)}│`,
      );
      return style.dim(`${shown.padStart(at - 1)} ┐${bars.join('')}`);
    })
    .reverse();
}

function mark(outcome: Outcome | undefined, style: Style): string {
  return outcome === undefined ? style.dim('·') : painter(outcome, style)(OUTCOME_MARKS[outcome]);
}

function painter(outcome: Outcome, style: Style): (text: string) => string {
  return { met: style.green, unmet: style.red, inconclusive: style.yellow }[outcome];
}

/** One entry for each place that is not met, by configuration; what is unmet on purpose is marked. */
function notMet(result: MatrixResult, outcome: Outcome, style: Style): readonly string[] {
  const told = toldCells(tellingCells(result).telling, outcome);
  if (told.length === 0) return [];
  const excused = excusedCells(result.pairs);
  const title = outcome === 'unmet' ? 'Unmet, and why' : 'Inconclusive, and why';
  const lines = [style.bold(title)];
  let heading = '';
  for (const one of told) {
    const { cell } = one;
    const name = printable(`${cell.broker}/${cell.configuration}`);
    if (name !== heading) lines.push(`  ${style.cyan(name)}`);
    heading = name;
    lines.push(
      ...entry(
        one,
        one.cells.every((each) => excused.has(cellId(each))),
        style,
      ),
    );
  }
  return [...lines, ''];
}

function entry({ cell, label }: ToldCell, excused: boolean, style: Style): readonly string[] {
  const [risk, ...more] = cellRisks(cell);
  const means =
    risk === undefined
      ? ''
      : ` ${printable(risk, 500)}${more.length > 0 ? `, and ${more.length} more` : ''};`;
  const purpose = excused ? ' (insecure on purpose)' : '';
  const text =
    `${OUTCOME_MARKS[cell.outcome]} ${label}${purpose}:` +
    `${means} ${printable(cell.because, 500)}`;
  return wrap(text, style.width - 6).map((line, part) => `    ${part > 0 ? '  ' : ''}${line}`);
}

function asBefore(result: MatrixResult, style: Style): readonly string[] {
  const { rest } = tellingCells(result);
  if (rest === 0) return [];
  const cells = rest === 1 ? 'cell is' : 'cells are';
  const text = `${rest} more ${cells} not met, as in the baseline; matrix.json says why`;
  return [...wrap(text, style.width - 4).map((line) => style.dim(`  ${line}`)), ''];
}

function pairLines({ pairs }: MatrixResult, style: Style): readonly string[] {
  if (pairs.length === 0) return [];
  const lines = pairs.flatMap((pair) => {
    const { outcome, because, requirement, title, secure, insecure, versions } = pair;
    const word = { met: 'holds', unmet: 'does not hold', inconclusive: 'is open' }[outcome];
    const sides = `${configurationName(secure)} against ${configurationName(insecure)}`;
    const why = outcome === 'met' ? versionWords(versions) : because;
    const head = `${OUTCOME_MARKS[outcome]} ${printable(requirement)} ${word}: ${printable(title)}`;
    return [
      ...wrap(head, style.width - 4).map((line, part) =>
        part > 0 ? `      ${line}` : `  ${painter(outcome, style)(line)}`,
      ),
      ...wrap(printable(`${sides}, ${why}`, 700), style.width - 6).map((line) =>
        style.dim(`      ${line}`),
      ),
    ];
  });
  return [style.bold('Pairs of a secure and an insecure configuration'), ...lines, ''];
}

function changeLines({ comparison }: MatrixResult, style: Style): readonly string[] {
  if (comparison === undefined) return [];
  const { baseline, changes, notes } = comparison;
  const title = style.bold(`Changes since ${printable(baseline, 300)}`);
  const lines = toldChanges(changes).flatMap(({ kind, sentence }) => {
    const paint = kind === 'worse' ? style.red : kind === 'better' ? style.green : style.yellow;
    return wrap(printable(sentence, 1000), style.width - 6).map((line, part) =>
      paint(`  ${part > 0 ? '  ' : '• '}${line}`),
    );
  });
  return [
    title,
    ...(lines.length === 0 ? ['  none'] : lines),
    ...notes.flatMap((note) => field('note', note, style).map(style.dim)),
    '',
  ];
}

function summary(result: MatrixResult, style: Style): readonly string[] {
  const { cells, folder, startedAt, endedAt, interrupted } = result;
  const { outcome, words } = headline(result);
  const verdict = painter(outcome, style)(`${OUTCOME_MARKS[outcome]} ${words}`);
  const [example] = [...toldCells(cells, 'unmet'), ...toldCells(cells, 'inconclusive')];
  const counts = countSentence(countOutcomes(cells));
  const took = formatDuration(Math.max(1, Math.round((endedAt - startedAt) / 1000)) * 1000);
  const place = example?.cell.folder;
  const places = `${folder}/<broker>/<configuration>/<scenario>/mqtt-<version>`;
  const told = `${counts}, in ${took}${interrupted ? ', interrupted' : ''}`;
  const lines =
    words.length + told.length + 6 <= style.width
      ? [`  ${style.bold(verdict)}  ${told}`]
      : [`  ${style.bold(verdict)}`, ...wrap(told, style.width - 4).map((line) => `    ${line}`)];
  return [
    ...lines,
    ...field('evidence', place === undefined ? folder : places, style),
    ...(example === undefined ? [] : field('run one', example.cell.reproduce, style)),
  ];
}

function field(label: string, text: string, style: Style): readonly string[] {
  return wrap(printable(text, 1000), style.width - 14).map(
    (line, part) => `  ${(part === 0 ? label : '').padEnd(10)}${line}`,
  );
}
