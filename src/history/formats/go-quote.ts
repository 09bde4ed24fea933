/** Text between Go's double quotes (`%q`), taken out of them. Source: Go language, «String literals». */
const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))/gs;
const LETTERS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** `a\"b` → `a"b`; undefined for an escape that Go does not write. */
export function unquoteGo(quoted: string): string | undefined {
  if (!quoted.includes('\\')) return quoted;
  let known = true;
  const text = quoted.replace(ESCAPE, (_all, byte, four, eight, octal, letter) => {
    const code = byte ?? four ?? eight;
    if (code !== undefined) return character(Number.parseInt(code, 16));
    if (octal !== undefined) return character(Number.parseInt(octal, 8));
    const plain = Object.hasOwn(LETTERS, letter) ? LETTERS[letter] : undefined;
    if (plain === undefined) known = false;
    return plain ?? '';
  });
  return known ? text : undefined;
}

function character(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
}
