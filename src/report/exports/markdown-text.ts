/**
 * Text from outside made inert in GitHub-flavoured Markdown, also inside a table: no markup, HTML,
 * link, mention, reference or new cell comes of it. Pure.
 */
import { printable } from '../../core/text.ts';

/**
 * A code span. Pipe and backtick become visible escapes like those of {@link printable}, so that no
 * parser can disagree on where the cell or the span ends; inside a span all else is inert.
 */
export function markdownCode(text: string, lengthMax = 80): string {
  const safe = printable(text, lengthMax).replaceAll('|', '\\x7c').replaceAll('`', '\\x60');
  return `\`${safe === '' ? '(empty)' : safe.trim() === '' ? '(blank)' : safe}\``;
}

const MARKUP = /[\\`*_{}[\]#+!|<>~&$]/g;

/** Prose. A zero-width space keeps GitHub from linking, and a text from being an item of a list. */
export function markdownText(text: string, lengthMax = 300): string {
  return printable(text, lengthMax)
    .replace(MARKUP, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/@|&#35;|:(?=\/\/)|\bwww(?=\.)|\bGH(?=-)/gi, '$&&#8203;')
    .replace(/^(?=[-=]|\d+[.)])/, '&#8203;');
}

/** A table; cells are Markdown already. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
