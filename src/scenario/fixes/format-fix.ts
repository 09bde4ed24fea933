/** A strategy with its parameters as `--fix` takes it; defaults are left out. Pure. */
import { isSame } from './changed-groups.ts';
import { type FixParams, fixParams } from './params.ts';

/** Parameters that are counts; every other number is a duration in ms. */
const COUNTS: readonly string[] = ['connections', 'connects'];

export function formatFix(params: FixParams): string {
  const { strategy, ...given } = params;
  const plain = fixParams.safeParse({ strategy });
  const defaults: Readonly<Record<string, unknown>> = plain.success ? { ...plain.data } : {};
  const words = Object.entries(given).flatMap(([name, value]) => {
    if (value === undefined || isSame(value, defaults[name])) return [];
    return [value].flat().map((one) => `${name}=${wordOf(name, one)}`);
  });
  return words.length === 0 ? strategy : `${strategy}:${words.join(',')}`;
}

function wordOf(name: string, value: string | number): string {
  if (typeof value === 'string' || COUNTS.includes(name)) return String(value);
  return value % 1000 === 0 ? `${value / 1000}s` : `${value}ms`;
}
