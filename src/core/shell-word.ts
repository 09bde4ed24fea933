/** Words for a command line that a person copies: quoted for a POSIX shell where they must be. Pure. */

const PLAIN = /^[\w@%+=:,./-]+$/;

/** `mosquitto/mutual-tls` stays, `it's` becomes `'it'\''s'`. */
export function shellWord(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
