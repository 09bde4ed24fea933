/** How the outcome of a script follows from its steps: by examples, and as properties of any play. */
import { describe, expect, test } from 'vitest';
import { forkRandom, nextRandom } from '../../src/core/random.ts';
import { judgeSteps } from '../../src/script/play.ts';
import type { StepResult } from '../../src/script/result.ts';
import type { Outcome } from '../../src/verdict/outcome.ts';

function step(role: StepResult['role'], outcome: Outcome, number = 1): StepResult {
  const risk = role === 'judged' ? { risk: 'r' } : {};
  const because = `${outcome} ${number}`;
  return {
    step: number,
    text: `step ${number}`,
    at: 0,
    elapsedMs: 0,
    role,
    outcome,
    because,
    ...risk,
  };
}

describe('a script', () => {
  test('is unmet by its first unmet step, even if a control fails later', () => {
    const steps = [
      step('control', 'met', 1),
      step('judged', 'met', 2),
      step('judged', 'unmet', 3),
      step('control', 'inconclusive', 4),
    ];
    expect(judgeSteps(steps)).toEqual({ steps, outcome: 'unmet', because: 'step 3: unmet 3' });
  });

  test('is inconclusive by a failed control, which it says is one', () => {
    const steps = [step('judged', 'met', 1), step('control', 'inconclusive', 2)];
    const because = 'step 2 (a control): inconclusive 2';
    expect(judgeSteps(steps)).toEqual({ steps, outcome: 'inconclusive', because });
  });

  test('shows nothing if nothing was judged', () => {
    expect(judgeSteps([]).outcome).toBe('inconclusive');
    expect(judgeSteps([step('control', 'met')]).outcome).toBe('inconclusive');
  });

  test('is met only if something was judged and everything is met', () => {
    let state = forkRandom(11, 'steps');
    const below = (limit: number): number => {
      const [value, next] = nextRandom(state);
      state = next;
      return Math.floor(value * limit);
    };
    const seen = new Set<Outcome>();
    for (let round = 0; round < 2000; round++) {
      const steps = Array.from({ length: below(7) }, (_, index) => {
        const judged = below(2) === 0;
        // Mostly met, so that all outcomes of the whole are drawn; a control is never unmet.
        const dice = below(8);
        const outcome = dice > 1 ? 'met' : judged && dice === 0 ? 'unmet' : 'inconclusive';
        return step(judged ? 'judged' : 'control', outcome, index + 1);
      });
      const { outcome } = judgeSteps(steps);
      seen.add(outcome);
      const judged = steps.filter(({ role }) => role === 'judged');
      const allMet = steps.every((one) => one.outcome === 'met');
      expect(outcome === 'met').toBe(judged.length > 0 && allMet);
      expect(outcome === 'unmet').toBe(judged.some((one) => one.outcome === 'unmet'));
    }
    expect([...seen].sort()).toEqual(['inconclusive', 'met', 'unmet']);
  });
});
