/**
 * JUnit XML as common CI servers read it: a suite for each run, a test case for each expectation
 * or judged step.
 * Unmet is a failure, inconclusive an error: neither is a pass. Text from outside is escaped, and
 * characters that XML 1.0 forbids become visible escapes.
 */
import type { EpochMs } from '../core/time.ts';
import type { Outcome } from '../verdict/outcome.ts';
import type { Report } from './report.ts';
import type { ScriptReport } from './script-report.ts';
import { XML_DECLARATION, xmlText as xml } from './xml.ts';

interface Suite {
  readonly name: string;
  readonly startedAt: EpochMs;
  readonly endedAt: EpochMs;
  readonly properties: Readonly<Record<string, string>>;
  readonly cases: readonly Case[];
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
    },
    cases: run.verdict.expectations,
  }));
}

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
  const { name, cases, properties } = one;
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
