/**
 * Reconnect policies: when a device connects again after it lost its connection or was refused.
 * Pure: the number of failures so far and one random number decide. Exponential back-off with full
 * jitter draws uniformly from zero to the capped exponential delay.
 */
import { z } from 'zod';
import { assertNever } from '../core/assert.ts';
import { formatDuration } from '../core/time.ts';
import { durationMs, fraction } from './units.ts';

const honourSessionTakenOver = z
  .boolean()
  .default(false)
  .describe('stay away after DISCONNECT 0x8E (Session taken over, MQTT 5.0 §3.14.2.1)');

const none = z.strictObject({ policy: z.literal('none') });
const fixed = z.strictObject({
  policy: z.literal('fixed'),
  delay: durationMs.prefault('1s'),
  jitter: fraction.prefault('0%').describe('the delay varies by up to this share, both ways'),
  honourSessionTakenOver,
});
const exponential = z.strictObject({
  policy: z.literal('exponential'),
  base: durationMs.prefault('1s').describe('upper bound of the first delay'),
  max: durationMs.prefault('30s').describe('upper bound of every delay'),
  jitter: z.enum(['full', 'none']).default('full'),
  resetAfter: z
    .union([durationMs, z.literal('never')])
    .prefault('0s')
    .describe('how long a connection must last before the delays start anew; 0s: every success'),
  honourSessionTakenOver,
});

export const reconnectParams = z.discriminatedUnion('policy', [none, fixed, exponential]);
export type ReconnectParams = z.output<typeof reconnectParams>;

export const DEFAULT_RECONNECT: ReconnectParams = exponential.parse({ policy: 'exponential' });

/** Policies with a sentence each, for `doppelfleet list`. */
export const RECONNECT_POLICIES: Readonly<Record<ReconnectParams['policy'], string>> = {
  none: 'stays away once the connection is lost',
  fixed: 'connects again after a fixed delay',
  exponential:
    'doubles the delay up to a maximum, with full jitter, reset after a success or never',
};

/** Delay in ms before the next attempt; `attempt` counts from 0, `random` is uniform in [0, 1). */
export function reconnectDelayMs(
  params: ReconnectParams,
  attempt: number,
  random: number,
): number | undefined {
  switch (params.policy) {
    case 'none':
      return undefined;
    case 'fixed':
      return params.delay * (1 + params.jitter * (2 * random - 1));
    case 'exponential': {
      const bound = Math.min(params.max, params.base * 2 ** Math.min(attempt, 30));
      return params.jitter === 'full' ? bound * random : bound;
    }
    default:
      return assertNever(params);
  }
}

/** Bounds in ms of every delay before a device tries again; undefined when it does not. */
export function reconnectDelayBounds(
  params: ReconnectParams,
): { readonly msMin: number; readonly msMax: number } | undefined {
  switch (params.policy) {
    case 'none':
      return undefined;
    case 'fixed':
      return {
        msMin: params.delay * (1 - params.jitter),
        msMax: params.delay * (1 + params.jitter),
      };
    case 'exponential':
      return {
        msMin: params.jitter === 'full' ? 0 : Math.min(params.base, params.max),
        msMax: params.max,
      };
    default:
      return assertNever(params);
  }
}

/** Whether the count of attempts starts anew after a connection that lasted `connectedMs`. */
export function resetsAttempts(params: ReconnectParams, connectedMs: number): boolean {
  if (params.policy !== 'exponential') return true;
  return params.resetAfter !== 'never' && connectedMs >= params.resetAfter;
}

/** Whether a device that was told of the takeover stays away. */
export function staysAwayAfterTakeover(params: ReconnectParams): boolean {
  return params.policy !== 'none' && params.honourSessionTakenOver;
}

/** One line for people. */
export function describeReconnect(params: ReconnectParams): string {
  switch (params.policy) {
    case 'none':
      return 'never reconnects';
    case 'fixed':
      return `reconnects after ${formatDuration(params.delay)}`;
    case 'exponential':
      return `backs off from ${formatDuration(params.base)} to ${formatDuration(params.max)}`;
    default:
      return assertNever(params);
  }
}

/** The same policy with every duration multiplied, for `--time-scale`. */
export function scaledReconnect(params: ReconnectParams, factor: number): ReconnectParams {
  switch (params.policy) {
    case 'none':
      return params;
    case 'fixed':
      return { ...params, delay: params.delay * factor };
    case 'exponential':
      return {
        ...params,
        base: params.base * factor,
        max: params.max * factor,
        resetAfter: params.resetAfter === 'never' ? 'never' : params.resetAfter * factor,
      };
    default:
      return assertNever(params);
  }
}
