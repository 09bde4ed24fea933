/** An act of a demonstration: a title, a few plain sentences, and what was seen. Pure. */
import { printable } from '../../core/text.ts';
import { field } from '../field.ts';
import { type Style, wrap } from '../style.ts';

export type Paragraph =
  | { readonly kind: 'words'; readonly text: string }
  /** What was said elsewhere, word for word, under a label. */
  | { readonly kind: 'quote'; readonly label: string; readonly text: string }
  | { readonly kind: 'facts'; readonly label: string; readonly texts: readonly string[] }
  /** Paths and commands, which are never broken, so that they can be copied. */
  | { readonly kind: 'copy'; readonly label: string; readonly texts: readonly string[] };

export interface Act {
  readonly title: string;
  readonly paragraphs: readonly Paragraph[];
}

/** Lines beyond it are tiring to read from a distance. */
const WIDTH_MAX = 88;
const QUOTE_LABEL_WIDTH = 30;
/** Below it a quote stands under its label. */
const NARROW = 76;
const TEXT_LENGTH_MAX = 1_000;
const COPY_LENGTH_MAX = 10_000;

export function words(text: string): Paragraph {
  return { kind: 'words', text };
}

export function facts(label: string, texts: readonly string[]): Paragraph {
  return { kind: 'facts', label, texts };
}

/** Paths and commands, each on a line of its own. */
export function copy(label: string, texts: readonly string[]): Paragraph {
  return { kind: 'copy', label, texts };
}

/** The title of an act, with its number in the demonstration. */
export function renderTitle(title: string, number: number, style: Style): string {
  const text = printable(`${number}  ${title}`, TEXT_LENGTH_MAX);
  const lines = wrap(text, widthOf(style));
  const rule = '─'.repeat(Math.min(widthOf(style), Math.max(...lines.map((line) => line.length))));
  return ['', ...lines.map((line) => style.bold(style.cyan(line))), style.cyan(rule), ''].join(
    '\n',
  );
}

/** One paragraph, broken to the terminal's width; every line ends with a line feed. */
export function renderParagraph(paragraph: Paragraph, style: Style): string {
  return `${linesOf(paragraph, { ...style, width: widthOf(style) }).join('\n')}\n`;
}

function linesOf(paragraph: Paragraph, style: Style): readonly string[] {
  switch (paragraph.kind) {
    case 'words':
      return paragraph.text === ''
        ? ['']
        : [...wrap(printable(paragraph.text, TEXT_LENGTH_MAX), style.width), ''];
    case 'facts': {
      const texts = paragraph.texts.map((text) => printable(text, TEXT_LENGTH_MAX));
      return field(printable(paragraph.label), texts, style);
    }
    case 'copy':
      return [
        `  ${printable(paragraph.label)}`,
        ...paragraph.texts.map((text) => `    ${printable(text, COPY_LENGTH_MAX)}`),
      ];
    case 'quote':
      return quoteLines(paragraph.label, paragraph.text, style);
  }
}

function quoteLines(label: string, text: string, style: Style): readonly string[] {
  const head = printable(label).padEnd(QUOTE_LABEL_WIDTH);
  const body = printable(text, TEXT_LENGTH_MAX);
  if (style.width < NARROW) {
    const lines = wrap(body, style.width - 6).map((line) => `      ${line}`);
    return [`  ${style.bold(head.trimEnd())}`, ...lines];
  }
  return wrap(body, style.width - QUOTE_LABEL_WIDTH - 3).map((line, index) =>
    index === 0 ? `  ${style.bold(head)} ${line}` : `  ${' '.repeat(QUOTE_LABEL_WIDTH)} ${line}`,
  );
}

function widthOf({ width }: Style): number {
  return Math.min(width, WIDTH_MAX);
}
