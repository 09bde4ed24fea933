/** The words of whatever was thrown, for a sentence. */
import { printable } from '../core/text.ts';

export function errorWords(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error), 300);
}
