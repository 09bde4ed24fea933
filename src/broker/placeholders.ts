/**
 * Placeholders as they stand in a text: `{{port}}`, `{{file:own-topics.acl}}`. Other uses of double
 * braces, such as Erlang's `{{127,0,0,1}, 1883}`, are no placeholders and stay as they are. Pure.
 */

/** One placeholder in a text. */
export interface PlaceholderUse {
  /** As written, braces included. */
  readonly text: string;
  /** Such as `port`, or `file` for a companion. */
  readonly name: string;
  /** The companion's name; undefined unless `name` is `file`. */
  readonly file?: string;
  /** Offset in the text. */
  readonly start: number;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

const PLACEHOLDER = /\{\{ *([A-Za-z][\w-]*)(?: *: *([^{}\n]*?))? *\}\}/g;

/** All placeholders of a text, known or not, in their order. */
export function findPlaceholders(text: string): readonly PlaceholderUse[] {
  const uses: PlaceholderUse[] = [];
  let [line, lineStart, seen] = [1, 0, 0];
  for (const match of text.matchAll(PLACEHOLDER)) {
    for (let at = text.indexOf('\n', seen); at >= 0 && at < match.index; ) {
      [line, lineStart] = [line + 1, at + 1];
      at = text.indexOf('\n', lineStart);
    }
    seen = Math.max(lineStart, match.index);
    const [written, name = '', argument] = match;
    const column = match.index - lineStart + 1;
    const place = { text: written, start: match.index, line, column };
    // `{{port:1}}` is no port: the whole of it is the unknown name.
    if (name === 'file') uses.push({ ...place, name, file: argument ?? '' });
    else uses.push({ ...place, name: argument === undefined ? name : `${name}:${argument}` });
  }
  return uses;
}
