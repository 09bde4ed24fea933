import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDurationMs, parseRatePerSecond } from '../../src/core/time.ts';

describe('parseDurationMs', () => {
  it.each([
    ['0s', 0],
    ['250ms', 250],
    ['1.5s', 1500],
    ['1m30s', 90_000],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['0.5ms', 0.5],
  ])('reads %s', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  it.each([
    '',
    ' ',
    '5',
    's',
    '-1s',
    '+1s',
    '1 s',
    ' 1s',
    '1s ',
    '1S',
    '1,5s',
    '1e3s',
    '.5s',
    '1.s',
    '1.5.5s',
    '1m 30s',
    '5sec',
    'Infinitys',
    '१s',
    '1s\n',
  ])('refuses %j', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });

  it('gives whole microseconds, so that decimals do not leave a trace of binary fractions', () => {
    expect(parseDurationMs('1.1m')).toBe(66_000);
    expect(parseDurationMs('2.3s')).toBe(2300);
  });

  it('refuses what no number can hold', () => {
    expect(parseDurationMs(`${'9'.repeat(400)}d`)).toBeUndefined();
  });

  it('adds up its parts, whatever their order', () => {
    const part = fc.tuple(fc.nat(9999), fc.constantFrom('ms', 's', 'm', 'h', 'd'));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const texts = parts.map(([count, unit]) => `${count}${unit}`);
        const sum = texts.reduce((total, text) => total + (parseDurationMs(text) ?? Number.NaN), 0);
        expect(parseDurationMs(texts.join(''))).toBe(sum);
        expect(parseDurationMs(texts.toReversed().join(''))).toBe(sum);
      }),
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0ms'],
    [999, '999ms'],
    [999.6, '1s'],
    [1000, '1s'],
    [1540, '1.5s'],
    [59_940, '59.9s'],
    [59_960, '1m'],
    [60_000, '1m'],
    [93_500, '1m 33.5s'],
    [119_990, '2m'],
    [3_599_990, '1h'],
    [5_400_000, '1h 30m'],
    [86_399_990, '1d'],
    [90_000_000, '1d 1h'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('is read back by parseDurationMs to within what its smallest unit leaves out', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (ms) => {
        const back = parseDurationMs(formatDuration(ms).replaceAll(' ', '')) ?? Number.NaN;
        const unit = ms < 999.5 ? 1 : ms < 3_599_950 ? 100 : ms < 86_399_950 ? 60_000 : 3_600_000;
        expect(Math.abs(back - ms)).toBeLessThanOrEqual(unit);
      }),
    );
  });

  it('never writes 60 seconds or 60 minutes', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (ms) => {
        expect(formatDuration(ms)).not.toMatch(/\b60(\.0)?[sm]|1000ms|\b24h/);
      }),
    );
  });
});

describe('parseRatePerSecond', () => {
  it.each([
    ['50/s', 50],
    ['0.5/s', 0.5],
    ['30/m', 0.5],
    ['1/ms', 1000],
    ['3600/h', 1],
    ['86400/d', 1],
  ])('reads %s', (text, rate) => {
    expect(parseRatePerSecond(text)).toBe(rate);
  });

  it.each(['', '5', '/s', '0/s', '0.0/s', '-1/s', '5/', '5/w', '5 /s', `${'9'.repeat(400)}/s`])(
    'refuses %j',
    (text) => {
      expect(parseRatePerSecond(text)).toBeUndefined();
    },
  );
});
