/** JUnit XML: well-formed whatever stands in a report, with counts that are right. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderJunit } from '../../src/report/junit.ts';
import type { Outcome } from '../../src/verdict/outcome.ts';
import { EFFECTS, expectation, mitigation, ROTATION, report, run } from '../support/run-reports.ts';
import { parseXml, type XmlElement } from '../support/xml.ts';

const numbers = ({ attributes }: XmlElement) =>
  ['tests', 'failures', 'errors'].map((key) => Number(attributes[key]));

describe('renderJunit', () => {
  it('makes a suite of each run and a case of each expectation', () => {
    const fix = { name: 'uuid', title: 'Client ID is a UUID', costs: [], parts: [] };
    const root = parseXml(
      renderJunit([
        report([
          run([expectation('met'), expectation('unmet', 'a < b', 'it is 3 & "more"')]),
          run([expectation('inconclusive')], { fix }),
        ]),
      ]),
    );
    expect(root.name).toBe('testsuites');
    expect(numbers(root)).toEqual([3, 1, 1]);
    const [before, after] = root.children;
    expect(before?.attributes).toMatchObject({
      name: 'a-scenario',
      time: '7.234',
      timestamp: '2026-01-02T03:04:05',
      skipped: '0',
    });
    expect(after?.attributes.name).toBe('a-scenario with uuid');
    const cases = before?.children.filter(({ name }) => name === 'testcase') ?? [];
    expect(cases.map(({ attributes }) => attributes.name)).toEqual(['text', 'a < b']);
    expect(cases[0]?.children).toEqual([]);
    expect(cases[1]?.children).toEqual([
      {
        name: 'failure',
        attributes: { message: 'it is 3 & "more"', type: 'unmet' },
        children: [],
        text: 'it is 3 & "more"',
      },
    ]);
  });

  it('takes what is inconclusive for an error, never for a pass', () => {
    const root = parseXml(renderJunit([report([run([expectation('inconclusive')])])]));
    const testcase = root.children[0]?.children.find(({ name }) => name === 'testcase');
    expect(testcase?.children.map(({ name }) => name)).toEqual(['error']);
  });

  it('says how to repeat the run and where its evidence lies', () => {
    const root = parseXml(renderJunit([report([run([])])]));
    const properties = root.children[0]?.children.find(({ name }) => name === 'properties');
    const pairs = properties?.children.map(({ attributes: { name, value } }) => [name, value]);
    expect(Object.fromEntries(pairs ?? [])).toMatchObject({
      seed: '7',
      history: 'runs/run/history.ndjson',
      reproduce: 'doppelfleet run a-scenario --seed 7',
    });
  });

  it('tells what was measured and what was done about the findings', () => {
    const done = run([expectation('met')], {
      effects: EFFECTS,
      mitigation: mitigation(['COMPLETED', 'FAILED', 'SKIPPED']),
      rotation: ROTATION,
      notes: ['a note'],
    });
    const root = parseXml(renderJunit([report([done])]));
    expect(numbers(root)).toEqual([5, 1, 2]);
    const suite = root.children[0];
    const properties = suite?.children.find(({ name }) => name === 'properties')?.children ?? [];
    expect(properties.map(({ attributes }) => attributes)).toContainEqual({
      name: 'effect.messages-lost',
      value: '4',
    });
    expect(suite?.children.at(-1)).toMatchObject({ name: 'system-out', text: 'a note' });
  });

  it('is whole without any report, and for a run whose clock went backwards', () => {
    expect(numbers(parseXml(renderJunit([])))).toEqual([0, 0, 0]);
    const backwards = run([], { startedAt: 1000, endedAt: 0 });
    const root = parseXml(renderJunit([report([backwards])]));
    expect(root.children[0]?.attributes.time).toBe('0.000');
  });

  it('is well-formed and counts right whatever the texts hold', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({
        unit: fc.constantFrom(
          '<',
          '>',
          '&',
          '"',
          "'",
          ']]>',
          '<!--',
          '&#0;',
          '\u0000',
          '\u001b',
          '\ud800',
          '\udfff',
          '\ufffe',
          '\uffff',
          '\u0085',
          '\u2028',
          '\r',
          '\n',
          '😀',
          'a',
          '<?xml?>',
        ),
      }),
      fc.constant('x'.repeat(10_000)),
    );
    const one = fc
      .tuple(fc.constantFrom<Outcome>('met', 'unmet', 'inconclusive'), hostile, hostile)
      .map((parts) => expectation(...parts));
    const runs = fc.array(
      fc.tuple(fc.array(one, { maxLength: 5 }), hostile).map(([all, name]) =>
        run(all, {
          fix: { name, title: name, costs: [name], parts: [] },
          history: name,
          broker: { id: name, version: name, endpoint: name },
        }),
      ),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(runs, hostile), { maxLength: 3 }), (given) => {
        const reports = given.map(([all, name]) => ({ ...report(all, name), reproduce: name }));
        const root = parseXml(renderJunit(reports));
        const all = given.flatMap(([list]) => list.flatMap(({ verdict }) => verdict.expectations));
        const count = (outcome: Outcome) => all.filter((each) => each.outcome === outcome).length;
        expect(numbers(root)).toEqual([all.length, count('unmet'), count('inconclusive')]);
        const sums = root.children.map(numbers);
        expect([0, 1, 2].map((i) => sums.reduce((sum, each) => sum + (each[i] ?? 0), 0))).toEqual(
          numbers(root),
        );
        for (const suite of root.children) {
          const cases = suite.children.filter(({ name }) => name === 'testcase');
          expect(cases).toHaveLength(numbers(suite)[0] ?? 0);
        }
      }),
    );
  });
});

describe('the check for well-formed XML itself', () => {
  const head = '<?xml version="1.0" encoding="UTF-8"?>\n';
  it.each([
    '',
    '<a>',
    '</a>',
    '<a></b>',
    '<a/><b/>',
    '<a/>x',
    '<a b="1" b="2"/>',
    '<a b="<"/>',
    '<a b=1/>',
    '<a>&</a>',
    '<a>&nbsp;</a>',
    '<a>\u0001</a>',
    '<a>\ufffe</a>',
    '<a>></a>',
    '<a b="&"/>',
  ])('refuses %j', (text) => {
    expect(() => parseXml(head + text)).toThrow();
  });

  it('refuses a text without its declaration, and takes one that is right', () => {
    expect(() => parseXml('<a/>')).toThrow();
    expect(parseXml(`${head}<a b="&lt;">x<c/></a>\n`).attributes).toEqual({ b: '<' });
  });
});
