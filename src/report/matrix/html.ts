/**
 * A matrix as one self-contained page without script: a table for each broker, in which each place
 * is a link to its reason further down. Nothing is loaded, and all text from outside is escaped.
 */
import { type CellResult, cellId, configurationName } from '../../matrix/cell.ts';
import { excusedCells } from '../../matrix/pair.ts';
import type { MatrixResult } from '../../matrix/result.ts';
import type { Outcome } from '../../verdict/outcome.ts';
import { htmlText as text } from '../html.ts';
import {
  type BrokerGrid,
  brokerGrids,
  cellRisks,
  countOutcomes,
  countSentence,
  groupBy,
  headline,
  OUTCOME_MARKS,
  toldChanges,
  versionWords,
} from './grid.ts';
import { POLICY, STYLE } from './html-style.ts';

/** The whole page. */
export function renderMatrixHtml(result: MatrixResult): string {
  const anchors = new Map(result.cells.map((cell, index) => [cellId(cell), `cell-${index + 1}`]));
  const verdict = headline(result);
  const title = `Matrix ${text(result.name, 200)}`;
  const ended = new Date(result.endedAt).toISOString().replace(/\.\d+Z$/, 'Z');
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${title}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    '<main>',
    `<h1>${title} ${badge(verdict.outcome, verdict.words)}</h1>`,
    `<p>${countSentence(countOutcomes(result.cells))}${result.interrupted ? '; it was interrupted' : ''}. Ended ${ended}, doppelfleet ${text(result.toolVersion)}, evidence in <code>${text(result.folder)}</code>.</p>`,
    ...contents(result),
    ...changes(result),
    ...pairs(result, anchors),
    ...brokerGrids(result.cells).flatMap((grid, index) =>
      table(grid, { id: `broker-${index + 1}`, title: titleOf(grid.broker, result) }, anchors),
    ),
    ...reasons(result, anchors),
    ...list('Notes', 'notes', result.notes),
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

type Anchors = ReadonlyMap<string, string>;

/** Many hundred links come before the last reasons: a way past them. */
function contents(result: MatrixResult): readonly string[] {
  const parts = [
    ...(result.pairs.length === 0 ? [] : [['pairs', 'Pairs'] as const]),
    ...brokerGrids(result.cells).map(
      ({ broker }, index) => [`broker-${index + 1}`, titleOf(broker, result)] as const,
    ),
    ['reasons', 'Reasons'] as const,
  ];
  const links = parts.map(([id, title]) => `<a href="#${id}">${text(title, 100)}</a>`);
  return [`<nav aria-label="Parts of this page">${links.join(' ')}</nav>`];
}

function titleOf(broker: string, { brokers }: MatrixResult): string {
  return (Object.hasOwn(brokers, broker) ? brokers[broker] : undefined) ?? broker;
}

function changes({ comparison }: MatrixResult): readonly string[] {
  if (comparison === undefined) return [];
  const sentences = toldChanges(comparison.changes).map(({ sentence }) => sentence);
  const title = `Changes since ${comparison.baseline}`;
  return [
    ...(sentences.length === 0
      ? [`<h2>${text(title)}</h2>`, '<p>None.</p>']
      : list(title, 'changes', sentences)),
    ...comparison.notes.map((note) => `<p>${text(note)}</p>`),
  ];
}

function pairs(result: MatrixResult, anchors: Anchors): readonly string[] {
  if (result.pairs.length === 0) return [];
  const rows = result.pairs.map((pair) => {
    const { requirement, title, secure, insecure, results, outcome, because } = pair;
    const side = (of: typeof secure) => {
      const links = results.map(({ mqttVersion }) => {
        const anchor = anchors.get(cellId({ ...of, mqttVersion }));
        const label = `MQTT ${mqttVersion}`;
        return anchor === undefined ? label : `<a href="#${anchor}">${label}</a>`;
      });
      return `<code>${text(configurationName(of))}</code> ${links.join(', ')}`;
    };
    const word = { met: 'holds', unmet: 'does not hold', inconclusive: 'open' }[outcome];
    return `<tr><th scope="row">${text(requirement)}</th><td>${text(title)}</td><td>${side(secure)}</td><td>${side(insecure)}</td><td class="${outcome}">${OUTCOME_MARKS[outcome]} ${word}</td><td>${text(because)}</td></tr>`;
  });
  const head = ['ID', 'Requirement', 'Secure', 'Insecure', 'Differs', 'Because'];
  return [
    '<h2 id="pairs">Pairs</h2>',
    '<p>A pair holds if its secure side is met and its insecure side is not.</p>',
    `${scroll('Pairs')}<table class="pairs">`,
    `<thead><tr>${head.map((one) => `<th scope="col">${one}</th>`).join('')}</tr></thead>`,
    `<tbody>${rows.join('\n')}</tbody>`,
    '</table></div>',
  ];
}

/** What is wider than the page scrolls by itself, by keyboard as well. */
function scroll(title: string): string {
  return `<div class="scroll" role="region" aria-label="${text(title, 100)}" tabindex="0">`;
}

function table(
  grid: BrokerGrid,
  { id, title }: { readonly id: string; readonly title: string },
  anchors: Anchors,
): readonly string[] {
  const { configurations, scenarios, versions } = grid;
  const heads = configurations.map(
    (name) => `<th scope="col"><span>${text(name, 100)}</span></th>`,
  );
  const rows = scenarios.map((scenario) => {
    const places = configurations.map((configuration) => {
      const links = versions.map((one) =>
        link(grid.cell(scenario, configuration, one), anchors, `MQTT ${one}`),
      );
      return `<td>${links.join('')}</td>`;
    });
    return `<tr><th scope="row">${text(scenario, 100)}</th>${places.join('')}</tr>`;
  });
  return [
    `<h2 id="${id}">${text(title)}</h2>`,
    `<p>Scenarios on configurations, in each place ${versionWords(versions)}: ✔ met, ✖ unmet, ? inconclusive, · not part of it.</p>`,
    `${scroll(title)}<table class="grid">`,
    `<thead><tr><th scope="col">Scenario</th>${heads.join('')}</tr></thead>`,
    `<tbody>${rows.join('\n')}</tbody>`,
    '</table></div>',
  ];
}

function link(cell: CellResult | undefined, anchors: Anchors, version: string): string {
  if (cell === undefined) return `<span title="${version}: not part of it">·</span>`;
  const { outcome, because } = cell;
  const label = `${version}: ${outcome}, ${because}`;
  return `<a class="${outcome}" href="#${anchors.get(cellId(cell)) ?? ''}" title="${text(label, 300)}" aria-label="${text(`${version}: ${outcome}`)}">${OUTCOME_MARKS[outcome]}</a>`;
}

function reasons(result: MatrixResult, anchors: Anchors): readonly string[] {
  const excused = excusedCells(result.pairs);
  return [
    '<h2 id="reasons">Reasons</h2>',
    ...[...groupBy(result.cells, configurationName)].flatMap(([name, cells]) => [
      `<h3>${text(name)}</h3>`,
      ...cells.map((cell) => {
        const id = cellId(cell);
        return article(cell, anchors.get(id) ?? '', excused.has(id));
      }),
    ]),
  ];
}

function article(cell: CellResult, anchor: string, excused: boolean): string {
  const { scenario, mqttVersion, outcome, because, folder, reproduce, expectations } = cell;
  const told = new Set(expectations.map((one) => `${one.text}: ${one.because}`));
  const rows: (readonly [string, string])[] = [
    ...(told.has(because) ? [] : [['because', text(because)] as const]),
    ...cellRisks(cell).map((risk) => ['risk', text(risk)] as const),
    ...expectations.map(
      (one) =>
        [
          `<span class="${one.outcome}">${OUTCOME_MARKS[one.outcome]}</span> ${one.outcome}`,
          `${text(one.text)}: ${text(one.because)}`,
        ] as const,
    ),
    ...(folder === undefined ? [] : [['evidence', `<code>${text(folder)}</code>`] as const]),
    ['again', `<code>${text(reproduce)}</code>`],
  ];
  const purpose = excused ? ' insecure on purpose' : '';
  return [
    `<article id="${anchor}"><strong>${text(scenario)}, ${versionWords([mqttVersion])}</strong> ${badge(outcome)}${purpose}`,
    `<dl>${rows.map(([term, told]) => `<dt>${term}</dt><dd>${told}</dd>`).join('')}</dl></article>`,
  ].join('\n');
}

function badge(outcome: Outcome, words: string = outcome): string {
  return `<span class="badge ${outcome}">${OUTCOME_MARKS[outcome]} ${words}</span>`;
}

function list(title: string, name: string, items: readonly string[]): readonly string[] {
  if (items.length === 0) return [];
  return [
    `<h2>${text(title)}</h2>`,
    `<ul class="${name}">`,
    ...items.map((item) => `<li>${text(item)}</li>`),
    '</ul>',
  ];
}
