/** Scripts in a terminal, as JUnit and as JSON: every step, hostile texts made safe. */
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderJson } from '../../src/report/json.ts';
import { renderJunit } from '../../src/report/junit.ts';
import type { ScriptReport } from '../../src/report/script-report.ts';
import { renderScriptPlan, renderScriptReport, renderStep } from '../../src/report/script-text.ts';
import { terminalStyle } from '../../src/report/style.ts';
import { builtInScripts } from '../../src/script/load.ts';
import { loadAnyScenario } from '../../src/script/load-any.ts';
import { judgeSteps } from '../../src/script/play.ts';
import type { StepResult } from '../../src/script/result.ts';
import { parseXml, type XmlElement } from '../support/xml.ts';

const WIDTH = 60;
const plain = terminalStyle(false, WIDTH);

function step(change: Partial<StepResult> = {}): StepResult {
  return {
    step: 1,
    text: 'intruder is refused',
    at: 0,
    elapsedMs: 12,
    role: 'judged',
    outcome: 'met',
    because: 'refused with CONNACK 0x87 (not authorised)',
    risk: 'a stranger is let in',
    ...change,
  };
}

const CONTROL: Partial<StepResult> = { role: 'control', text: 'owner connects' };

function report(steps: readonly StepResult[], change: Partial<ScriptReport> = {}): ScriptReport {
  const result = judgeSteps(steps);
  return {
    kind: 'script',
    reportVersion: 1,
    toolVersion: '0',
    nodeVersion: 'v0',
    scenario: { name: 'theft:v', purpose: 'p', file: 't.yaml', digest: '', requirement: 'R9' },
    mqttVersion: '5',
    broker: { id: 'mosquitto', version: 'mosquitto 2', endpoint: 'mqtts://[::1]:1' },
    folder: 'runs/t',
    history: 'runs/t/history.ndjson',
    startedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
    endedAt: Date.UTC(2026, 0, 2, 3, 4, 7),
    ended: 'completed',
    result,
    outcome: result.outcome,
    reproduce: 'npx doppelfleet run theft:v',
    ...change,
  };
}

describe('a step in a terminal', () => {
  it.each([
    [step(), '  ✔ intruder is refused – refused with CONNACK 0x87 (not\n    authorised)'],
    [
      step({ outcome: 'unmet', because: 'accepted with CONNACK 0x00', elapsedMs: 2500 }),
      '  ✖ intruder is refused – accepted with CONNACK 0x00, 2.5s\n      risk: a stranger is let in',
    ],
    [
      step({ ...CONTROL, outcome: 'inconclusive', because: 'it was cut' }),
      '  ? owner connects (a control) – it was cut',
    ],
    [step({ ...CONTROL, because: 'done' }), '  ✔ owner connects'],
  ])('%#', (result, text) => {
    expect(renderStep(result, plain)).toBe(text);
  });
});

describe('a report in a terminal', () => {
  const lastLines = (one: ScriptReport) =>
    renderScriptReport(one, terminalStyle(false, 80)).trim().split('\n').at(-1)?.trim();

  it('ends with the outcome and the one reason', () => {
    expect(lastLines(report([step()]))).toBe('theft:v: ✔ met – 1 judged step as expected');
    expect(lastLines(report([step({ outcome: 'unmet' }), step()]))).toBe(
      'theft:v: ✖ unmet – a stranger is let in',
    );
    expect(lastLines(report([step({ ...CONTROL, outcome: 'inconclusive', because: 'cut' })]))).toBe(
      'theft:v: ? inconclusive – owner connects (a control): cut',
    );
  });

  it('is no wider than the terminal', () => {
    const long = 'the owner of the client ID is evicted by whoever comes, '.repeat(5);
    const text = renderScriptReport(report([step({ outcome: 'unmet', risk: long })]), plain);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(WIDTH);
  });

  it('names what cut it short', () => {
    const text = renderScriptReport(report([], { ended: 'failed', failure: 'it died' }), plain);
    expect(text).toContain('error: it died');
  });

  it('shows no control characters, whatever a text holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const hostile = step({ text: 'a', because: text, risk: text, outcome: 'unmet' });
        for (const shown of [
          renderStep(hostile, plain),
          renderScriptReport(report([hostile]), plain),
        ]) {
          expect(shown).toBe(stripVTControlCharacters(shown));
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
          expect(shown.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        }
      }),
    );
  });
});

describe('a plan in a terminal', () => {
  it('of every built-in script fits its width and tells every risk', async () => {
    for (const name of await builtInScripts()) {
      const loaded = await loadAnyScenario(name);
      if (loaded.kind !== 'script') throw new Error(`${name} is no script`);
      const text = renderScriptPlan(loaded.script, plain);
      for (const line of text.split('\n'))
        expect([name, line.length <= WIDTH]).toEqual([name, true]);
      const { steps } = loaded.script.script;
      const risks = steps.flatMap((one) => [one, ...(one.repeat?.steps ?? [])]);
      expect(text.match(/risk: /g)?.length).toBe(risks.filter((one) => one.risk).length);
    }
  });
});

describe('a script as JUnit', () => {
  const casesOf = (one: ScriptReport): readonly XmlElement[] =>
    parseXml(renderJunit([one])).children[0]?.children.filter(({ name }) => name === 'testcase') ??
    [];
  const told = (one: ScriptReport) =>
    casesOf(one).map(({ attributes, children }) => [attributes.name, children[0]?.name]);

  it('has a case for each judged step, and for a control that failed', () => {
    const steps = [
      step(CONTROL),
      step({ step: 2 }),
      step({ step: 3, outcome: 'unmet' }),
      step({ ...CONTROL, step: 4, outcome: 'inconclusive' }),
    ];
    expect(told(report(steps))).toEqual([
      ['step 2: intruder is refused', undefined],
      ['step 3: intruder is refused', 'failure'],
      ['step 4: owner connects', 'error'],
    ]);
    const failure = casesOf(report(steps))[1]?.children[0];
    expect(failure?.text).toMatch(/^a stranger is let in: refused/);
  });

  it('never passes if the script did not, even without a step that says so', () => {
    const broken = judgeSteps([step()]);
    const result = { ...broken, outcome: 'inconclusive', because: 'the broker died' } as const;
    const cut = report([step()], { result, outcome: 'inconclusive' });
    expect(told(cut)).toEqual([
      ['step 1: intruder is refused', undefined],
      ['the script is whole', 'error'],
    ]);
    expect(told(report([]))).toEqual([['the script is whole', 'error']]);
  });

  it('is well-formed, with texts as they are, whatever they hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const hostile = step({ text, because: text, risk: text, outcome: 'unmet' });
        const scenario = { ...report([]).scenario, name: text };
        expect(casesOf(report([hostile], { scenario, reproduce: text }))).toHaveLength(1);
      }),
    );
  });

  it('says broker, configuration, version, evidence and how to repeat it', () => {
    const broker = { ...report([]).broker, configuration: 'mosquitto/own-topics' };
    const suite = parseXml(renderJunit([report([step()], { broker })])).children[0];
    const properties = suite?.children.find(({ name }) => name === 'properties')?.children ?? [];
    expect(
      Object.fromEntries(properties.map(({ attributes: { name, value } }) => [name, value])),
    ).toEqual({
      broker: 'mosquitto 2',
      configuration: 'mosquitto/own-topics',
      mqttVersion: '5',
      history: 'runs/t/history.ndjson',
      reproduce: 'npx doppelfleet run theft:v',
    });
  });
});

describe('a script as JSON', () => {
  it('is the report, and says by its kind that it is a script', () => {
    const one = report([step()]);
    expect(JSON.parse(renderJson(one))).toEqual(one);
    expect(one.kind).toBe('script');
  });
});
