/**
 * Changes of the embedded broker's configuration, key by key: a key with its value is replaced or
 * added, and everything else, comments too, stays as its author wrote it. Pure.
 */

const KEY = /^([A-Za-z]\w*)[ \t]*:(?=\s|$)/;

/** The keys that the text says on lines of their own, which all of its keys are. */
export function keysOf(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => KEY.exec(line)?.[1] ?? []);
}

/** The text with `key: value`; `value` is on one line (YAML 1.2 flow style). */
export function setKey(text: string, key: string, value: string): string {
  const lines = text.split('\n');
  const end = text.includes('\r\n') ? '\r' : '';
  const written = `${key}: ${value}`;
  const at = lines.findIndex((line) => KEY.exec(line)?.[1] === key);
  if (at < 0) {
    const last = lines.findLastIndex((line) => line.trim() !== '');
    const before = lines.slice(0, last + 1).map((line, index) =>
      // A last line without an end gets one.
      index === last && end !== '' && !line.endsWith(end) ? `${line}${end}` : line,
    );
    const after = lines.slice(last + 1);
    return [...before, `${written}${end}`, ...(after.length === 0 ? [''] : after)].join('\n');
  }
  const old = lines[at] ?? '';
  const comment = /\s#.*$/.exec(old.replace(/\r$/, ''))?.[0] ?? '';
  const next = nextAfter(lines, at);
  return [
    ...lines.slice(0, at),
    `${written}${/["']/.test(old) ? '' : comment}${old.endsWith('\r') ? '\r' : ''}`,
    ...lines.slice(next),
  ].join('\n');
}

/** Where the value that begins in a line has ended: what belongs to it is indented. */
function nextAfter(lines: readonly string[], at: number): number {
  let next = at + 1;
  for (let line = next; line < lines.length; line++) {
    const text = lines[line] ?? '';
    if (/^(?:[ \t]+[^\s#]|-[ \t])/.test(text)) next = line + 1;
    else if (text.trim() !== '' && !/^[ \t]+#/.test(text)) break;
  }
  return next;
}
