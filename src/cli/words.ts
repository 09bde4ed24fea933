/**
 * Words that yargs would lose: a lone `-` (standard input) and everything behind `--` (for values
 * that begin with a hyphen). They pass through it under a mark that no command line can hold.
 */

/** The system ends every word at NUL, so that no word of a user begins with it. */
const MARK = '\0';

/** The command line as yargs may see it. */
export function protectWords(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  const [before, after] = end < 0 ? [argv, []] : [argv.slice(0, end), argv.slice(end + 1)];
  return [
    ...before.map((word) => (word === '-' ? MARK + word : word)),
    ...after.map((word) => MARK + word),
  ];
}

/** Parsed arguments with the words as they were typed. */
export function restoreWords<T>(value: T): T {
  if (typeof value === 'string') return value.replaceAll(MARK, '') as T;
  if (Array.isArray(value)) return value.map(restoreWords) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, restoreWords(inner)]),
  ) as T;
}
