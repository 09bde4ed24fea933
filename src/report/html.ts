/** HTML text: what is markup is escaped, what can't be shown becomes a visible escape. Pure. */
import { printable } from '../core/text.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text from outside for an element or a quoted attribute; cut at `lengthMax`. */
export function htmlText(text: string, lengthMax = 4000): string {
  return printable(text, lengthMax).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
