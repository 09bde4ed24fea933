/** Colours and tables for terminals. Colour never carries meaning alone: the word stands beside it. */
import Table from 'cli-table3';
import picocolors from 'picocolors';
import type { Outcome } from '../verdict/outcome.ts';

export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
  /** Columns of the terminal. */
  readonly width: number;
}

export function terminalStyle(color: boolean, width = 100): Style {
  const { bold, dim, red, green, yellow, cyan } = picocolors.createColors(color);
  return { bold, dim, red, green, yellow, cyan, width: Math.max(60, Math.min(width, 160)) };
}

/** `✔ met`, `✖ unmet`, `? inconclusive`, with the colour for it. */
export function outcomeCell(outcome: Outcome, style: Style): Cell {
  switch (outcome) {
    case 'met':
      return [['✔ met', style.green]];
    case 'unmet':
      return [['✖ unmet', style.red]];
    case 'inconclusive':
      return [['? inconclusive', style.yellow]];
  }
}

export function outcomeMark(outcome: Outcome, style: Style): string {
  return renderCell(outcomeCell(outcome, style), Infinity);
}

/**
 * A table with a header. `shares` are the parts of the terminal's width that columns may take; text
 * is broken at spaces, and inside a word only where the word is wider than its column.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  style: Style,
  shares?: readonly number[],
): string {
  const made = new Table({
    head: head.map((text) => style.bold(text)),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    made.push(
      row.map((cell, column) => {
        const share = shares?.[column];
        // Two borders' worth of padding stand beside the text of a column.
        const width = share === undefined ? Infinity : Math.floor(share * style.width) - 3;
        return renderCell(cell, width);
      }),
    );
  }
  return made.toString();
}

/** Text, or paragraphs of text each with its colour. */
export type Cell = string | readonly Paragraph[];
type Paragraph = readonly [text: string, paint: (text: string) => string];

function renderCell(cell: Cell, width: number): string {
  const paragraphs: readonly Paragraph[] = typeof cell === 'string' ? [[cell, String]] : cell;
  return paragraphs
    .flatMap(([text, paint]) => wrap(text, width).map((line) => paint(line)))
    .join('\n');
}

/** Lines of at most `width` characters. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (joined.length <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (line.length > width) {
      const cut = breakPoint(line, width);
      lines.push(line.slice(0, cut));
      line = line.slice(cut);
    }
  }
  return [...lines, line];
}

/** Inside a long word: after a separator, as in `DUPLICATE_CLIENT_ID_`, else at the width. */
function breakPoint(word: string, width: number): number {
  const separator = Math.max(
    ...['_', '-', '/', '.'].map((mark) => word.lastIndexOf(mark, width - 1)),
  );
  return separator >= width / 2 ? separator + 1 : width;
}
