/** Tables of wrong scenario files and what they are answered with. */
import { expect, it } from 'vitest';
import { HEAD, problemsOf } from './helpers.ts';

export { HEAD, problemsOf } from './helpers.ts';

/** Where the problems of {@link group} begin. */
export const IN_A = 'f.yaml:5:';

/** A group `a` with what is given, at line 5. */
export const group = (inner: string) => `${HEAD}  a: { devices: 2, ${inner} }\n`;
/** A right fleet, and then what is given at line 6. */
export const besides = (rest: string) => `${HEAD}  a: { devices: 2 }\n${rest}\n`;

/** A test for each row: what is wrong, the file, and every problem as people see it. */
export function describeTable(
  table: readonly (readonly [string, string, readonly string[]])[],
): void {
  it.each(table)('%s', (_what, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });
}
