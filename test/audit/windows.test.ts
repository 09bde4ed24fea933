import { describe, expect, test } from 'vitest';
import { parseAuditWindow, parseInstant, resolveWindow } from '../../src/audit/windows.ts';
import { UserError } from '../../src/core/errors.ts';

const HOUR = 3_600_000;
const recorded = { from: 1_000, to: 2_000 };
const now = Date.UTC(2026, 5, 15);

describe('a window', () => {
  test('of the run is what the histories cover', () => {
    const window = parseAuditWindow('run');
    expect(resolveWindow(window, { now, recorded, onDemandLagMs: 5 })).toEqual(recorded);
  });

  test('on demand reaches 31 days back and ends a check’s lag before its start', () => {
    const window = parseAuditWindow('on-demand');
    expect(resolveWindow(window, { now, recorded, onDemandLagMs: 2 * HOUR })).toEqual({
      from: Date.UTC(2026, 4, 15),
      to: Date.UTC(2026, 5, 14, 22),
    });
  });

  test('between two instants is taken as written', () => {
    const window = parseAuditWindow('2026-01-01..2026-01-31T12:00:00.5+02:00');
    expect(resolveWindow(window, { now, recorded, onDemandLagMs: 2 * HOUR })).toEqual({
      from: Date.UTC(2026, 0, 1),
      to: Date.UTC(2026, 0, 31, 10, 0, 0, 500),
    });
  });

  test.each([
    ['', 'is not a window'],
    ['yesterday', 'is not a window'],
    ['2026-01-01..2026-01-02..2026-01-03', 'is not a window'],
    ['2026-01-01..', 'is not a point in time'],
    ['2026-01-02..2026-01-01', 'ends before it starts'],
    ['2026-01-01..2026-01-01', 'ends before it starts or is empty'],
    ['2026-02-30..2026-03-01', 'is not a point in time'],
    ['2026-01-01T12:00:00..2026-01-02', 'is not a point in time'],
    ['2026-01-01T25:00:00Z..2026-01-02', 'is not a point in time'],
    ['\u001b[2J..2026-01-02', 'x1b[2J" is not a point in time'],
  ])('written as %j is refused with what to do', (text, message) => {
    expect(() => parseAuditWindow(text)).toThrow(UserError);
    expect(() => parseAuditWindow(text)).toThrow(message);
    expect(() => parseAuditWindow(text)).toThrow(' — ');
  });
});

describe('an instant', () => {
  test.each([
    ['2026-01-31', Date.UTC(2026, 0, 31)],
    ['2026-01-31T12:30Z', Date.UTC(2026, 0, 31, 12, 30)],
    ['2028-02-29T23:59:59.999-01:00', Date.UTC(2028, 2, 1, 0, 59, 59, 999)],
  ])('%s is understood', (text, at) => {
    expect(parseInstant(text)).toBe(at);
  });
});
