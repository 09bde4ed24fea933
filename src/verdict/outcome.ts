/** The three values of every judgement; nothing is ever a pass for want of evidence. */

export type Outcome = 'met' | 'unmet' | 'inconclusive';

/** Failing beats inconclusive beats passing; nothing to judge is inconclusive. */
export function mergeOutcomes(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes('unmet')) return 'unmet';
  return outcomes.length === 0 || outcomes.includes('inconclusive') ? 'inconclusive' : 'met';
}
