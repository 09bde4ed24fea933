/** Results of matrices for tests: literal ones, random ones, and ones whose every text is hostile. */
import fc from 'fast-check';
import type { CellExpectation, CellKey, CellResult } from '../../src/matrix/cell.ts';
import { judgePairs, type PairPlan } from '../../src/matrix/pair.ts';
import { type MatrixResult, matrixOutcome } from '../../src/matrix/result.ts';
import { mergeOutcomes, type Outcome } from '../../src/verdict/outcome.ts';

export function cell(
  name: string,
  outcome: Outcome,
  { mqttVersion = '5', ...more }: Partial<CellResult> = {},
): CellResult {
  const [broker = '', configuration = '', scenario = ''] = name.split('/');
  const expectation = {
    text: `${scenario} goes well`,
    outcome,
    because: `it was ${outcome}`,
    risk: `${scenario} harms the owner`,
  };
  return {
    broker,
    configuration,
    scenario,
    mqttVersion,
    outcome,
    because: `it was ${outcome}`,
    expectations: outcome === 'inconclusive' ? [] : [expectation],
    brokerVersion: `${broker} 1.2.3`,
    folder: `${name}/mqtt-${mqttVersion}`,
    durationMs: 1500,
    reproduce: `npx doppelfleet matrix --only ${name} --mqtt-version ${mqttVersion}`,
    ...more,
  };
}

export function matrixResult(
  cells: readonly CellResult[],
  plans: readonly PairPlan[] = [],
  more: Partial<MatrixResult> = {},
): MatrixResult {
  const pairs = judgePairs(plans, cells);
  return {
    matrixVersion: 1,
    toolVersion: '0.1.0',
    name: 'mine',
    folder: 'runs/2026-01-02T03-04-05Z-matrix-mine',
    startedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
    endedAt: Date.UTC(2026, 0, 2, 3, 5, 5),
    interrupted: false,
    outcome: matrixOutcome(cells, pairs),
    brokers: Object.fromEntries(cells.map(({ broker }) => [broker, `${broker} 1.2.3`])),
    cells,
    pairs,
    notes: [],
    ...more,
  };
}

export function pairPlan(
  secure: Omit<CellKey, 'mqttVersion'>,
  insecure: Omit<CellKey, 'mqttVersion'>,
  more: Partial<PairPlan> = {},
): PairPlan {
  return {
    requirement: 'R1',
    title: 'a certificate is required',
    secure,
    insecure,
    versions: ['5'],
    ...more,
  };
}

/** Texts that try to be markup, commands or another line in every format there is. */
export const HOSTILE_TEXTS: readonly string[] = [
  '</style><script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '&lt;b&gt; &amp; ]]> <!-- -->',
  '| a | b |\n|---|---|\n- [x](http://evil.example)',
  '`code` **bold** <details> @team #1 GH-2',
  '\u001b[31mred\u001b]8;;http://evil.example\u0007link',
  '\u202egnp.exe\u2066',
  'line one\r\nline two\0',
  "$(rm -rf ~) `id`; 'quoted'",
  '__proto__',
  '\ud800 lone',
];

const outcome = fc.constantFrom<Outcome>('met', 'unmet', 'inconclusive');
const text = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string({ unit: 'grapheme' }));

const expectation: fc.Arbitrary<CellExpectation> = fc.record(
  { text: fc.oneof(fc.constantFrom('a', 'b'), text), outcome, because: text, risk: text },
  { requiredKeys: ['text', 'outcome', 'because'] },
);

const key: fc.Arbitrary<CellKey> = fc.record({
  broker: fc.constantFrom('embedded', 'mosquitto'),
  configuration: fc.oneof(fc.constantFrom('one', 'two'), text),
  scenario: fc.oneof(fc.constantFrom('theft', 'theft:shared'), text),
  mqttVersion: fc.constantFrom('3.1.1' as const, '5' as const),
});

const identity = (one: CellKey): string =>
  JSON.stringify([one.broker, one.configuration, one.scenario, one.mqttVersion]);

/** Cells that each stand once and whose outcome follows from their expectations. */
export const randomCells: fc.Arbitrary<readonly CellResult[]> = fc.uniqueArray(
  fc
    .record({
      key,
      expectations: fc.array(expectation, { maxLength: 4 }),
      because: text,
      durationMs: fc.nat(),
      folder: fc.option(text, { nil: undefined }),
      reproduce: text,
    })
    .map(({ key: at, folder, expectations, ...more }) => ({
      ...at,
      ...more,
      expectations,
      outcome: mergeOutcomes(expectations.map((one) => one.outcome)),
      ...(folder === undefined ? {} : { folder }),
    })),
  { selector: identity, maxLength: 12 },
);
