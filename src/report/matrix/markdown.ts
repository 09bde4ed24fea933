/**
 * A matrix as Markdown for a pull request: changes first, then a table for each broker in which
 * every place that is not met leads to its reason. Texts from outside are made inert.
 */
import { printable } from '../../core/text.ts';
import { cellId } from '../../matrix/cell.ts';
import { excusedCells } from '../../matrix/pair.ts';
import type { MatrixResult } from '../../matrix/result.ts';
import type { Outcome } from '../../verdict/outcome.ts';
import {
  markdownCode as code,
  markdownTable,
  markdownText as text,
} from '../exports/markdown-text.ts';
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
} from './grid.ts';

/** A comment on GitHub holds 65,536 characters; these leave room for the tables. */
const REASONS_LENGTH_MAX = { unmet: 24_000, inconclusive: 8_000, met: 0 } as const;

export function renderMatrixMarkdown(result: MatrixResult): string {
  const { outcome, words } = headline(result);
  const counts = countSentence(countOutcomes(result.cells));
  return [
    `## Matrix ${code(result.name)}: ${OUTCOME_MARKS[outcome]} ${words}`,
    '',
    `${counts}${result.interrupted ? '; it was interrupted' : ''}.`,
    '',
    ...changes(result),
    ...pairs(result),
    ...brokerGrids(result.cells).flatMap((grid) => gridSection(grid, result)),
    `${OUTCOME_MARKS.met} met, ${OUTCOME_MARKS.unmet} unmet, ${OUTCOME_MARKS.inconclusive} inconclusive, · not part of it`,
    '',
    ...reasons(result, 'unmet'),
    ...reasons(result, 'inconclusive'),
    ...asBefore(result),
    ...result.notes.map((note) => `- ${text(note, 500)}`),
    '',
    `Evidence: ${code(result.folder, 500)}`,
    '',
  ].join('\n');
}

function asBefore(result: MatrixResult): readonly string[] {
  const { rest } = tellingCells(result);
  return rest === 0 ? [] : [`${rest} more not met, as in the baseline; matrix.json says why.`, ''];
}

function changes({ comparison }: MatrixResult): readonly string[] {
  if (comparison === undefined) return [];
  const lines = toldChanges(comparison.changes).map(({ sentence }) => `- ${text(sentence, 1000)}`);
  return [
    `### Changes since ${code(comparison.baseline, 300)}`,
    '',
    ...(lines.length === 0 ? ['None.'] : lines),
    ...comparison.notes.map((note) => `- note: ${text(note, 500)}`),
    '',
  ];
}

function pairs(result: MatrixResult): readonly string[] {
  if (result.pairs.length === 0) return [];
  const rows = result.pairs.map(({ requirement, title, secure, insecure, outcome, because }) => [
    text(requirement),
    text(title),
    code(`${secure.broker}/${secure.configuration}`),
    code(`${insecure.broker}/${insecure.configuration}`),
    `${OUTCOME_MARKS[outcome]} ${outcome === 'met' ? 'holds' : text(because)}`,
  ]);
  return [
    '### Pairs',
    '',
    ...markdownTable(['ID', 'Requirement', 'Secure', 'Insecure', 'Differs'], rows),
    '',
  ];
}

function gridSection(grid: BrokerGrid, { brokers }: MatrixResult): readonly string[] {
  const { broker, configurations, scenarios, versions } = grid;
  const version = Object.hasOwn(brokers, broker) ? brokers[broker] : undefined;
  const rows = configurations.flatMap((configuration) =>
    versions.map((one) => [
      code(configuration),
      one,
      ...scenarios.map((scenario) => {
        const outcome = grid.cell(scenario, configuration, one)?.outcome;
        return outcome === undefined ? '·' : OUTCOME_MARKS[outcome];
      }),
    ]),
  );
  return [
    `### ${text(version ?? broker)}`,
    '',
    ...markdownTable(['Configuration', 'MQTT', ...scenarios.map((name) => code(name))], rows),
    '',
  ];
}

function reasons(result: MatrixResult, outcome: Outcome): readonly string[] {
  const told = toldCells(tellingCells(result).telling, outcome);
  if (told.length === 0) return [];
  const excused = excusedCells(result.pairs);
  const shown: string[] = [];
  let length = 0;
  for (const one of told) {
    const lines = reason(
      one,
      one.cells.every((cell) => excused.has(cellId(cell))),
    ).join('\n');
    length += lines.length + 1;
    if (length > REASONS_LENGTH_MAX[outcome]) break;
    shown.push(lines);
  }
  const rest = told.length - shown.length;
  return [
    `<details><summary>${OUTCOME_MARKS[outcome]} ${outcome}, and why (${told.length})</summary>`,
    '',
    ...shown,
    ...(rest > 0 ? [`- … and ${rest} more in matrix.json`] : []),
    '',
    '</details>',
    '',
  ];
}

function reason({ cell, label }: ToldCell, excused: boolean): readonly string[] {
  const { broker, configuration, because, folder, reproduce } = cell;
  const risks = cellRisks(cell).map((risk) => `${text(risk, 500)}; `);
  const purpose = excused ? ', insecure on purpose' : '';
  return [
    `- ${code(`${broker}/${configuration}`)} ${text(label)}${purpose}: ` +
      `${risks.join('')}${text(because, 500)}  `,
    `  ${folder === undefined ? '' : `evidence ${code(folder, 300)}, `}again: ${code(printable(reproduce, 500), 500)}`,
  ];
}
