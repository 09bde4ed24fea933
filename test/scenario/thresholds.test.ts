import { describe, expect, it } from 'vitest';
import { METRICS, parseThreshold } from '../../src/scenario/thresholds.ts';

describe('parseThreshold', () => {
  it.each([
    ['takeovers.count >= 5', 'takeovers.count', '>=', 5],
    ['takeovers.count>=5', 'takeovers.count', '>=', 5],
    ['  connects.failed == 0  ', 'connects.failed', '==', 0],
    ['connects.failed != 3', 'connects.failed', '!=', 3],
    ['connects.latency.p99 < 50ms', 'connects.latency.p99', '<', 50],
    ['connects.latency.mean <= 1.5s', 'connects.latency.mean', '<=', 1500],
    ['settle.quietAfter < 1m', 'settle.quietAfter', '<', 60_000],
    ['takeovers.rate > 2.5/s', 'takeovers.rate', '>', 2.5],
    ['takeovers.rate > 2', 'takeovers.rate', '>', 2],
  ])('reads %j', (text, metric, operator, limit) => {
    expect(parseThreshold(text)).toEqual({ text, metric, operator, limit });
  });

  it.each([
    '',
    'takeovers.count',
    '>= 5',
    'takeovers.count => 5',
    'takeovers.count = 5',
    'takeovers.count >= -5',
    'takeovers.count >= five',
    'takeovers.count >= 5 6',
    'takeovers.count >= 5s',
    'connects.latency.p99 < 50',
    'connects.latency.p99 < 50/s',
    'takeovers.rate > 5ms',
    'takeovers.Count >= 5',
    'a.b >= 5',
    '__proto__ > 1',
  ])('refuses %j and says what to write', (text) => {
    const { problem, hint } = parseThreshold(text) as { problem: string; hint: string };
    expect(problem && hint).toBeTruthy();
  });

  it('takes every metric of the catalogue', () => {
    const units = { count: '', ratio: '', ms: 'ms', 'per-second': '/s', 'per-minute': '/m' };
    for (const [metric, { unit, what }] of Object.entries(METRICS)) {
      expect(parseThreshold(`${metric} < 3${units[unit]}`)).toMatchObject({ metric, limit: 3 });
      expect(what).toBeTruthy();
    }
  });

  it('shows a hostile text without doing what it says', () => {
    const { problem } = parseThreshold(`\u001b[2J${'x'.repeat(10_000)}`) as { problem: string };
    expect(problem).not.toContain('\u001b');
    expect(problem.length).toBeLessThan(200);
  });
});
