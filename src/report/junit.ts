/**
 * JUnit XML as common CI servers read it: a suite for each run, a test case for each expectation
 * or judged step.
 * Unmet is a failure, inconclusive an error: neither is a pass. Text from outside is escaped, and
 * characters that XML 1.0 forbids become visible escapes.
 */
import type { EpochMs } from '../core/time.ts';
import { effectRows } from '../effects/effect-rows.ts';
import type { RotationReport } from '../mitigation/rotation.ts';
import type { ExecutionStatus } from '../mitigation/task.ts';
import type { Outcome } from '../verdict/outcome.ts';
import type { Report, RunReport } from './report.ts';
import type { ScriptReport } from './script-report.ts';
import { XML_DECLARATION, xmlText as xml } from './xml.ts';

interface Suite {
  readonly name: string;
  readonly startedAt: EpochMs;
  readonly endedAt: EpochMs;
  readonly properties: Readonly<Record<string, string>>;
  readonly cases: readonly Case[];
  readonly notes?: readonly string[];
}

interface Case {
  readonly text: string;
  readonly outcome: Outcome;
  readonly because: string;
}

export function renderJunit(reports: readonly (Report | ScriptReport)[]): string {
  const suites = reports.flatMap((one) => ('kind' in one ? [scriptSuite(one)] : fleetSuites(one)));
  const all = suites.flatMap((one) => one.cases);
  const seconds = suites.reduce((sum, one) => sum + secondsOf(one), 0);
  return [
    XML_DECLARATION,
    `<testsuites name="doppelfleet"${counts(all)} time="${seconds.toFixed(3)}">`,
    ...suites.map(suite),
    '</testsuites>',
    '',
  ].join('\n');
}

function fleetSuites(report: Report): readonly Suite[] {
  return report.runs.map((run) => ({
    name: run.fix ? `${report.scenario.name} with ${run.fix.name}` : report.scenario.name,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    properties: {
      broker: run.broker.version,
      seed: String(report.scenario.seed),
      history: run.history,
      reproduce: report.reproduce,
      ...fixProperties(run),
      ...Object.fromEntries(effectsOf(run)),
    },
    cases: [...run.verdict.expectations, ...doneCases(run)],
    notes: run.notes,
  }));
}

function fixProperties({ fix }: RunReport): Readonly<Record<string, string>> {
  if (fix === undefined) return {};
  return { fix: fix.title, ...(fix.costs.length === 0 ? {} : { costs: fix.costs.join('; ') }) };
}

/** What was measured, as properties; what was not is absent. */
function effectsOf({ effects }: RunReport): readonly (readonly [string, string])[] {
  if (effects === undefined) return [];
  return effectRows(effects).flatMap(({ id, value }) =>
    value === undefined ? [] : [[`effect.${id}`, rounded(value)] as const],
  );
}

function rounded(value: number | boolean): string {
  return typeof value === 'number' ? String(Number(value.toFixed(3))) : String(value);
}

/** What was done about the findings: an action that failed, or one that nobody could try. */
function doneCases({ mitigation, rotation }: RunReport): readonly Case[] {
  const actions = (mitigation?.executions ?? []).map((one) => ({
    text: `mitigation action ${one.actionName} for finding ${one.findingId}`,
    outcome: ACTION_OUTCOMES[one.status],
    because: [one.status, one.errorCode, one.message].filter(Boolean).join(': '),
  }));
  if (rotation === undefined) return actions;
  const outcome = ROTATION_OUTCOMES[rotation.status];
  const because = rotation.message ?? rotation.status;
  return [...actions, { text: 'the rotation of certificates ends', outcome, because }];
}

/** A dry run leaves its executions pending: nothing was to be done. */
const ACTION_OUTCOMES = {
  COMPLETED: 'met',
  SKIPPED: 'inconclusive',
  PENDING: 'met',
  FAILED: 'unmet',
  CANCELED: 'inconclusive',
  IN_PROGRESS: 'inconclusive',
} as const satisfies Record<ExecutionStatus, Outcome>;

const ROTATION_OUTCOMES = {
  completed: 'met',
  incomplete: 'inconclusive',
  failed: 'unmet',
} as const satisfies Record<RotationReport['status'], Outcome>;

/** Controls are told when they fail: they say why nothing was shown. */
function scriptSuite(report: ScriptReport): Suite {
  const { steps, outcome, because } = report.result;
  const told = steps.filter((step) => step.role === 'judged' || step.outcome !== 'met');
  const cases = told.map((step) => ({
    text: `step ${step.step}: ${step.text}`,
    outcome: step.outcome,
    because: step.outcome === 'unmet' && step.risk ? `${step.risk}: ${step.because}` : step.because,
  }));
  const whole = { text: 'the script is whole', outcome, because };
  return {
    name: report.scenario.name,
    startedAt: report.startedAt,
    endedAt: report.endedAt,
    properties: {
      broker: report.broker.version,
      ...(report.broker.configuration === undefined
        ? {}
        : { configuration: report.broker.configuration }),
      mqttVersion: report.mqttVersion,
      history: report.history,
      reproduce: report.reproduce,
    },
    cases: cases.some((one) => one.outcome === outcome) ? cases : [...cases, whole],
  };
}

function suite(one: Suite): string {
  const { name, cases, properties, notes = [] } = one;
  const time = secondsOf(one).toFixed(3);
  const timestamp = new Date(one.startedAt).toISOString().replace(/\.\d+Z$/, '');
  return [
    `  <testsuite name="${xml(name)}"${counts(cases)} skipped="0" time="${time}" timestamp="${timestamp}">`,
    '    <properties>',
    ...Object.entries(properties).map(
      ([key, value]) => `      <property name="${key}" value="${xml(value)}"/>`,
    ),
    '    </properties>',
    ...cases.map((one) => testCase(name, one)),
    ...(notes.length === 0 ? [] : [`    <system-out>${xml(notes.join('; '))}</system-out>`]),
    '  </testsuite>',
  ].join('\n');
}

function testCase(suiteName: string, { text, outcome, because }: Case): string {
  const open = `    <testcase classname="doppelfleet.${xml(suiteName)}" name="${xml(text)}" time="0"`;
  if (outcome === 'met') return `${open}/>`;
  const tag = outcome === 'unmet' ? 'failure' : 'error';
  return [
    `${open}>`,
    `      <${tag} message="${xml(because)}" type="${outcome}">${xml(because)}</${tag}>`,
    '    </testcase>',
  ].join('\n');
}

function counts(expectations: readonly Case[]): string {
  const of = (outcome: string) => expectations.filter((one) => one.outcome === outcome).length;
  return ` tests="${expectations.length}" failures="${of('unmet')}" errors="${of('inconclusive')}"`;
}

function secondsOf({ startedAt, endedAt }: Suite): number {
  return Math.max(0, endedAt - startedAt) / 1000;
}
