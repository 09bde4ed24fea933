/** Baselines: what was recorded compares as unchanged, and every change is one sentence. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import {
  type Baseline,
  compareWithBaseline,
  comparisonOutcome,
  formatBaseline,
  type MatrixState,
  recordBaseline,
} from '../../src/matrix/baseline.ts';
import { parseBaseline, readBaselineIfAny } from '../../src/matrix/baseline-file.ts';
import { type CellResult, cellId } from '../../src/matrix/cell.ts';
import { cellFilter } from '../../src/matrix/select.ts';
import type { Outcome } from '../../src/verdict/outcome.ts';
import { cell, randomCells } from '../support/matrix-results.ts';

const state = (cells: readonly CellResult[], brokers = {}): MatrixState => ({
  name: 'mine',
  toolVersion: '0.1.0',
  brokers,
  cells,
});
const compare = (after: MatrixState, before: Baseline, options = {}) =>
  compareWithBaseline(after, before, { file: 'base.json', ...options });
const sentences = (before: readonly CellResult[], after: readonly CellResult[]) =>
  compare(state(after), recordBaseline(state(before))).changes.map(({ sentence }) => sentence);

describe('a recorded baseline', () => {
  it('compares as unchanged with what it was recorded from', () => {
    fc.assert(
      fc.property(randomCells, (cells) => {
        const comparison = compare(state(cells), recordBaseline(state(cells)));
        expect(comparison.changes).toEqual([]);
        expect(comparison.notes).toEqual([]);
        expect(comparisonOutcome(comparison)).toBe('met');
      }),
    );
  });

  it('reads back from its file as it was, whatever stands in its texts', () => {
    fc.assert(
      fc.property(randomCells, (cells) => {
        const baseline = recordBaseline(state(cells, { mosquitto: 'mosquitto 2.0.11' }));
        // A lone surrogate has no form in UTF-8.
        const text = formatBaseline(baseline);
        expect(parseBaseline(text, 'f')).toEqual(JSON.parse(text));
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(baseline)));
      }),
    );
  });

  it('is the same text whatever the order in which the cells ran', () => {
    fc.assert(
      fc.property(randomCells, (cells) => {
        const text = formatBaseline(recordBaseline(state(cells)));
        expect(formatBaseline(recordBaseline(state([...cells].reverse())))).toBe(text);
      }),
    );
  });

  it('holds nothing that differs from run to run, and a line for each expectation', () => {
    const one = cell('b/c/s', 'unmet', { durationMs: 1, folder: 'here', because: 'port 1234' });
    const two = cell('b/c/s', 'unmet', { durationMs: 2, folder: 'there', because: 'port 5678' });
    const text = formatBaseline(recordBaseline(state([one])));
    expect(text).toBe(formatBaseline(recordBaseline(state([two]))));
    expect(text.split('\n').filter((line) => line.includes('s goes well'))).toHaveLength(1);
  });

  it('keeps the cells of an earlier one that were not part of the selection', () => {
    const first = recordBaseline(state([cell('a/x/s', 'met'), cell('b/x/s', 'met')], { a: 'a 1' }));
    const wanted = cellFilter({ brokers: ['b'] });
    const again = recordBaseline(state([cell('b/x/s', 'unmet')], { b: 'b 2' }), first, wanted);
    expect(again.cells.map(({ broker, outcome }) => `${broker} ${outcome}`)).toEqual([
      'a met',
      'b unmet',
    ]);
    expect(again.brokers).toEqual({ a: 'a 1', b: 'b 2' });
  });
});

describe('a comparison', () => {
  it('has exactly one sentence for each cell whose outcome changed, came or went', () => {
    fc.assert(
      fc.property(randomCells, randomCells, (before, after) => {
        const { changes } = compare(state(after), recordBaseline(state(before)));
        const ids = changes.map(cellId);
        expect(new Set(ids).size).toBe(ids.length);
        const was = new Map(before.map((one) => [cellId(one), one.outcome]));
        const is = new Map(after.map((one) => [cellId(one), one.outcome]));
        for (const id of new Set([...was.keys(), ...is.keys()])) {
          if (was.get(id) !== is.get(id)) expect(ids).toContain(id);
          else if (is.get(id) !== 'unmet') expect(ids).not.toContain(id);
        }
        for (const { sentence } of changes) expect(sentence.length).toBeGreaterThan(10);
      }),
    );
  });

  it.each<[Outcome, Outcome, string]>([
    ['met', 'unmet', 'mosquitto/open, MQTT 5: after this change theft harms the owner (theft)'],
    [
      'unmet',
      'met',
      'mosquitto/open, MQTT 5: after this change it no longer happens that theft harms the owner (theft)',
    ],
    [
      'met',
      'inconclusive',
      "mosquitto/open, MQTT 5: theft was met and can't be told any more: it was inconclusive",
    ],
    [
      'inconclusive',
      'unmet',
      'mosquitto/open, MQTT 5: theft could not be told before; now theft harms the owner',
    ],
    [
      'inconclusive',
      'met',
      'mosquitto/open, MQTT 5: theft could not be told before; now it is met',
    ],
  ])('%s → %s is said in the words of the risk', (before, after, sentence) => {
    const name = 'mosquitto/open/theft';
    expect(sentences([cell(name, before)], [cell(name, after)])).toEqual([sentence]);
  });

  it('says what is new and what has vanished', () => {
    expect(sentences([cell('b/c/old', 'met')], [cell('b/c/new', 'unmet')])).toEqual([
      'b/c, MQTT 5: new is not in the baseline; new harms the owner',
      'b/c, MQTT 5: old is no longer part of the matrix; it was met',
    ]);
  });

  it('sees that an unmet cell is unmet for another reason', () => {
    const expectation = (text: string, outcome: Outcome) => ({
      text,
      outcome,
      because: 'seen',
      risk: `${text} is lost`,
    });
    const before = cell('b/c/s', 'unmet', {
      expectations: [expectation('one', 'unmet'), expectation('two', 'met')],
    });
    const after = cell('b/c/s', 'unmet', {
      expectations: [expectation('one', 'met'), expectation('two', 'unmet')],
    });
    expect(sentences([before], [after])).toEqual([
      'b/c, MQTT 5: after this change two is lost; and it no longer happens that one is lost (s)',
    ]);
  });

  it('looks only at the cells that were selected, and not at those that were skipped', () => {
    const baseline = recordBaseline(state([cell('a/x/s', 'met'), cell('b/x/s', 'met')]));
    const wanted = cellFilter({ brokers: ['b'] });
    expect(compare(state([cell('b/x/s', 'met')]), baseline, { wanted }).changes).toEqual([]);
    expect(compare(state([cell('b/x/s', 'met')]), baseline).changes).toMatchObject([
      { kind: 'vanished', broker: 'a' },
    ]);
    const skipped = [cell('a/x/s', 'met')];
    expect(compare(state([cell('b/x/s', 'met')]), baseline, { skipped }).changes).toEqual([]);
  });

  it('notes another version of a broker, which is no change', () => {
    const before = recordBaseline(state([cell('b/c/s', 'met')], { b: 'b 1' }));
    const comparison = compare(state([cell('b/c/s', 'met')], { b: 'b 2' }), before);
    expect(comparison.notes).toEqual(['b: the baseline was recorded with b 1, this is b 2']);
    expect(comparisonOutcome(comparison)).toBe('met');
  });

  it.each<[Outcome, Outcome, Outcome]>([
    ['met', 'met', 'met'],
    ['unmet', 'unmet', 'met'],
    ['inconclusive', 'inconclusive', 'met'],
    ['met', 'unmet', 'unmet'],
    ['unmet', 'met', 'unmet'],
    ['inconclusive', 'met', 'unmet'],
    ['met', 'inconclusive', 'inconclusive'],
  ])('of %s with %s is %s', (before, after, outcome) => {
    const baseline = recordBaseline(state([cell('b/c/s', before)]));
    expect(comparisonOutcome(compare(state([cell('b/c/s', after)]), baseline))).toBe(outcome);
  });
});

describe('a baseline file', () => {
  const text = formatBaseline(recordBaseline(state([cell('b/c/s', 'met')])));

  it.each([
    ['no JSON', '<<<<<<< HEAD\n{}'],
    ['doppelfleet', '{}'],
    ['baselineVersion', text.replace('"baselineVersion": 1', '"baselineVersion": 2')],
    ['cells.0.outcome', text.replace('"outcome":"met"', '"outcome":"green"')],
    [
      'a cell is twice',
      text.replace('"cells": [', (all) => `${all}${/\{"broker[\s\S]*?\]\}/.exec(text)?.[0]},`),
    ],
  ])('that is wrong says so: %s', (says, content) => {
    const attempt = () => parseBaseline(content, 'base.json');
    expect(attempt).toThrow(UserError);
    expect(attempt).toThrow(says);
    expect(attempt).toThrow('base.json');
  });

  it('need not exist before the first recording', async () => {
    expect(await readBaselineIfAny('/nonexistent/base.json')).toBeUndefined();
  });
});
