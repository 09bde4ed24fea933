/** Small pieces of the page's HTML that several sections share. Text from outside is escaped. Pure. */
import { htmlText as text } from '../report/html.ts';
import type { Outcome } from '../verdict/outcome.ts';

/** A mark and a word: colour never says it alone. */
const OUTCOMES: Readonly<Record<Outcome, { readonly mark: string; readonly word: string }>> = {
  met: { mark: '✔', word: 'met' },
  unmet: { mark: '✖', word: 'unmet' },
  inconclusive: { mark: '?', word: 'inconclusive' },
};

export function outcomeBadge(outcome: Outcome): string {
  const { mark, word } = OUTCOMES[outcome];
  return `<span class="badge ${outcome}"><span aria-hidden="true">${mark}</span> ${word}</span>`;
}

export function section(id: string, title: string, content: readonly string[]): readonly string[] {
  return [
    `<section id="${id}" aria-labelledby="${id}-title">`,
    `<h2 id="${id}-title">${text(title)}</h2>`,
    ...content,
    '</section>',
  ];
}

export function list(sentences: readonly string[], className = ''): readonly string[] {
  if (sentences.length === 0) return [];
  const attribute = className === '' ? '' : ` class="${className}"`;
  return [`<ul${attribute}>`, ...sentences.map((one) => `<li>${text(one)}</li>`), '</ul>'];
}

/** A table that scrolls sideways when it has no room; `rows` hold HTML, the first cell names them. */
export function dataTable(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  return [
    `<div class="scroll" tabindex="0" role="region" aria-label="Table: ${text(caption)}"><table>`,
    `<caption class="visually-hidden">${text(caption)}</caption>`,
    `<thead><tr>${head.map((one) => `<th scope="col">${one}</th>`).join('')}</tr></thead><tbody>`,
    ...rows.map(
      ([name = '', ...cells]) =>
        `<tr><th scope="row">${name}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`,
    ),
    '</tbody></table></div>',
  ];
}

export function number(value: number, digits = 1): string {
  return Number(value.toFixed(digits)).toLocaleString('en-US');
}
