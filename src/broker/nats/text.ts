/**
 * Places in a NATS configuration, whose syntax is free (`tls {`, `tls: {`, `tls = {`, all on one line
 * or not): blocks and keys are found by their offsets, so that the rest of the text stays. Pure.
 */

/** A block's body, from behind its `{` to before its `}`. */
export interface Block {
  readonly start: number;
  readonly end: number;
}

/** The text with strings and comments blanked out, offset by offset. */
export function masked(text: string): string {
  return text.replace(
    /"(?:[^"\\]|\\.)*"|'[^']*'|(?<![^\s,;{}[\]"'])(?:#|\/\/)[^\n\r]*|\{\{[^{}\n]*\}\}/gs,
    (part) => part.replace(/[^\n]/g, '_'),
  );
}

/** Block `name`, directly in `within` (in the whole file by default). */
export function findBlock(text: string, name: string, within?: Block): Block | undefined {
  const mask = masked(text);
  const { start, end } = within ?? { start: 0, end: mask.length };
  const opening = new RegExp(`(?<![\\w.$-])${name}\\s*[:=]?\\s*\\{`, 'gi');
  for (const match of mask.slice(start, end).matchAll(opening)) {
    const at = start + match.index;
    if (depthOf(mask.slice(start, at)) !== 0) continue;
    const from = at + match[0].length;
    return { start: from, end: closing(mask, from) };
  }
  return undefined;
}

/** `key: value` directly in a block, or in the whole file: its value is replaced, or a line added. */
export function setValue(
  text: string,
  key: string,
  value: string,
  { within, ifMissing = false }: { readonly within?: Block; readonly ifMissing?: boolean } = {},
): string {
  const mask = masked(text);
  const { start, end } = within ?? { start: 0, end: mask.length };
  const written = new RegExp(`(?<![\\w.$-])${key}(?:\\s*[:=]\\s*|[ \\t]+)([^\\s,;{}\\]]+)`, 'gi');
  const found = [...mask.slice(start, end).matchAll(written)].filter(
    ({ index }) => depthOf(mask.slice(start, start + index)) === 0,
  );
  // Of several the last counts.
  const last = found.at(-1);
  if (last !== undefined) {
    if (ifMissing) return text;
    const to = start + last.index + last[0].length;
    return `${text.slice(0, to - (last[1] ?? '').length)}${value}${text.slice(to)}`;
  }
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  if (within === undefined) {
    const join = text === '' || text.endsWith('\n') ? '' : newline;
    return `${text}${join}${key}: ${value}${newline}`;
  }
  const indent = /\n([ \t]*)[^\s][^\n]*$/.exec(text.slice(0, start))?.[1] ?? '';
  return `${text.slice(0, start)}${newline}${indent}  ${key}: ${value}${text.slice(start)}`;
}

/** The whole object (`{ … }`, with the comma behind it) that encloses an offset. */
export function enclosingObject(text: string, at: number): Block | undefined {
  const mask = masked(text);
  let depth = 0;
  for (let start = at; start >= 0; start--) {
    if (mask[start] === '}') depth += 1;
    if (mask[start] !== '{') continue;
    if (depth > 0) {
      depth -= 1;
      continue;
    }
    const end = closing(mask, start + 1) + 1;
    const comma = /^\s*,/.exec(mask.slice(end))?.[0] ?? '';
    return { start, end: end + comma.length };
  }
  return undefined;
}

function closing(mask: string, from: number): number {
  let depth = 1;
  for (let at = from; at < mask.length; at++) {
    if (mask[at] === '{') depth += 1;
    if (mask[at] === '}') depth -= 1;
    if (depth === 0) return at;
  }
  return mask.length;
}

function depthOf(mask: string): number {
  return [...mask].reduce((depth, one) => depth + (one === '{' ? 1 : one === '}' ? -1 : 0), 0);
}
