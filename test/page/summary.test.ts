/** Series over time, and what becomes of more sessions than a page can show. */
import { describe, expect, it } from 'vitest';
import { FLAG } from '../../src/page/columns.ts';
import { sessionsOf } from '../../src/page/run-sessions.ts';
import { binWidthMs, seriesOf } from '../../src/page/series.ts';
import { summarise } from '../../src/page/summarise.ts';
import { EPOCH, session } from '../support/history-events.ts';
import { collected } from '../support/page-records.ts';

const axis = { fromMs: 0, toMs: 4_000, binMs: 1_000 };

describe('series over time', () => {
  it('count connects, closes and takeovers where they happen, and what is open after each bin', () => {
    const { rows } = sessionsOf(
      collected([
        ...session('1', 'pump', 'a', [0, 1_500], 'session-taken-over'),
        ...session('2', 'pump', 'b', [1_500, 3_999]),
        ...session('3', 'other', 'c', [200, 300]),
      ]),
    );
    expect(seriesOf(rows, axis, EPOCH)).toEqual({
      binMs: 1_000,
      connects: [2, 1, 0, 0],
      closes: [1, 1, 0, 1],
      takeovers: [0, 1, 0, 0],
      failed: [0, 0, 0, 0],
      open: [1, 1, 1, 0],
      latencyP50: [null, null, null, null],
      latencyP99: [null, null, null, null],
    });
  });

  it.each([1, 999, 6_000, 3_600_000, 366 * 86_400_000])(
    'have bins of a round width, never more than a chart has room for (%d ms)',
    (spanMs) => {
      const width = binWidthMs(spanMs);
      expect(String(width)).toMatch(/^[125]0*$/);
      expect(width).toBeGreaterThanOrEqual(200);
      expect(spanMs / width).toBeLessThanOrEqual(160);
    },
  );
});

describe('more sessions than a page can show', () => {
  const quiet = Array.from({ length: 40 }, (_, n) =>
    session(`q${n}`, `quiet-${n}`, 'a', [n * 50, n * 50 + 1_000]),
  ).flat();
  const loud = Array.from({ length: 10 }, (_, n) =>
    session(`l${n}`, 'loud', 'b', [n * 100, n * 100 + 100], 'session-taken-over'),
  ).flat();
  const { rows } = sessionsOf(collected([...quiet, ...loud]));
  const client = (n: number): string => (n === 40 ? 'loud' : `quiet-${n}`);
  for (const row of rows) if (client(row.client) === 'loud') row.flags |= FLAG.inFinding;

  it('are all shown when there is room', () => {
    const summary = summarise(rows, { shownMax: 50, axis, startedAt: EPOCH });
    expect(summary).toEqual({ shown: rows, bands: [] });
  });

  it('leave the lanes of findings whole, and none is lost from the count', () => {
    const { shown, bands } = summarise(rows, { shownMax: 12, axis, startedAt: EPOCH });
    expect(shown.filter((row) => client(row.client) === 'loud')).toHaveLength(10);
    expect(shown).toHaveLength(12);
    const counted = bands.reduce((sum, band) => sum + band.sessions, 0);
    expect(shown.length + counted).toBe(rows.length);
    expect(bands.reduce((sum, band) => sum + band.lanes, 0)).toBe(38);
  });

  it('show a finding’s lane even where that takes more than there is room for', () => {
    const { shown } = summarise(rows, { shownMax: 6, axis, startedAt: EPOCH });
    expect(shown.map((row) => client(row.client))).toEqual(Array(10).fill('loud'));
  });

  it('tell in each bin how many of the others were open', () => {
    const { bands } = summarise(rows, { shownMax: 12, axis, startedAt: EPOCH });
    const open = [0, 1, 2, 3].map((bin) =>
      bands.reduce((sum, band) => sum + (band.open[bin] ?? 0), 0),
    );
    // 38 of them begin 50 ms apart from 100 ms on, and last a second each.
    expect(open).toEqual([18, 38, 20, 0]);
  });
});
