/**
 * Markdown within a limit: a text is made of whole blocks, and a table of whole rows, so that what
 * is cut never leaves a table or a fold open. What is left out is counted and said. Pure.
 */
import { plural } from '../core/text.ts';
import { markdownTable } from './exports/markdown-text.ts';

/** A piece that is shown whole or not at all. */
export interface MarkdownBlock {
  readonly lines: readonly string[];
  /** 0 is kept before 1: what a reader misses least goes first. Default 1. */
  readonly rank?: number;
}

/** The blocks that fit, in their order, and a sentence on the others; at most `lengthMax` long. */
export function fitBlocks(
  blocks: readonly MarkdownBlock[],
  lengthMax: number,
  where: string,
): string {
  const texts = blocks.map(({ lines }) => `${lines.join('\n')}\n`);
  const room = lengthMax - leftOut(blocks.length, where).length;
  const kept = new Set<number>();
  let length = 0;
  const byRank = blocks.map((block, index) => ({ rank: block.rank ?? 1, index }));
  for (const { index } of byRank.sort((a, b) => a.rank - b.rank || a.index - b.index)) {
    const more = texts[index]?.length ?? 0;
    if (length + more > room) continue;
    length += more;
    kept.add(index);
  }
  const rest = blocks.length - kept.size;
  const shown = texts.filter((_, index) => kept.has(index)).join('');
  return rest === 0 ? shown : `${shown}${leftOut(rest, where)}`;
}

function leftOut(count: number, where: string): string {
  return `\n${plural(count, 'part')} did not fit and ${count === 1 ? 'is' : 'are'} left out; ${where}.\n`;
}

/** A table of as many rows as fit, and a line that counts the others; nothing for no rows. */
export function boundedTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { lengthMax, noun }: { readonly lengthMax: number; readonly noun: string },
): readonly string[] {
  if (rows.length === 0) return [];
  let length = 0;
  const shown: (readonly string[])[] = [];
  for (const row of rows) {
    length += row.reduce((sum, cell) => sum + cell.length + 3, 2);
    if (length > lengthMax) break;
    shown.push(row);
  }
  const rest = rows.length - shown.length;
  return [
    ...(shown.length === 0 ? [] : markdownTable(head, shown)),
    ...(rest === 0 ? [] : ['', `… and ${plural(rest, `more ${noun}`)}.`]),
    '',
  ];
}

/** Lines that are folded away; the summary is Markdown text already. */
export function folded(summary: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  return [`<details><summary>${summary}</summary>`, '', ...lines, '', '</details>', ''];
}
