import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  durationMs,
  fraction,
  positiveDurationMs,
  ratePerSecond,
} from '../../src/behaviour/units.ts';

const outcome = (type: z.ZodType, text: unknown): unknown => {
  const parsed = type.safeParse(text);
  return parsed.success ? parsed.data : parsed.error.issues[0]?.message;
};

describe('units in scenario files', () => {
  it.each([
    [durationMs, '1m30s', 90_000],
    [durationMs, '0s', 0],
    [durationMs, '366d', 366 * 86_400_000],
    [positiveDurationMs, '1ms', 1],
    [ratePerSecond, '30/m', 0.5],
    [fraction, '0%', 0],
    [fraction, '7.5%', 0.075],
    [fraction, '100%', 1],
    [fraction, '100.0%', 1],
  ])('reads %#: %s', (type, text, value) => {
    expect(outcome(type, text)).toBe(value);
  });

  it.each([
    [durationMs, 5, 'write a duration'],
    [durationMs, '5', 'write a duration'],
    [durationMs, 'soon', 'write a duration'],
    [durationMs, '-1s', 'write a duration'],
    [durationMs, '367d', 'at most'],
    [durationMs, `${'9'.repeat(400)}s`, 'at most'],
    [positiveDurationMs, '0ms', 'longer than nothing'],
    [positiveDurationMs, '0.0001ms', 'longer than nothing'],
    [ratePerSecond, 50, 'write a rate'],
    [ratePerSecond, '0/s', 'above zero'],
    [ratePerSecond, `${'9'.repeat(400)}/s`, 'finite'],
    [fraction, 0.1, 'write a percentage'],
    [fraction, '10', 'write a percentage'],
    [fraction, '100.5%', 'write a percentage'],
    [fraction, '101%', 'write a percentage'],
    [fraction, '-1%', 'write a percentage'],
  ])('refuses %#: %s', (type, text, words) => {
    expect(outcome(type, text)).toContain(words);
  });
});
