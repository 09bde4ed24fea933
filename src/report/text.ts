/** The report for a terminal: findings, before against after, verdict, and where the evidence lies. */
import { plural, printable } from '../core/text.ts';
import { formatDuration } from '../core/time.ts';
import { renderComparison } from './comparison-text.ts';
import { field } from './field.ts';
import { renderFindings } from './findings-table.ts';
import { renderMitigation, renderRotation } from './mitigation-text.ts';
import type { BlastRadius, Report, RunReport } from './report.ts';
import { outcomeCell, outcomeMark, type Style, table } from './style.ts';
import { observabilityLines } from './two-sided.ts';
import { WORKER_COLUMNS, workerRows } from './worker-rows.ts';

/** What is about to be touched, what is planted, and what is left to chance. */
export function renderBlastRadius(radius: BlastRadius, style: Style): string {
  const { devices, certificates, arrivalsPerSecondMax, durationMs, settleMs } = radius;
  const planted = radius.planted.length > 0 ? radius.planted : ['nothing: no finding may appear'];
  return [
    ...field('target', [radius.loopback ? `${radius.target} on loopback` : radius.target], style),
    ...field(
      'devices',
      [
        `${devices} with ${plural(certificates, 'certificate')}, up to ${plural(arrivalsPerSecondMax, 'arrival')} in a second`,
      ],
      style,
    ),
    ...field(
      'duration',
      [`${formatDuration(durationMs)}, then up to ${formatDuration(settleMs)} to settle`],
      style,
    ),
    ...field('groups', radius.groups, style),
    ...field('planted', planted, style),
    ...field('uncertain', radius.uncertain, style).map((line) => style.yellow(line)),
    '',
  ].join('\n');
}

/** What a fix changes: the groups and the planted findings, which are all that differs. */
export function renderFixedRadius(radius: BlastRadius, before: BlastRadius, style: Style): string {
  const changed = radius.groups.filter((group) => !before.groups.includes(group));
  const planted = radius.planted.length > 0 ? radius.planted : ['nothing: no finding may appear'];
  return [...field('changed', changed, style), ...field('planted', planted, style), ''].join('\n');
}

/** What one run found. */
export function renderRun(run: RunReport, style: Style): string {
  const notes = run.notes.map((note) => `  ${style.dim(`note: ${printable(note, 300)}`)}`);
  const failure =
    run.failure === undefined ? [] : [style.red(`  error: ${printable(run.failure, 500)}`)];
  return [...failure, renderFindings(run.audit, style), ...notes].join('\n');
}

/** The whole report at its end. */
export function renderReport(report: Report, style: Style): string {
  const parts = [
    ...(report.runs.length > 1
      ? [style.bold('Before and after'), renderComparison(report, style)]
      : []),
    style.bold('Verdict'),
    renderVerdict(report, style),
    ...report.runs.flatMap(({ rotation, mitigation, fix }) => {
      const of = report.runs.length > 1 ? (fix?.name ?? 'as is') : undefined;
      return [
        ...(rotation === undefined ? [] : [renderRotation(rotation, style, of)]),
        ...(mitigation === undefined ? [] : [renderMitigation(mitigation, style, of)]),
      ];
    }),
    ...renderBothSides(report, style),
    ...renderWorkers(report, style),
    style.bold('Evidence'),
    ...report.runs.flatMap((run) =>
      field(run.fix ? 'with the fix' : 'history', [run.history], style),
    ),
    ...field('report', [`${report.folder}/report.html, report.json, junit.xml`], style),
    ...field('repeat', [report.reproduce], style),
    '',
  ];
  return parts.join('\n');
}

/** Of the run as the scenario says; those with fixes are in report.json. */
function renderBothSides(report: Report, style: Style): readonly string[] {
  const observability = report.runs[0]?.observability;
  if (observability === undefined) return [];
  return [
    style.bold('Evidence from both sides'),
    ...field('broker log', observabilityLines(observability), style),
    '',
  ];
}

/** Only where there were several: of one process the verdict says what matters. */
function renderWorkers({ runs }: Report, style: Style): readonly string[] {
  return runs.flatMap(({ statistics: { workers = [] }, fix }) => {
    if (workers.length < 2) return [];
    const of = runs.length > 1 ? ` (${fix?.name ?? 'as is'})` : '';
    const widths = [0.16, 0.09, 0.09, 0.12, 0.19, 0.11, 0.12, 0.12];
    return [
      style.bold(`Workers${of}`),
      table(WORKER_COLUMNS, workerRows(workers), style, widths),
      '',
    ];
  });
}

function renderVerdict(report: Report, style: Style): string {
  const rows = report.runs.flatMap((run) =>
    run.verdict.expectations.map(({ outcome, text, because }) => [
      run.fix?.name ?? 'as is',
      outcomeCell(outcome, style),
      printable(text),
      printable(because, 300),
    ]),
  );
  return [
    table(['Run', 'Outcome', 'Expectation', 'Because'], rows, style, [0.19, 0.16, 0.32, 0.33]),
    `  ${style.bold(report.scenario.name)}: ${outcomeMark(report.outcome, style)}`,
    '',
  ].join('\n');
}
