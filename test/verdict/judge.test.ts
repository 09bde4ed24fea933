/** The verdict: met, unmet or inconclusive for every kind of expectation, and why. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JudgeInput } from '../../src/verdict/expectation.ts';
import { mergeOutcomes, type Outcome } from '../../src/verdict/outcome.ts';
import { judge } from '../../src/verdict/verdict.ts';
import { audit, CONFLICT, finding, judgeInput, planted, SHARED } from '../support/judged.ts';

type Given = NonNullable<Parameters<typeof judgeInput>[0]>;

/** `<kind>: <outcome>` of everything but the generator's own health. */
function outcomes(given: Given): readonly string[] {
  return judge(judgeInput(given))
    .expectations.filter(({ kind }) => kind !== 'generator')
    .map(({ kind, outcome }) => `${kind}: ${outcome}`);
}

function because(given: Given): string {
  return judge(judgeInput(given)).expectations.at(-1)?.because ?? '';
}

const found = finding(CONFLICT, 'clone');
const blind = { [CONFLICT]: ['closed: missing on 3 of 9 sessions'] };

describe('devices that the broker must refuse', () => {
  const mustBeRefused = ['b-1', 'b-2'];

  it.each<[string, Given, readonly string[]]>([
    ['none is expected where none must be refused', {}, []],
    ['met when none ever connected', { mustBeRefused, neverConnected: ['b-2', 'b-1'] }, ['met']],
    ['unmet when one did', { mustBeRefused, neverConnected: ['b-1', 'a-1'] }, ['unmet']],
    ['open in a run that was cut short', { mustBeRefused, failure: 'it died' }, ['inconclusive']],
  ])('%s', (_what, given, expected) => {
    const { expectations } = judge(judgeInput(given));
    const refused = expectations.filter(({ kind }) => kind === 'refused');
    expect(refused.map(({ outcome }) => outcome)).toEqual(expected);
  });

  it('are named when they connected', () => {
    const { expectations } = judge(judgeInput({ mustBeRefused, neverConnected: ['b-1'] }));
    expect(expectations.find(({ kind }) => kind === 'refused')).toMatchObject({
      text: 'the broker refuses the 2 devices that it must',
      because: '1 connected: b-2',
    });
  });
});

describe('planted findings', () => {
  const expectPlanted = { findings: 'planted' } as const;

  it.each<[string, Given, readonly string[]]>([
    ['nothing planted, nothing found', {}, ['no-other: met']],
    [
      'planted and found',
      { planted: [planted(CONFLICT, 'clone')], audit: audit([found]) },
      ['planted: met', 'no-other: met'],
    ],
    [
      'planted and not found',
      { planted: [planted(CONFLICT, 'clone')] },
      ['planted: unmet', 'no-other: met'],
    ],
    ['found and not planted', { audit: audit([found]) }, ['no-other: unmet']],
    [
      'the right check on another resource',
      { planted: [planted(CONFLICT, 'clone')], audit: audit([finding(CONFLICT, 'other')]) },
      ['planted: unmet', 'no-other: unmet'],
    ],
    [
      'the right resource by another check',
      { planted: [planted(SHARED, 'clone')], audit: audit([found]) },
      ['planted: unmet', 'no-other: unmet'],
    ],
    [
      'two checks, one of them without its finding',
      { planted: [planted(CONFLICT, 'clone'), planted(SHARED, 'c1')], audit: audit([found]) },
      ['planted: met', 'planted: unmet', 'no-other: met'],
    ],
    [
      'not found by a check that lacks evidence',
      { planted: [planted(CONFLICT, 'clone')], audit: audit([], blind) },
      ['planted: inconclusive', 'no-other: inconclusive'],
    ],
    [
      'found although the check lacks evidence',
      { planted: [planted(CONFLICT, 'clone')], audit: audit([found], blind) },
      ['planted: met', 'no-other: inconclusive'],
    ],
    [
      'planted for a check that was not asked for',
      { planted: [planted(CONFLICT, 'clone')], audit: audit([], {}, [SHARED]) },
      ['planted: inconclusive', 'no-other: met'],
    ],
    [
      'planted by devices of which too few were ever connected',
      { planted: [planted(CONFLICT, 'clone')], neverConnected: ['a-2'] },
      ['planted: inconclusive', 'no-other: met'],
    ],
    [
      'planted by devices of which enough were connected',
      { planted: [planted(CONFLICT, 'clone', ['a-1', 'a-2', 'a-3'])], neverConnected: ['a-2'] },
      ['planted: unmet', 'no-other: met'],
    ],
    [
      'planted by one device on itself',
      { planted: [planted(CONFLICT, 'clone', ['a-1', 'a-2'], 1)], neverConnected: ['a-2'] },
      ['planted: unmet', 'no-other: met'],
    ],
    [
      'left to chance and found',
      { undecided: [planted(CONFLICT, 'clone')], audit: audit([found]) },
      ['no-other: met'],
    ],
    [
      'left to chance and not found',
      { undecided: [planted(CONFLICT, 'clone')] },
      ['no-other: met'],
    ],
    [
      'another than what is left to chance',
      { undecided: [planted(CONFLICT, 'clone')], audit: audit([finding(CONFLICT, 'other')]) },
      ['no-other: unmet'],
    ],
    [
      'suppressed and not planted',
      { audit: audit([finding(CONFLICT, 'clone', { isSuppressed: true })]) },
      ['no-other: met'],
    ],
  ])('%s', (_what, given, expected) => {
    expect(outcomes({ expect: expectPlanted, ...given })).toEqual(expected);
  });

  it('names those that are missing although their devices were there, and no others', () => {
    const { expectations } = judge(
      judgeInput({
        expect: expectPlanted,
        planted: [
          planted(CONFLICT, 'one', ['a-1', 'a-2']),
          planted(CONFLICT, 'two', ['b-1', 'b-2']),
        ],
        neverConnected: ['a-1'],
      }),
    );
    const missing = expectations.find(({ kind }) => kind === 'planted');
    expect(missing?.because).toBe('1 of 2 not found: two');
  });

  it('shows three of many, and no control characters', () => {
    const many = Array.from({ length: 9 }, (_, i) => planted(CONFLICT, `\u001b[2J${i}`));
    const { expectations } = judge(judgeInput({ expect: expectPlanted, planted: many }));
    const missing = expectations.find(({ kind }) => kind === 'planted');
    expect(missing?.because).toBe('9 of 9 not found: \\x1b[2J0, \\x1b[2J1, \\x1b[2J2, …');
  });

  it('says which findings each answer is about', () => {
    const other = finding(SHARED, 'c1');
    const { expectations } = judge(
      judgeInput({
        expect: expectPlanted,
        planted: [planted(CONFLICT, 'clone')],
        audit: audit([found, other]),
      }),
    );
    expect(expectations.map(({ kind, findings }) => [kind, findings])).toEqual([
      ['generator', []],
      ['planted', ['finding of clone']],
      ['no-other', ['finding of c1']],
    ]);
  });
});

describe('no findings', () => {
  it.each<[string, Given, Outcome]>([
    ['found none', {}, 'met'],
    ['found one', { audit: audit([found]) }, 'unmet'],
    [
      'found only a suppressed one',
      { audit: audit([finding(CONFLICT, 'x', { isSuppressed: true })]) },
      'met',
    ],
    ['a check lacks evidence', { audit: audit([], blind) }, 'inconclusive'],
    ['found one although a check lacks evidence', { audit: audit([found], blind) }, 'unmet'],
    ['no check was made', { audit: audit([], {}, []) }, 'inconclusive'],
  ])('%s', (_what, given, outcome) => {
    expect(outcomes({ expect: { findings: 'none' }, ...given })).toEqual([`none: ${outcome}`]);
  });
});

describe('explicit findings', () => {
  const certificateIds = new Map([['a-1', 'c1']]);
  const all = audit([
    finding(CONFLICT, 'clone', { diagnosis: 'half-open-reconnect' }),
    finding(SHARED, 'c1'),
  ]);
  const patterns = [
    [{ check: CONFLICT }, true],
    [{ check: CONFLICT, clientId: 'clone' }, true],
    [{ check: CONFLICT, clientId: 'Clone' }, false],
    [{ check: CONFLICT, diagnosis: 'half-open-reconnect' }, true],
    [{ check: CONFLICT, diagnosis: 'rival-devices' }, false],
    [{ check: CONFLICT, clientId: 'clone', diagnosis: 'rival-devices' }, false],
    [{ check: SHARED, certificate: 'a-1' }, true],
    [{ check: SHARED, certificate: 'c1' }, true],
    [{ check: SHARED, certificate: 'a-2' }, false],
    [{ check: SHARED, clientId: 'clone' }, false],
  ] as const;

  it.each(patterns)('%j is found: %s', (pattern, there) => {
    const given = (findings: {
      expected?: [typeof pattern];
      forbidden?: [typeof pattern];
    }): Given => ({
      expect: { findings: { expected: [], forbidden: [], ...findings } },
      audit: all,
      certificateIds,
    });
    expect(outcomes(given({ expected: [pattern] }))).toEqual([
      `expected: ${there ? 'met' : 'unmet'}`,
    ]);
    expect(outcomes(given({ forbidden: [pattern] }))).toEqual([
      `forbidden: ${there ? 'unmet' : 'met'}`,
    ]);
  });

  it.each([
    ['lacks evidence', audit([], blind)],
    ['was not asked for', audit([], {}, [SHARED])],
  ])('are inconclusive when their check %s', (_what, result) => {
    const findings = {
      expected: [{ check: CONFLICT } as const],
      forbidden: [{ check: CONFLICT } as const],
    };
    expect(outcomes({ expect: { findings }, audit: result })).toEqual([
      'expected: inconclusive',
      'forbidden: inconclusive',
    ]);
  });

  it('are not met by a suppressed one, nor broken', () => {
    const findings = {
      expected: [{ check: CONFLICT } as const],
      forbidden: [{ check: CONFLICT } as const],
    };
    const suppressed = audit([finding(CONFLICT, 'x', { isSuppressed: true })]);
    expect(outcomes({ expect: { findings }, audit: suppressed })).toEqual([
      'expected: unmet',
      'forbidden: met',
    ]);
  });
});

describe('thresholds', () => {
  it.each([
    ['<', [true, false, false]],
    ['<=', [true, true, false]],
    ['>', [false, false, true]],
    ['>=', [false, true, true]],
    ['==', [false, true, false]],
    ['!=', [true, false, true]],
  ])('%s 5 holds for 4.999, 5 and 5.001 as %j', (operator, expected) => {
    const met = [4.999, 5, 5.001].map(
      (value) =>
        outcomes({
          expect: { thresholds: [`takeovers.count ${operator} 5`] },
          metrics: { 'takeovers.count': value },
        })[0] === 'threshold: met',
    );
    expect(met).toEqual(expected);
  });

  it('over what was not measured are inconclusive', () => {
    const given = { expect: { thresholds: ['connects.latency.p99 < 50ms'] } };
    expect(outcomes(given)).toEqual(['threshold: inconclusive']);
    expect(because(given)).toBe('connects.latency.p99 was not measured');
  });

  it('over what is no number hold for nothing', () => {
    const given = (operator: string) =>
      outcomes({
        expect: { thresholds: [`takeovers.rate ${operator} 5/s`] },
        metrics: { 'takeovers.rate': Number.NaN },
      });
    expect(['<', '>', '=='].flatMap(given)).toEqual(Array(3).fill('threshold: unmet'));
  });

  it('say what the value was', () => {
    const metrics = { 'takeovers.count': 1234.5678, 'takeovers.rate': 0.123456 };
    const thresholds = ['takeovers.count > 5', 'takeovers.rate > 5/s'];
    const said = judge(judgeInput({ expect: { thresholds }, metrics })).expectations;
    expect(said.slice(1).map((one) => one.because)).toEqual([
      'takeovers.count is 1,234.6',
      'takeovers.rate is 0.12',
    ]);
  });
});

describe('the run itself', () => {
  const everything: Given = {
    expect: {
      findings: { expected: [{ check: CONFLICT }], forbidden: [{ check: SHARED }] },
      thresholds: ['takeovers.count > 5', 'connects.failed == 0'],
    },
    audit: audit([finding(SHARED, 'c1')]),
    metrics: { 'takeovers.count': 1, 'connects.failed': 0 },
    quiet: false,
  };

  it('that was sound lets what is unmet be unmet', () => {
    expect(outcomes(everything)).toEqual([
      'expected: unmet',
      'forbidden: unmet',
      'threshold: unmet',
      'threshold: met',
      'quiet: unmet',
    ]);
  });

  it.each<[string, Omit<Partial<JudgeInput>, 'expect'>, string]>([
    ['was cut short', { failure: 'the broker died' }, 'broker'],
    [
      'let nobody in',
      { metrics: { 'connects.accepted': 0, 'takeovers.count': 1, 'connects.failed': 0 } },
      'broker',
    ],
    [
      'was late by its own fault',
      { metrics: { 'connects.lateness.p99': 251, 'takeovers.count': 1, 'connects.failed': 0 } },
      'generator',
    ],
  ])('that %s proves nothing against anybody', (_what, more, kind) => {
    const verdict = judge(judgeInput({ ...everything, ...more }));
    expect(verdict.outcome).toBe('inconclusive');
    expect(verdict.expectations.filter(({ outcome }) => outcome === 'unmet')).toEqual([]);
    expect(verdict.expectations.find((one) => one.kind === kind)?.outcome).toBe('inconclusive');
    expect(
      verdict.expectations.find((one) => one.text.startsWith('connects.failed'))?.outcome,
    ).toBe('met');
  });

  it('is on time up to the limit and not beyond', () => {
    const at = (p99: number) =>
      judge(judgeInput({ metrics: { 'connects.lateness.p99': p99 } })).expectations[0]?.outcome;
    expect([249, 250, 250.01].map(at)).toEqual(['met', 'met', 'inconclusive']);
  });

  it('without a settle stage is not asked to become quiet', () => {
    expect(outcomes({ quiet: undefined })).toEqual([]);
    expect(outcomes({ quiet: true })).toEqual(['quiet: met']);
    expect(outcomes({ quiet: false })).toEqual(['quiet: unmet']);
  });

  it('that was asked nothing and measured nothing is inconclusive', () => {
    const nothing = { ...judgeInput(), metrics: {} };
    expect(judge(nothing)).toEqual({ outcome: 'inconclusive', expectations: [] });
  });
});

describe('mergeOutcomes', () => {
  it('lets failing beat inconclusive, and inconclusive beat passing', () => {
    expect(mergeOutcomes(['met', 'inconclusive', 'unmet'])).toBe('unmet');
    expect(mergeOutcomes(['met', 'inconclusive'])).toBe('inconclusive');
    expect(mergeOutcomes(['met', 'met'])).toBe('met');
    expect(mergeOutcomes([])).toBe('inconclusive');
  });

  it('does not care about order, nor about how they are grouped', () => {
    const list = fc.array(fc.constantFrom<Outcome>('met', 'unmet', 'inconclusive'), {
      minLength: 1,
    });
    fc.assert(
      fc.property(list, list, (a, b) => {
        const all = mergeOutcomes([...a, ...b]);
        expect(mergeOutcomes([...b, ...a])).toBe(all);
        expect(mergeOutcomes([mergeOutcomes(a), mergeOutcomes(b)])).toBe(all);
      }),
    );
  });
});

it('the verdict is the merger of its expectations, and none of them lacks a reason', () => {
  const outcomesOf = fc.record({
    quiet: fc.constantFrom(undefined, true, false),
    failure: fc.constantFrom(undefined, 'it died'),
    takeovers: fc.nat(9),
    lateness: fc.nat(500),
    findings: fc.constantFrom('planted' as const, 'none' as const, undefined),
    isFound: fc.boolean(),
    isPlanted: fc.boolean(),
    isBlind: fc.boolean(),
  });
  fc.assert(
    fc.property(outcomesOf, (one) => {
      const verdict = judge(
        judgeInput({
          expect: {
            thresholds: ['takeovers.count >= 5'],
            ...(one.findings === undefined ? {} : { findings: one.findings }),
          },
          metrics: { 'takeovers.count': one.takeovers, 'connects.lateness.p99': one.lateness },
          planted: one.isPlanted ? [planted(CONFLICT, 'clone')] : [],
          audit: audit(one.isFound ? [found] : [], one.isBlind ? blind : {}),
          quiet: one.quiet,
          ...(one.failure === undefined ? {} : { failure: one.failure }),
        }),
      );
      expect(verdict.outcome).toBe(
        mergeOutcomes(verdict.expectations.map(({ outcome }) => outcome)),
      );
      for (const { text, because: why } of verdict.expectations) expect(text && why).toBeTruthy();
      if (one.failure !== undefined || one.lateness > 250)
        expect(verdict.outcome).toBe('inconclusive');
    }),
  );
});
