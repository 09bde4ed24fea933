/**
 * A YAML 1.2 document with the place of everything in it: scenarios, allow-lists, suppressions.
 * Aliases are bounded, duplicate keys and tags are errors, and keys that begin with `x-` at the top
 * are left to the author (for anchors).
 */
import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
  YAMLMap,
} from 'yaml';
import type { Problem } from './errors.ts';
import { YAML_ALIASES_MAX } from './limits.ts';
import { printable } from './text.ts';

type Path = readonly PropertyKey[];

export interface ParsedDocument {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Line and column (from 1) of the value at `path`, or of its nearest parent. */
  locate(path: Path): { line?: number; column?: number };
  /** Line and column of a key of the map at `path`. */
  locateKey(path: Path, key: string): { line?: number; column?: number };
}

export function parseYaml(text: string, file: string): ParsedDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
  const problems: Problem[] = [...document.errors, ...document.warnings].map((error) => ({
    file,
    ...position(lines, error.pos[0]),
    ...wording(error),
  }));
  if (problems.length === 0) problems.push(...oddities(document, lines, file));
  return {
    value: problems.length > 0 ? undefined : toValue(document, file, problems),
    problems,
    locate: (path) => locate(document, lines, path),
    locateKey: (path, key) => {
      const map = path.length === 0 ? document.contents : document.getIn(path, true);
      const pair = isMap(map)
        ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
        : undefined;
      return isNode(pair?.key)
        ? position(lines, pair.key.range?.[0])
        : locate(document, lines, path);
    },
  };
}

/**
 * Changes the sequence under `key` of a map, and keeps the comments and the order of the rest. A
 * document that is a sequence itself becomes the one under `key`.
 */
export function editYamlList(
  text: string,
  key: string,
  change: { readonly append?: unknown; readonly remove?: readonly number[] },
): string {
  const document: Document = parseDocument(text, { merge: true });
  if (!isMap(document.contents)) {
    const list = isSeq(document.contents) ? document.contents : document.createNode([]);
    const map = new YAMLMap();
    map.set(key, list);
    document.contents = map;
  }
  // A flow sequence, such as the empty `[]`, would take the new item on one long line.
  const list = document.get(key, true);
  if (!isSeq(list)) document.set(key, document.createNode([]));
  else list.flow = false;
  for (const index of [...(change.remove ?? [])].sort((a, b) => b - a)) {
    document.deleteIn([key, index]);
  }
  if (change.append !== undefined) document.addIn([key], change.append);
  return document.toString({ lineWidth: 0 });
}

/** The parser's words, and what to do. */
function wording({ code, message }: YAMLError): Pick<Problem, 'message' | 'hint'> {
  const first = message.split('\n')[0] ?? 'invalid YAML';
  return {
    message: code === 'MULTIPLE_DOCS' ? 'the file holds several documents' : printable(first),
    hint: HINTS[code] ?? 'check quotes, brackets and indentation around here',
  };
}

const HINTS: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  DUPLICATE_KEY: 'keep one of the two',
  MULTIPLE_DOCS: 'keep one; `---` begins another document',
  TAB_AS_INDENT: 'indent with spaces',
  TAG_RESOLVE_FAILED: 'remove the tag, which begins with !',
};

/** What YAML allows and a scenario does not: aliases to nowhere, keys that are no plain text. */
function oddities(document: Document, lines: LineCounter, file: string): Problem[] {
  const problems: Problem[] = [];
  const anchors = new Set<string>();
  const add = (range: readonly number[] | null | undefined, message: string, hint: string) =>
    problems.push({ file, ...position(lines, range?.[0]), message, hint });
  visit(document, {
    Node: (_key, node) => {
      if ('anchor' in node && node.anchor !== undefined) anchors.add(node.anchor);
    },
    Alias: (_key, { source, range }) => {
      if (anchors.has(source)) return;
      add(range, `there is no anchor &${printable(source, 60)} before this`, 'define it above');
    },
    Pair: (_key, { key }) => {
      if (isScalar(key) && key.value !== null && key.value !== '__proto__') return;
      const range = isNode(key) ? key.range : undefined;
      add(range, 'this key is not a plain name', 'write a name of letters, digits and hyphens');
    },
  });
  return problems;
}

function toValue(document: Document, file: string, problems: Problem[]): unknown {
  try {
    // The anchor itself counts as one.
    const value: unknown = document.toJS({ maxAliasCount: YAML_ALIASES_MAX + 1 });
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('x-')));
  } catch (error) {
    const message = error instanceof Error ? printable(error.message) : 'invalid YAML';
    const many = message.startsWith('Excessive alias count');
    problems.push({
      file,
      message: many ? 'aliases stand for far more than the file itself' : message,
      hint: `an anchor is used at most ${YAML_ALIASES_MAX} times, those within others included`,
    });
    return undefined;
  }
}

function locate(document: Document, lines: LineCounter, path: Path) {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return position(lines, node.range[0]);
  }
  return { line: 1, column: 1 };
}

function position(lines: LineCounter, offset: number | undefined) {
  if (offset === undefined) return {};
  const { line, col } = lines.linePos(offset);
  return line > 0 ? { line, column: col } : {};
}
