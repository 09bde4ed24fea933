/** Zod types for values with units, as scenario files write them: `1.5s`, `50/s`, `10%`. */
import { z } from 'zod';
import { DURATION_MS_MAX } from '../core/limits.ts';
import { formatDuration, parseDurationMs, parseRatePerSecond } from '../core/time.ts';

const DURATION = /^(\d+(\.\d+)?(ms|s|m|h|d))+$/;
const RATE = /^\d+(\.\d+)?\/(ms|s|m|h|d)$/;
const PERCENT = /^(100(\.0+)?|\d{1,2}(\.\d+)?)%$/;

/** `"1m30s"` → 90000 milliseconds. */
export const durationMs = z
  .string('write a duration with its unit, such as 500ms, 20s or 1m30s')
  .regex(DURATION, 'write a duration with its unit, such as 500ms, 20s or 1m30s')
  .transform((text, context) => {
    const ms = parseDurationMs(text);
    if (ms !== undefined && ms <= DURATION_MS_MAX) return ms;
    context.addIssue({
      code: 'custom',
      message: `a duration is at most ${formatDuration(DURATION_MS_MAX)}`,
    });
    return z.NEVER;
  })
  .describe('a duration with its unit: 500ms, 20s, 1m30s, 2h');

/** A duration above zero, for what would otherwise happen without end at one instant. */
export const positiveDurationMs = durationMs.refine((ms) => ms > 0, 'must be longer than nothing');

/** `"50/s"` → 50 events per second. */
export const ratePerSecond = z
  .string('write a rate per unit of time, such as 50/s or 30/m')
  .regex(RATE, 'write a rate per unit of time, such as 50/s or 30/m')
  .transform((text, context) => {
    const rate = parseRatePerSecond(text);
    if (rate !== undefined) return rate;
    context.addIssue({ code: 'custom', message: 'a rate is a finite number above zero' });
    return z.NEVER;
  })
  .describe('a rate: 50/s, 30/m');

/** `"10%"` → 0.1. */
export const fraction = z
  .string('write a percentage, such as 10%')
  .regex(PERCENT, 'write a percentage from 0% to 100%, such as 10%')
  .transform((text) => Number(text.slice(0, -1)) / 100)
  .describe('a percentage: 10%');
