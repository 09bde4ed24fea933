/** What a run measured, under the names of the threshold catalogue. */
import { expect, it } from 'vitest';
import { metricsOf } from '../../src/run/metrics.ts';
import { METRICS } from '../../src/scenario/thresholds.ts';
import { planOf } from '../scenario/helpers.ts';
import { audit } from '../support/judged.ts';
import { virtualEffects } from '../support/virtual-effects.ts';
import { runVirtually } from '../support/virtual-run.ts';

const BODY = `  a: { devices: 4, publish: { every: 200ms, qos: 1 } }
  b: { devices: 1, subscribe: [{ filter: '#', qos: 1 }] }
`;

it('a run measures every metric of the catalogue, and nothing that is not in it', async () => {
  const plan = planOf(BODY);
  const run = await runVirtually(plan);
  const { effects } = virtualEffects(run);
  const metrics = metricsOf(run.statistics, audit().statistics, plan.durationMs, effects);
  expect(Object.keys(metrics).sort()).toEqual(Object.keys(METRICS).sort());
  for (const [name, value] of Object.entries(metrics))
    expect(value, name).toBeGreaterThanOrEqual(0);
});

it('rates are counts per second of the duration', async () => {
  const plan = planOf(BODY);
  const { statistics } = await runVirtually(plan);
  const seen = { ...audit().statistics, takeovers: 25, sessions: 7 };
  expect(metricsOf(statistics, seen, 10_000)).toMatchObject({
    'connects.accepted': 5,
    'connects.rate': 0.5,
    'takeovers.count': 25,
    'takeovers.rate': 2.5,
    'takeovers.perMinute': 150,
    'sessions.count': 7,
    'sessions.concurrent': 5,
    'devices.connected': 5,
  });
});

it('what was not measured is absent, and not zero', async () => {
  const plan = planOf('  a: { devices: 1, reconnect: { policy: none } }\n');
  const { statistics } = await runVirtually(plan, { refuses: () => 'auth-error' });
  const metrics = metricsOf(statistics, audit().statistics, plan.durationMs);
  expect(metrics['connects.latency.p99']).toBeUndefined();
  expect(metrics['connects.lateness.p99']).toBe(0);
  expect(metrics['connects.accepted']).toBe(0);
});
