/**
 * A matrix as JUnit XML: a suite for each configuration, a test case for each cell, one suite more
 * for the pairs. Unmet is a failure, inconclusive an error, unmet on purpose passes. With a baseline
 * only changes fail: CI is about what a commit did.
 */
import { type CellResult, cellId, configurationName } from '../../matrix/cell.ts';
import { excusedCells } from '../../matrix/pair.ts';
import type { MatrixResult } from '../../matrix/result.ts';
import { XML_DECLARATION, xmlText as xml } from '../xml.ts';
import { cellRisks, groupBy, versionWords } from './grid.ts';

interface Case {
  readonly name: string;
  readonly result: 'passed' | 'failure' | 'error';
  readonly message: string;
  readonly details: readonly string[];
  readonly seconds: number;
}

interface Suite {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly cases: readonly Case[];
}

export function renderMatrixJunit(result: MatrixResult): string {
  const suites = suitesOf(result);
  const all = suites.flatMap(({ cases }) => cases);
  const timestamp = new Date(result.startedAt).toISOString().replace(/\.\d+Z$/, '');
  return [
    XML_DECLARATION,
    `<testsuites name="doppelfleet matrix ${xml(result.name)}"${counts(all)} time="${seconds(all)}">`,
    ...suites.flatMap((suite) => suiteLines(suite, timestamp)),
    '</testsuites>',
    '',
  ].join('\n');
}

function suitesOf(result: MatrixResult): readonly Suite[] {
  const { cells, comparison } = result;
  const changes = new Map(comparison?.changes.map((change) => [cellId(change), change]));
  const excused = excusedCells(result.pairs);
  const suites = [...groupBy(cells, configurationName)].map(([name, own]) => ({
    name,
    properties: { broker: own.find((cell) => cell.brokerVersion)?.brokerVersion ?? 'not started' },
    cases: own.map((cell) =>
      comparison === undefined
        ? cellCase(cell, excused.has(cellId(cell)))
        : changeCase(cell, changes.get(cellId(cell))?.sentence),
    ),
  }));
  const present = new Set(cells.map(cellId));
  const vanished = [...changes.values()].filter((change) => !present.has(cellId(change)));
  const missing = vanished.map((change) => ({
    name: caseName(change),
    result: 'failure' as const,
    message: change.sentence,
    details: [],
    seconds: 0,
  }));
  return [
    ...suites,
    ...(missing.length > 0 ? [{ name: 'no longer there', properties: {}, cases: missing }] : []),
    ...(comparison === undefined && result.pairs.length > 0 ? [pairSuite(result)] : []),
  ];
}

const RESULTS = { met: 'passed', unmet: 'failure', inconclusive: 'error' } as const;

function cellCase(cell: CellResult, excused: boolean): Case {
  return {
    name: caseName(cell),
    result: excused ? 'passed' : RESULTS[cell.outcome],
    message: [...cellRisks(cell).slice(0, 1), cell.because].join(': '),
    details: details(cell),
    seconds: cell.durationMs / 1000,
  };
}

function changeCase(cell: CellResult, sentence: string | undefined): Case {
  return {
    name: caseName(cell),
    result:
      sentence === undefined ? 'passed' : cell.outcome === 'inconclusive' ? 'error' : 'failure',
    message: sentence ?? '',
    details: details(cell),
    seconds: cell.durationMs / 1000,
  };
}

function caseName({ scenario, mqttVersion }: Pick<CellResult, 'scenario' | 'mqttVersion'>): string {
  return `${scenario}, ${versionWords([mqttVersion])}`;
}

function details(cell: CellResult): readonly string[] {
  return [
    `${cell.outcome}: ${cell.because}`,
    ...cellRisks(cell).map((risk) => `risk: ${risk}`),
    ...cell.expectations.map((one) => `${one.outcome}: ${one.text}: ${one.because}`),
    ...(cell.folder === undefined ? [] : [`evidence: ${cell.folder}`]),
    `again: ${cell.reproduce}`,
  ];
}

function pairSuite({ pairs }: MatrixResult): Suite {
  const cases = pairs.map(({ requirement, title, secure, insecure, outcome, because }) => ({
    name: `${requirement} ${title}: ${configurationName(secure)} against ${configurationName(insecure)}`,
    result: RESULTS[outcome],
    message: because,
    details: [because],
    seconds: 0,
  }));
  return { name: 'pairs', properties: {}, cases };
}

function suiteLines({ name, properties, cases }: Suite, timestamp: string): readonly string[] {
  return [
    `  <testsuite name="${xml(name)}"${counts(cases)} skipped="0" time="${seconds(cases)}" timestamp="${timestamp}">`,
    '    <properties>',
    ...Object.entries(properties).map(
      ([key, value]) => `      <property name="${key}" value="${xml(value)}"/>`,
    ),
    '    </properties>',
    ...cases.flatMap((one) => caseLines(name, one)),
    '  </testsuite>',
  ];
}

function caseLines(suite: string, one: Case): readonly string[] {
  const { name, result, message } = one;
  const open = `    <testcase classname="doppelfleet.matrix.${xml(suite)}" name="${xml(name)}" time="${one.seconds.toFixed(3)}"`;
  const body = one.details.map(xml).join('\n');
  if (result === 'passed') {
    return [`${open}>`, `      <system-out>${body}</system-out>`, '    </testcase>'];
  }
  return [
    `${open}>`,
    `      <${result} message="${xml(message)}" type="${result}">${body}</${result}>`,
    '    </testcase>',
  ];
}

function counts(cases: readonly Case[]): string {
  const of = (result: Case['result']) => cases.filter((one) => one.result === result).length;
  return ` tests="${cases.length}" failures="${of('failure')}" errors="${of('error')}"`;
}

function seconds(cases: readonly Case[]): string {
  return cases.reduce((sum, one) => sum + one.seconds, 0).toFixed(3);
}
