import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_RECONNECT,
  describeReconnect,
  RECONNECT_POLICIES,
  type ReconnectParams,
  reconnectDelayBounds,
  reconnectDelayMs,
  reconnectParams,
  resetsAttempts,
  scaledReconnect,
  staysAwayAfterTakeover,
} from '../../src/behaviour/reconnect.ts';

const policy = (written: Record<string, unknown>): ReconnectParams =>
  reconnectParams.parse(written);

const anyPolicy = fc.oneof(
  fc.constant({ policy: 'none' }),
  fc.record({
    policy: fc.constant('fixed'),
    delay: fc.integer({ min: 0, max: 100_000 }).map((ms) => `${ms}ms`),
    jitter: fc.integer({ min: 0, max: 100 }).map((share) => `${share}%`),
  }),
  fc.record({
    policy: fc.constant('exponential'),
    base: fc.integer({ min: 0, max: 100_000 }).map((ms) => `${ms}ms`),
    max: fc.integer({ min: 0, max: 100_000 }).map((ms) => `${ms}ms`),
    jitter: fc.constantFrom('full', 'none'),
  }),
);
const uniform = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('reconnectDelayMs', () => {
  it('never comes back without a policy', () => {
    expect(reconnectDelayMs(policy({ policy: 'none' }), 0, 0.5)).toBeUndefined();
  });

  it('varies a fixed delay by its jitter, both ways, whatever the number of attempts', () => {
    const fixed = policy({ policy: 'fixed', delay: '1s', jitter: '20%' });
    expect(reconnectDelayMs(fixed, 0, 0)).toBeCloseTo(800);
    expect(reconnectDelayMs(fixed, 7, 0.5)).toBeCloseTo(1000);
    expect(reconnectDelayMs(fixed, 0, 1)).toBeCloseTo(1200);
  });

  it('doubles up to the maximum without jitter', () => {
    const growing = policy({ policy: 'exponential', base: '1s', max: '10s', jitter: 'none' });
    const delays = [0, 1, 2, 3, 4, 5].map((attempt) => reconnectDelayMs(growing, attempt, 0.3));
    expect(delays).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it('draws from all of zero to the capped delay with full jitter', () => {
    const jittered = policy({ policy: 'exponential', base: '1s', max: '10s' });
    expect(reconnectDelayMs(jittered, 3, 0)).toBe(0);
    expect(reconnectDelayMs(jittered, 3, 0.5)).toBe(4000);
    expect(reconnectDelayMs(jittered, 30, 0.999)).toBeCloseTo(9990);
  });

  it('survives any number of attempts', () => {
    const patient = policy({ policy: 'exponential', base: '1s', max: '366d' });
    expect(reconnectDelayMs(patient, Number.MAX_SAFE_INTEGER, 0.5)).toBeLessThan(366 * 86_400_000);
  });

  it('stays within the bounds that the plan counts on', () => {
    fc.assert(
      fc.property(anyPolicy, fc.nat(100), uniform, (written, attempt, random) => {
        const params = policy(written);
        const delay = reconnectDelayMs(params, attempt, random);
        const bounds = reconnectDelayBounds(params);
        if (delay === undefined || bounds === undefined) {
          expect([delay, bounds]).toEqual([undefined, undefined]);
          return;
        }
        expect(delay).toBeGreaterThanOrEqual(bounds.msMin);
        expect(delay).toBeLessThanOrEqual(bounds.msMax);
      }),
    );
  });
});

describe('resetsAttempts', () => {
  const resettingAfter = (resetAfter: string) => policy({ policy: 'exponential', resetAfter });

  it('starts anew after every success by default', () => {
    expect(resetsAttempts(DEFAULT_RECONNECT, 0)).toBe(true);
    expect(resetsAttempts(resettingAfter('0s'), 0)).toBe(true);
  });

  it('starts anew only once a connection has lasted', () => {
    expect(resetsAttempts(resettingAfter('10s'), 9_999)).toBe(false);
    expect(resetsAttempts(resettingAfter('10s'), 10_000)).toBe(true);
  });

  it('never starts anew when told so', () => {
    expect(resetsAttempts(resettingAfter('never'), Number.MAX_SAFE_INTEGER)).toBe(false);
  });
});

it('stays away after a takeover only where that is honoured, and never without a policy', () => {
  const honour = { honourSessionTakenOver: true };
  expect(staysAwayAfterTakeover(policy({ policy: 'fixed', ...honour }))).toBe(true);
  expect(staysAwayAfterTakeover(policy({ policy: 'exponential', ...honour }))).toBe(true);
  expect(staysAwayAfterTakeover(policy({ policy: 'fixed' }))).toBe(false);
  expect(staysAwayAfterTakeover(policy({ policy: 'none' }))).toBe(false);
});

it('scales every delay by the same factor and keeps everything else', () => {
  fc.assert(
    fc.property(
      anyPolicy,
      fc.constantFrom('0s', '3s', 'never'),
      fc.constantFrom(0.5, 2, 4),
      fc.nat(12),
      uniform,
      (written, resetAfter, factor, attempt, random) => {
        const params = policy(
          written.policy === 'exponential' ? { ...written, resetAfter } : written,
        );
        const scaled = scaledReconnect(params, factor);
        const delay = reconnectDelayMs(params, attempt, random);
        expect(reconnectDelayMs(scaled, attempt, random)).toBe(delay && delay * factor);
        expect(resetsAttempts(scaled, 3000 * factor)).toBe(resetsAttempts(params, 3000));
        expect(scaledReconnect(scaled, 1 / factor)).toEqual(params);
      },
    ),
  );
});

it('has a sentence for every policy, in the list and in a plan', () => {
  const written = [{ policy: 'none' }, { policy: 'fixed' }, { policy: 'exponential' }];
  expect(written.map((one) => describeReconnect(policy(one)))).toEqual([
    'never reconnects',
    'reconnects after 1s',
    'backs off from 1s to 30s',
  ]);
  expect(Object.keys(RECONNECT_POLICIES)).toEqual(['none', 'fixed', 'exponential']);
});
