/** Text and URIs from outside, made fit for SARIF (2.1.0 §3.11, §3.4). Pure. */
import { isAbsolute, normalize, relative } from 'node:path';
import { printable } from '../../core/text.ts';

/**
 * A plain text message: braces are doubled, for single ones are placeholders (§3.11.5), and what
 * would make an embedded link is taken apart (§3.11.6).
 */
export function sarifMessage(text: string): { readonly text: string } {
  const safe = printable(text, 2000).replace(/[{}]/g, '$&$&').replaceAll('](', ']\\x28');
  return { text: safe === '' ? '(empty)' : safe };
}

/** A relative reference to a file (RFC 3986 §4.2): from `base`, else as it was given. */
export function relativeUri(file: string, base: string | undefined): string {
  const inside = isAbsolute(file)
    ? base === undefined
      ? file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1)
      : relative(base, file)
    : normalize(file);
  return inside
    .replaceAll('\\', '/')
    .split('/')
    .map((segment) => encodeURIComponent(segment.replace(/\p{Cs}/gu, '\uFFFD')))
    .join('/');
}
