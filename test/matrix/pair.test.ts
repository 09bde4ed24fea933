/** Pairs: a scenario must tell the secure configuration from the insecure one. */
import { describe, expect, it } from 'vitest';
import { cellId } from '../../src/matrix/cell.ts';
import { excusedCells, judgePairs } from '../../src/matrix/pair.ts';
import { matrixOutcome } from '../../src/matrix/result.ts';
import type { Outcome } from '../../src/verdict/outcome.ts';
import { cell, pairPlan } from '../support/matrix-results.ts';

const plan = pairPlan(
  { broker: 'b', configuration: 'secure', scenario: 's' },
  { broker: 'b', configuration: 'open', scenario: 's' },
);
const cells = (secure: Outcome, insecure: Outcome) => [
  cell('b/secure/s', secure),
  cell('b/open/s', insecure),
];
const judged = (secure: Outcome, insecure: Outcome) =>
  judgePairs([plan], cells(secure, insecure))[0];

describe('a pair', () => {
  it.each([
    ['met', 'unmet', 'met', 'the secure side is met'],
    ['met', 'met', 'unmet', 'does not tell the two apart'],
    ['unmet', 'unmet', 'unmet', 'the secure side is unmet: it was unmet'],
    ['unmet', 'met', 'unmet', 'the secure side is unmet'],
    ['unmet', 'inconclusive', 'unmet', 'the secure side is unmet'],
    ['inconclusive', 'met', 'unmet', 'does not tell the two apart'],
    ['inconclusive', 'unmet', 'inconclusive', 'the secure side is inconclusive'],
    ['met', 'inconclusive', 'inconclusive', 'the insecure side is inconclusive'],
  ] as const)('with secure %s and insecure %s is %s', (secure, insecure, outcome, because) => {
    expect(judged(secure, insecure)?.outcome).toBe(outcome);
    expect(judged(secure, insecure)?.because).toContain(because);
  });

  it('is inconclusive where a side was not run, or no version is left', () => {
    const [half] = judgePairs([plan], [cell('b/secure/s', 'met')]);
    expect(half).toMatchObject({ outcome: 'inconclusive' });
    expect(half?.because).toContain('it was not run');
    expect(judgePairs([{ ...plan, versions: [] }], [])[0]?.outcome).toBe('inconclusive');
  });
});

describe('the outcome of a matrix', () => {
  const outcomeOf = (secure: Outcome, insecure: Outcome) => {
    const all = cells(secure, insecure);
    return matrixOutcome(all, judgePairs([plan], all));
  };

  it('does not count the insecure side of a pair that holds', () => {
    expect(outcomeOf('met', 'unmet')).toBe('met');
    expect([...excusedCells(judgePairs([plan], cells('met', 'unmet')))]).toEqual([
      cellId({ ...plan.insecure, mqttVersion: '5' }),
    ]);
  });

  it('counts a pair that does not hold as unmet, though all its cells are met', () => {
    expect(outcomeOf('met', 'met')).toBe('unmet');
  });

  it('is unmet for any other cell that is, and inconclusive without cells', () => {
    expect(matrixOutcome([cell('b/c/s', 'unmet'), cell('b/c/t', 'inconclusive')], [])).toBe(
      'unmet',
    );
    expect(matrixOutcome([], [])).toBe('inconclusive');
  });
});
