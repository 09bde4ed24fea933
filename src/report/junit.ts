/**
 * JUnit XML as common CI servers read it: a suite for each run, a test case for each expectation.
 * Unmet is a failure, inconclusive an error: neither is a pass. Text from outside is escaped, and
 * characters that XML 1.0 forbids become visible escapes.
 */
import type { ExpectationResult } from '../verdict/expectation.ts';
import type { Report, RunReport } from './report.ts';
import { XML_DECLARATION, xmlText as xml } from './xml.ts';

export function renderJunit(reports: readonly Report[]): string {
  const suites = reports.flatMap((report) => report.runs.map((run) => ({ report, run })));
  const all = suites.flatMap(({ run }) => run.verdict.expectations);
  const seconds = suites.reduce((sum, { run }) => sum + secondsOf(run), 0);
  return [
    XML_DECLARATION,
    `<testsuites name="doppelfleet"${counts(all)} time="${seconds.toFixed(3)}">`,
    ...suites.map(({ report, run }) => suite(report, run)),
    '</testsuites>',
    '',
  ].join('\n');
}

function suite(report: Report, run: RunReport): string {
  const name = run.fix ? `${report.scenario.name} with ${run.fix.name}` : report.scenario.name;
  const { expectations } = run.verdict;
  const time = secondsOf(run).toFixed(3);
  const timestamp = new Date(run.startedAt).toISOString().replace(/\.\d+Z$/, '');
  return [
    `  <testsuite name="${xml(name)}"${counts(expectations)} skipped="0" time="${time}" timestamp="${timestamp}">`,
    '    <properties>',
    ...Object.entries({
      broker: run.broker.version,
      seed: String(report.scenario.seed),
      history: run.history,
      reproduce: report.reproduce,
    }).map(([key, value]) => `      <property name="${key}" value="${xml(value)}"/>`),
    '    </properties>',
    ...expectations.map((expectation) => testCase(name, expectation)),
    '  </testsuite>',
  ].join('\n');
}

function testCase(suiteName: string, { text, outcome, because }: ExpectationResult): string {
  const open = `    <testcase classname="doppelfleet.${xml(suiteName)}" name="${xml(text)}" time="0"`;
  if (outcome === 'met') return `${open}/>`;
  const tag = outcome === 'unmet' ? 'failure' : 'error';
  return [
    `${open}>`,
    `      <${tag} message="${xml(because)}" type="${outcome}">${xml(because)}</${tag}>`,
    '    </testcase>',
  ].join('\n');
}

function counts(expectations: readonly ExpectationResult[]): string {
  const of = (outcome: string) => expectations.filter((one) => one.outcome === outcome).length;
  return ` tests="${expectations.length}" failures="${of('unmet')}" errors="${of('inconclusive')}"`;
}

function secondsOf(run: RunReport): number {
  return Math.max(0, run.endedAt - run.startedAt) / 1000;
}
