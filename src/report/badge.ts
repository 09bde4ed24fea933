/**
 * A badge: a label and a message, as an SVG image and as the JSON of a shields.io endpoint. The same
 * input gives the same bytes. The word says what the colour says. Pure.
 */
import { printable } from '../core/text.ts';
import type { Outcome } from '../verdict/outcome.ts';
import { textWidth } from './badge-widths.ts';
import { xmlText } from './xml.ts';

export interface Badge {
  readonly label: string;
  readonly message: string;
  readonly outcome: Outcome;
}

/** White on each has a contrast of 5 or more (WCAG 2.2 §1.4.3 asks for 4.5). */
const COLOURS = {
  met: '#1a7f37',
  unmet: '#cf222e',
  inconclusive: '#8a5a00',
} as const satisfies Record<Outcome, string>;
const LABEL_COLOUR = '#444c56';

const FONT_SIZE = 11;
const HEIGHT = 20;
const PADDING = 6;
const LABEL_LENGTH_MAX = 60;
const MESSAGE_LENGTH_MAX = 60;

/** The image. Text is stretched to its measured width, so that another font does not break it. */
export function renderBadgeSvg(badge: Badge): string {
  const label = printable(badge.label, LABEL_LENGTH_MAX);
  const message = printable(badge.message, MESSAGE_LENGTH_MAX);
  const [left, right] = [textWidth(label, FONT_SIZE), textWidth(message, FONT_SIZE)];
  const split = round(left + 2 * PADDING);
  const width = round(split + right + 2 * PADDING);
  const title = xmlText(`${label}: ${message}`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${HEIGHT}" viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${HEIGHT}" rx="3" fill="${COLOURS[badge.outcome]}"/>`,
    `<path d="M${split} 0v${HEIGHT}H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="${LABEL_COLOUR}"/>`,
    `<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="${FONT_SIZE}" aria-hidden="true">`,
    svgText(label, PADDING, left),
    svgText(message, round(split + PADDING), right),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function svgText(text: string, x: number, width: number): string {
  const fit = width > 0 ? ` textLength="${width}" lengthAdjust="spacingAndGlyphs"` : '';
  return `<text x="${x}" y="14"${fit}>${xmlText(text)}</text>`;
}

/** What https://shields.io/badges/endpoint-badge reads; `isError` keeps the colour as it is. */
export function renderBadgeJson({ label, message, outcome }: Badge): string {
  const shown = {
    schemaVersion: 1,
    label: printable(label, LABEL_LENGTH_MAX),
    message: printable(message, MESSAGE_LENGTH_MAX),
    color: COLOURS[outcome],
    ...(outcome === 'met' ? {} : { isError: true }),
  };
  return `${JSON.stringify(shown, null, 2)}\n`;
}

function round(px: number): number {
  return Math.round(px * 10) / 10;
}
