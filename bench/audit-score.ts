/** How well findings agree with what was planted. */
import { rounded } from './spread.ts';

/** Precision: how much of what was found was planted; recall: how much of what was planted was found. */
export function score(planted: Iterable<string>, found: readonly string[]) {
  const truth = new Set(planted);
  const hits = found.filter((resource) => truth.has(resource)).length;
  return {
    planted: truth.size,
    found: found.length,
    precision: rounded(hits / found.length),
    recall: rounded(hits / truth.size),
  };
}
