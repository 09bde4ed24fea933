/** The one Erlang term that is needed: a binary under a key of a map, as `~p` prints both. Pure. */
import { Buffer } from 'node:buffer';

/** Text in quotes (with `/utf8` if it goes beyond Latin-1) or bytes as numbers. */
const BINARY = /^<<(?:"((?:[^"\\]|\\.)*)"(\/utf8)?|([\d,\s]*))>>/s;
const LETTERS: Readonly<Record<string, string>> = {
  b: '\b',
  d: '\x7f',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  s: ' ',
  t: '\t',
  v: '\v',
};

/** `#{<<"client_id">> => <<"dev1">>}` and `client_id` → `dev1`; undefined when it is not there. */
export function binaryInMap(term: string, key: string): string | undefined {
  const entry = `<<"${key}">> => `;
  // The map's first key: what stands in a value comes later.
  const start = term.indexOf(entry);
  if (start < 0) return undefined;
  const match = BINARY.exec(term.slice(start + entry.length));
  if (match === null) return undefined;
  const [, quoted, wide, numbers] = match;
  if (quoted === undefined) return decode((numbers ?? '').split(',').filter(Boolean).map(Number));
  const text = quoted.replaceAll(/\\(?:x\{([0-9a-f]+)\}|([0-7]{1,3})|(.))/gis, unescapeOne);
  return wide === undefined ? decode([...text].map((one) => one.codePointAt(0) ?? 0)) : text;
}

function unescapeOne(_all: string, hex?: string, octal?: string, letter = ''): string {
  if (hex !== undefined) return String.fromCodePoint(Math.min(0x10ffff, Number.parseInt(hex, 16)));
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
  return LETTERS[letter] ?? letter;
}

/** Bytes as the UTF-8 text that MQTT demands them to be. */
function decode(bytes: readonly number[]): string {
  return Buffer.from(bytes).toString('utf8');
}
