/** Runs side by side: the rows, what counts as a change, and how it reads in a narrow terminal. */
import { describe, expect, it } from 'vitest';
import type { FixEffects } from '../../src/effects/fix-effects.ts';
import { changeOf, changesOf, compareRuns } from '../../src/report/comparison.ts';
import { renderComparison } from '../../src/report/comparison-text.ts';
import type { RunReport } from '../../src/report/report.ts';
import { terminalStyle } from '../../src/report/style.ts';
import { audit, finding, SHARED } from '../support/judged.ts';
import { EFFECTS, expectation, report, run } from '../support/run-reports.ts';

const ASIS: FixEffects = {
  ...EFFECTS,
  sessions: { kept: 3, leftBehind: 0, resumed: 3, lost: 0 },
  messages: { ...EFFECTS.messages, deliveries: { ...deliveries(0) } },
  takeovers: { count: 30, perMinute: 120, lastAfterMs: 4900 },
  connects: { perSecond: 9.5, perSecondMax: 12 },
  certificatesShared: { real: 2, found: 0 },
};

function deliveries(lost: number) {
  return { due: 9, lost, duplicated: 0, waiting: 0, notCounted: 0 };
}

function runOf(name: string | undefined, effects: FixEffects, more: Partial<RunReport> = {}) {
  const fix =
    name === undefined ? {} : { fix: { name, title: 'A fix', costs: ['a cost'], parts: [] } };
  return run([expectation('met')], { effects, ...fix, ...more });
}

const row = (runs: readonly RunReport[], id: string) =>
  compareRuns(report(runs)).rows.find((one) => one.id === id);

describe('the rows of a comparison', () => {
  it('are the same for all runs, also for those in which a value is missing', () => {
    const { lastAfterMs: _none, ...quiet } = ASIS.takeovers;
    const runs = [runOf(undefined, ASIS), runOf('f', { ...ASIS, takeovers: quiet })];
    expect(row(runs, 'last-takeover')?.values).toEqual([4900, undefined]);
    expect(row(runs, 'broker-cpu')).toBeUndefined();
  });

  it('say better or worse where the change is clear, and nothing where it is noise', () => {
    const after: FixEffects = {
      ...ASIS,
      takeovers: { count: 0, perMinute: 0 },
      messages: { ...ASIS.messages, deliveries: deliveries(4) },
      connects: { perSecond: 9, perSecondMax: 12 },
    };
    const runs = [runOf(undefined, ASIS), runOf('f', after)];
    const { better, worse } = changesOf(compareRuns(report(runs)), 1);
    expect(better.map(({ id }) => id)).toEqual(['takeovers-per-minute']);
    expect(worse.map(({ id }) => id)).toEqual(['messages-lost']);
  });

  it('a shared certificate that comes to light is no damage, one that is new is', () => {
    const found = { audit: audit([finding(SHARED, 'one'), finding(SHARED, 'two')]) };
    const light = { ...ASIS, certificatesShared: { real: 2, found: 2 } };
    const added = { ...ASIS, certificatesShared: { real: 4, found: 2 } };
    const runs = [runOf(undefined, ASIS), runOf('f', light, found), runOf('g', added, found)];
    const findings = row(runs, `findings-${SHARED}`);
    expect(findings?.values).toEqual([0, 2, 2]);
    expect(findings && [1, 2].map((one) => changeOf(findings, one))).toEqual([undefined, 'worse']);
  });

  it('are there for reports from before effects were measured', () => {
    const { effects: _none, ...old } = runOf(undefined, ASIS);
    expect(compareRuns(report([old, old])).rows.length).toBeGreaterThan(0);
  });
});

describe('a comparison in a terminal', () => {
  const names = [
    'client-id-uuid',
    'backoff',
    'a+b',
    'one',
    'two',
    `evil\u001b[31m${'x'.repeat(99)}`,
  ];
  const six = report([
    runOf(undefined, ASIS),
    ...names.map((name, n) =>
      runOf(name, { ...ASIS, takeovers: { count: n, perMinute: n * 1000, lastAfterMs: 5 } }),
    ),
  ]);

  it.each([60, 80, 100, 160])('is no wider than %i columns with six fixes', (width) => {
    const text = renderComparison(six, terminalStyle(false, width));
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(width);
    expect(text).not.toContain('\u001b');
  });

  it('repeats the run without a fix in every table, and explains its letters', () => {
    const text = renderComparison(six, terminalStyle(false, 80));
    expect(text.match(/│ as is/g)).toHaveLength(2);
    for (const letter of 'ABCDEF') expect(text).toMatch(new RegExp(`^  ${letter}  `, 'm'));
    expect(text).toContain('5,000/min');
  });

  it('puts names over the columns where they fit', () => {
    const two = report([runOf(undefined, ASIS), runOf('backoff', ASIS)]);
    const text = renderComparison(two, terminalStyle(false, 100));
    expect(text).toMatch(/│ as is +│ backoff +│/);
    expect(text).not.toMatch(/^ {2}A {2}/m);
  });

  it('tells what is the same in one sentence, what changed for each fix, and costs once', () => {
    const text = renderComparison(six, terminalStyle(false, 120)).replaceAll(/\s+/g, ' ');
    expect(text).toContain('the same');
    expect(text).toContain('client IDs one can guess 3');
    expect(text).toContain('better: takeovers per minute 120/min → 0/min');
    expect(text).toContain('worse: takeovers per minute 120/min → 5,000/min');
    expect(text.match(/a cost/g)).toHaveLength(1);
  });

  it('keeps the rows that readers look for, changed or not', () => {
    const two = report([runOf(undefined, ASIS), runOf('f', ASIS)]);
    const text = renderComparison(two, terminalStyle(false, 100));
    for (const label of [SHARED, 'takeovers per minute', 'messages lost']) {
      expect(text.replaceAll(/\s*│\n│\s*/g, '')).toMatch(new RegExp(`│ .*${label.slice(0, 12)}`));
    }
  });
});
