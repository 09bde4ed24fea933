/** Lines of text under a label at the left, as everything for a terminal is laid out. */
import { type Style, wrap } from './style.ts';

const LABEL_WIDTH = 14;

/** Broken to the terminal's width; a label that is too wide stands on a line of its own. */
export function field(label: string, texts: readonly string[], style: Style): readonly string[] {
  const width = style.width - LABEL_WIDTH - 4;
  const lines = texts.flatMap((text, index) =>
    wrap(text, width).map((line, part) => {
      const shown = index === 0 && part === 0 && label.length < LABEL_WIDTH ? label : '';
      return `  ${shown.padEnd(LABEL_WIDTH)}${part > 0 ? '  ' : ''}${line}`;
    }),
  );
  return label.length < LABEL_WIDTH || lines.length === 0 ? lines : [`  ${label}`, ...lines];
}
