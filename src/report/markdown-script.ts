/** The report of a script as blocks of Markdown; see markdown-run.ts. Pure. */
import { plural } from '../core/text.ts';
import { formatDuration } from '../core/time.ts';
import type { StepResult } from '../script/result.ts';
import { markdownCode as code, markdownText as text } from './exports/markdown-text.ts';
import { boundedTable, folded, type MarkdownBlock } from './markdown-blocks.ts';
import { OUTCOME_MARKS } from './matrix/grid.ts';
import type { ScriptReport } from './script-report.ts';
import { observabilityLines } from './two-sided.ts';

const TABLE_LENGTH_MAX = 10_000;

/** Blocks in reading order. */
export function scriptBlocks(report: ScriptReport): readonly MarkdownBlock[] {
  const { steps } = report.result;
  return [
    { lines: head(report), rank: 0 },
    { lines: open(steps), rank: 0 },
    { lines: repeat(report), rank: 0 },
    { lines: folded(`All ${plural(steps.length, 'step')}`, stepTable(steps)), rank: 2 },
    { lines: folded('Evidence from both sides', bothSides(report)), rank: 3 },
  ].filter((block) => block.lines.length > 0);
}

function head(report: ScriptReport): readonly string[] {
  const { scenario, outcome, broker, mqttVersion, startedAt, endedAt, result } = report;
  const about = [
    `On ${text(broker.version)}`,
    ...(broker.configuration === undefined ? [] : [`configuration ${code(broker.configuration)}`]),
    `MQTT ${text(mqttVersion)}`,
    ...(scenario.requirement === undefined ? [] : [`requirement ${text(scenario.requirement)}`]),
    formatDuration(Math.max(0, endedAt - startedAt)),
  ].join(', ');
  const why = report.failure ?? (outcome === 'met' ? undefined : result.because);
  return [
    `## ${code(scenario.name)}: ${OUTCOME_MARKS[outcome]} ${outcome}`,
    '',
    text(scenario.purpose, 1000),
    '',
    about,
    '',
    ...(why === undefined ? [] : [`**Because** ${text(why, 500)}`, '']),
  ];
}

/** Judged steps that are not met, and controls that failed. */
function open(steps: readonly StepResult[]): readonly string[] {
  const wanted = steps.filter(({ outcome }) => outcome !== 'met');
  return wanted.length === 0 ? [] : ['### Not met', '', ...stepTable(wanted)];
}

function stepTable(steps: readonly StepResult[]): readonly string[] {
  const rows = steps.map((step) => [
    String(step.step),
    `${OUTCOME_MARKS[step.outcome]} ${step.outcome}${step.role === 'control' ? ' (control)' : ''}`,
    text(step.text),
    text(step.because),
    step.outcome === 'unmet' ? text(step.risk ?? '') : '',
  ]);
  return boundedTable(['Step', 'Outcome', 'What', 'Because', 'Risk'], rows, {
    lengthMax: TABLE_LENGTH_MAX,
    noun: 'step',
  });
}

function bothSides({ observability }: ScriptReport): readonly string[] {
  if (observability === undefined) return [];
  return observabilityLines(observability).map((line) => `- ${text(line, 500)}`);
}

function repeat({ reproduce, folder }: ScriptReport): readonly string[] {
  return [`Again: ${code(reproduce, 500)}  `, `Evidence: ${code(folder, 300)}`, ''];
}
