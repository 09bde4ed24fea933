/** XML 1.0 text: what is markup is escaped, what XML forbids becomes a visible escape. Pure. */
import { printable } from '../core/text.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';

/** Text from outside for an element or a quoted attribute (XML 1.0 §2.2, §2.4); cut at 4,000. */
export function xmlText(text: string): string {
  return printable(text, 4000).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
