/**
 * How wide text is on a badge: DejaVu Sans, whose metrics are those of Verdana, which badges on the
 * web are set in. Measured once with Chromium's canvas at 1,000 px. Pure.
 */

/** Advance widths of U+0020 to U+007E in thousandths of the font size. */
const ASCII_WIDTHS: readonly number[] = [
  318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636,
  636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
  575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685,
  611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579,
  278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];
/** Anything else: as wide as the widest of them, which no letter of a broker's name exceeds by much. */
const OTHER_WIDTH = 1000;
const FIRST = 0x20;

/** Width in px at a font size in px, to a tenth. */
export function textWidth(text: string, fontSize: number): number {
  let thousandths = 0;
  for (const character of text) {
    thousandths += ASCII_WIDTHS[(character.codePointAt(0) ?? 0) - FIRST] ?? OTHER_WIDTH;
  }
  return Math.round((thousandths * fontSize) / 100) / 10;
}
