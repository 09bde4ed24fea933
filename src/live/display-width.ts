/**
 * How many columns text takes on a terminal, never too few: a line that is measured here fits.
 * East Asian wide characters and emoji take two, marks that combine none (Unicode UAX #11).
 */

const NONE = /^[\p{Mn}\p{Me}]$/u;
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}]$|^\p{Emoji_Presentation}$/u;
const ASCII = /^[\x20-\x7e]*$/;
/** Asks that the character before it be shown as a picture, which is wider. */
const PICTURE_SELECTOR = '\ufe0f';

export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

/** At most `columns` wide; what was cut ends in `mark`. */
export function fitTo(text: string, columns: number, mark = '…'): string {
  if (displayWidth(text) <= columns) return text;
  const room = columns - displayWidth(mark);
  if (room < 0) return '';
  let [kept, width] = ['', 0];
  for (const character of text) {
    width += widthOf(character);
    if (width > room) break;
    kept += character;
  }
  return `${kept}${mark}`;
}

function widthOf(character: string): number {
  if (character === PICTURE_SELECTOR) return 1;
  if (NONE.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
