/**
 * Whether a NATS configuration keeps to this machine. Its syntax is free (`host: x`, `host = x`,
 * `host x`), so every word that could be the name of an address is looked at. Pure.
 */
import type { Problem } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import { isLoopback } from '../target.ts';

/** Keys whose value is an address, or a port on an address. */
const ADDRESS =
  /(?<![\w.$-])(host|net|listen|http|https|addr)\b["']?\s*(?:[:=]\s*|[ \t]+)("[^"\n]*"|'[^'\n]*'|[^\s,;{}\]]+)/gi;
/** Blocks that open a listener of their own, on every address unless they name one. */
const LISTENERS =
  /(?<![\w.$-])(mqtt|websocket|ws|cluster|leaf|leafnodes?|gateway)\b["']?\s*[:=]?\s*\{/gi;
/** Connections to others. */
const OUTWARD =
  /(?<![\w.$-])(routes|remotes|gateways|url|urls|(?:accounts?_)?resolver)\b["']?(?:\s*[:=]|\s*[[{]|[ \t]+["'\w$])/gi;
/** Another file, wherever it is. */
const INCLUDE = /(?<![\w.$-])include\b["']?\s*[:=]?\s*("[^"\n]*"|'[^'\n]*'|[^\s,;{}\]]+)/gi;

export interface LineProblem extends Pick<Problem, 'message' | 'hint'> {
  /** From 1, in the text. */
  readonly line: number;
}

/**
 * Every place in `text` that would listen, or connect, beyond this machine. Only the configuration's
 * own files, which `names` are, may be included: others are not looked at.
 */
export function leavesLoopback(
  text: string,
  names: ReadonlySet<string> = new Set(),
): readonly LineProblem[] {
  const bare = withoutComments(text);
  const lineAt = (offset: number): number => bare.slice(0, offset).split('\n').length;
  const problems: LineProblem[] = [];
  for (const { 1: key = '', 2: value = '', index } of bare.matchAll(ADDRESS)) {
    if (!isLocal(unquoted(value))) {
      problems.push({ line: lineAt(index), ...beyond(`${key} ${value}`) });
    }
  }
  for (const match of bare.matchAll(LISTENERS)) {
    const body = blockAfter(bare, match.index + match[0].length);
    if (/(?<![\w.$-])(host|net|listen)\b/i.test(body)) continue;
    problems.push({ line: lineAt(match.index), ...beyond(`${match[1]} without a host`) });
  }
  for (const { 1: key = '', index } of bare.matchAll(OUTWARD)) {
    problems.push({
      line: lineAt(index),
      message: `${key} connects the broker with others`,
      hint: 'leave it out: a broker under test stands alone',
    });
  }
  for (const { 1: value = '', index } of bare.matchAll(INCLUDE)) {
    if (names.has(unquoted(value))) continue;
    problems.push({
      line: lineAt(index),
      message: `include leads to a file that is not looked at (${printable(value, 60)})`,
      hint: 'put it beside the configuration and write: include "{{file:<name>}}"',
    });
  }
  return problems;
}

function unquoted(value: string): string {
  return value.replace(/^["']|["']$/g, '');
}

function beyond(what: string): Pick<Problem, 'message' | 'hint'> {
  return {
    message: `the broker would listen beyond this machine (${printable(what, 60)})`,
    hint: 'write 127.0.0.1 as its host',
  };
}

/** `127.0.0.1`, `127.0.0.1:4222`, `[::1]:4222`, `localhost`; a port alone is every address. */
function isLocal(value: string): boolean {
  const address = /^(.*?)(?::-?\d+)?$/.exec(value)?.[1] ?? '';
  return isLoopback(address.replace(/^\[|\]$/g, ''));
}

function blockAfter(text: string, start: number): string {
  let depth = 1;
  for (let at = start; at < text.length; at++) {
    if (text[at] === '{') depth += 1;
    if (text[at] === '}') depth -= 1;
    if (depth === 0) return text.slice(start, at);
  }
  return text.slice(start);
}

/**
 * `#` and `//` to the end of the line, which is a carriage return as well, outside of strings and of
 * words; numbers of lines stay.
 */
function withoutComments(text: string): string {
  return text.replace(
    /("(?:[^"\\]|\\.)*"|'[^']*')|(?<![^\s,;{}[\]"'])(?:#|\/\/)[^\n\r]*/gs,
    (_all, string) => string ?? '',
  );
}
