/**
 * What a run or a matrix has to say on GitHub, as annotations: unmet is an error, inconclusive a
 * warning. GitHub shows ten of each for a step, so that the last one counts those beyond. Pure.
 */
import { plural } from '../core/text.ts';
import { type CellKey, cellId, configurationName } from '../matrix/cell.ts';
import { excusedCells } from '../matrix/pair.ts';
import type { MatrixResult } from '../matrix/result.ts';
import type { ExpectationResult } from '../verdict/expectation.ts';
import { mergeOutcomes, type Outcome } from '../verdict/outcome.ts';
import { type Annotation, workflowCommand } from './github-command.ts';
import { countWords } from './markdown-run.ts';
import {
  countOutcomes,
  countSentence,
  groupBy,
  headline,
  toldCells,
  toldChanges,
} from './matrix/grid.ts';
import type { Report, RunReport } from './report.ts';
import type { ScriptReport } from './script-report.ts';

/** Of each level, for one step (docs.github.com, «Workflow commands», and actions/toolkit#734). */
const ANNOTATIONS_MAX = 10;

/** Where something stands in a file of the repository. */
export type Place = Pick<Annotation, 'file' | 'line' | 'column'>;

/** Finds the words of a scenario file that an expectation of a run comes from. */
export type PlaceOf = (
  report: Report | ScriptReport,
  at: {
    readonly run?: RunReport;
    readonly expectation?: ExpectationResult;
    readonly line?: number;
  },
) => Place;

const LEVELS = {
  met: 'notice',
  unmet: 'error',
  inconclusive: 'warning',
} as const satisfies Record<Outcome, Annotation['level']>;

/** Annotations of runs, the worst first; one notice says how it went as a whole. */
export function runAnnotations(
  reports: readonly (Report | ScriptReport)[],
  placeOf: PlaceOf,
): readonly Annotation[] {
  const all = reports.flatMap((report) =>
    'kind' in report ? ofScript(report, placeOf) : ofFleet(report, placeOf),
  );
  const outcomes = reports.map((report) => report.outcome);
  const summary: Annotation = {
    level: 'notice',
    title: `doppelfleet: ${mergeOutcomes(outcomes)}`,
    message: `${countWords(outcomes)}. Evidence: ${reports.map(({ folder }) => folder).join(', ')}`,
  };
  return [...all, summary];
}

function ofFleet(report: Report, placeOf: PlaceOf): readonly Annotation[] {
  return report.runs.flatMap((run) => {
    const name = run.fix === undefined ? '' : ` with ${run.fix.name}`;
    return run.verdict.expectations
      .filter(({ outcome }) => outcome !== 'met')
      .map((expectation) => ({
        level: LEVELS[expectation.outcome],
        title: `${report.scenario.name}${name}: ${expectation.outcome}`,
        message: `${expectation.text}: ${expectation.because}\nagain: ${report.reproduce}`,
        ...placeOf(report, { run, expectation }),
      }));
  });
}

/** Without a step that has the outcome of the whole, the whole says why. */
function ofScript(report: ScriptReport, placeOf: PlaceOf): readonly Annotation[] {
  const { outcome, because, steps } = report.result;
  const { name } = report.scenario;
  const again = `again: ${report.reproduce}`;
  const told = steps
    .filter((step) => step.outcome !== 'met' && (step.role === 'judged' || outcome !== 'met'))
    .map((step) => ({
      level: LEVELS[step.role === 'control' ? 'inconclusive' : step.outcome],
      title: `${name}: ${step.risk !== undefined && step.outcome === 'unmet' ? step.risk : step.outcome}`,
      message: `step ${step.step}, ${step.text}: ${step.because}\n${again}`,
      ...placeOf(report, step.line === undefined ? {} : { line: step.line }),
    }));
  if (outcome === 'met' || told.some(({ level }) => level === LEVELS[outcome])) return told;
  const title = `${name}: ${outcome}`;
  return [
    ...told,
    { level: LEVELS[outcome], title, message: `${because}\n${again}`, ...placeOf(report, {}) },
  ];
}

/** Finds the file of a broker configuration of a matrix. */
export type ConfigurationPlace = (key: Pick<CellKey, 'broker' | 'configuration'>) => Place;

/** Annotations of a matrix: with a baseline its changes, else the cells that are not met. */
export function matrixAnnotations(
  result: MatrixResult,
  placeOf: ConfigurationPlace,
): readonly Annotation[] {
  const counts = countSentence(countOutcomes(result.cells));
  const { words } = headline(result);
  const summary: Annotation = {
    level: 'notice',
    title: `matrix ${result.name}: ${words}`,
    message: `${counts}${result.interrupted ? '; it was interrupted' : ''}. Evidence: ${result.folder}`,
  };
  const told = result.comparison === undefined ? cells(result, placeOf) : changes(result, placeOf);
  return [...told, summary];
}

function changes(
  { name, comparison }: MatrixResult,
  placeOf: ConfigurationPlace,
): readonly Annotation[] {
  const groups = groupBy(comparison?.changes ?? [], configurationName);
  return [...groups.values()].flatMap((group) =>
    toldChanges(group).map(({ kind, sentence }) => ({
      level: kind === 'lost' ? 'warning' : 'error',
      title: `matrix ${name}: ${kind}`,
      message: sentence,
      ...(group[0] === undefined ? {} : placeOf(group[0])),
    })),
  );
}

/** The insecure side of a pair that holds is so on purpose: nothing to tell. */
function cells(result: MatrixResult, placeOf: ConfigurationPlace): readonly Annotation[] {
  const purpose = excusedCells(result.pairs);
  const wanted = result.cells.filter((cell) => !purpose.has(cellId(cell)));
  return (['unmet', 'inconclusive'] as const).flatMap((outcome) =>
    toldCells(wanted, outcome).map(({ cell, label }) => ({
      level: LEVELS[outcome],
      title: `${configurationName(cell)}, ${label}: ${outcome}`,
      message: `${cell.because}\nagain: ${cell.reproduce}`,
      ...placeOf(cell),
    })),
  );
}

/** The commands for the runner; what is beyond its limit becomes one that counts. */
export function renderAnnotations(annotations: readonly Annotation[]): string {
  return (['error', 'warning', 'notice'] as const)
    .flatMap((level) => within(annotations.filter((one) => one.level === level)))
    .map(workflowCommand)
    .join('');
}

function within(annotations: readonly Annotation[]): readonly Annotation[] {
  if (annotations.length <= ANNOTATIONS_MAX) return annotations;
  const shown = annotations.slice(0, ANNOTATIONS_MAX - 1);
  const rest = annotations.slice(ANNOTATIONS_MAX - 1);
  const [first] = rest;
  if (first === undefined) return shown;
  const title = `${rest.length} more`;
  const message = [
    `${plural(rest.length, `other ${first.level}`)}, of which GitHub would show none:`,
    ...rest.slice(0, 20).map((one) => `- ${one.title}`),
    ...(rest.length > 20 ? [`- … and ${rest.length - 20} others`] : []),
  ].join('\n');
  return [...shown, { level: first.level, title, message }];
}
