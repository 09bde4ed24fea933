/**
 * What was done about findings, for a terminal: each execution with its steps, what it hit and what
 * it changed; and how a rotation ended. Renders, computes nothing.
 */

import { plural, printable } from '../core/text.ts';
import type { RotationReport } from '../mitigation/rotation.ts';
import type {
  ExecutionStatus,
  MitigationExecution,
  MitigationReport,
  MitigationStep,
} from '../mitigation/task.ts';
import { type Cell, type Style, table } from './style.ts';

/** More executions than this are counted, not shown; mitigation.json has them all. */
const ROWS_MAX = 20;
const DETAIL_LENGTH_MAX = 300;

const MARKS: Readonly<Record<ExecutionStatus, string>> = {
  COMPLETED: '✔',
  FAILED: '✖',
  SKIPPED: '–',
  CANCELED: '–',
  PENDING: '…',
  IN_PROGRESS: '…',
};

/** The task as a table, with a line for each step; `of` names the run where there are several. */
export function renderMitigation(task: MitigationReport, style: Style, of?: string): string {
  const { executions, doppelfleet } = task;
  const { dryRun, trail, notes } = doppelfleet;
  const title = `Mitigation${ofRun(of)}${dryRun ? ' (dry run: nothing was done)' : ''}`;
  const rows = executions.slice(0, ROWS_MAX).map((one) => executionRow(one, style));
  const rest = executions.length - rows.length;
  return [
    `${style.bold(title)}: ${paint(task.taskStatus, style)(task.taskStatus)}, ${counts(task)}`,
    ...(rows.length === 0
      ? ['  no finding leads to an action']
      : [table(['Action', 'Finding', 'Steps'], rows, style, [0.2, 0.2, 0.6])]),
    ...(rest > 0 ? [`  … and ${rest} more in mitigation.json`] : []),
    ...notes.map((note) => `  ${style.dim(`note: ${printable(note, DETAIL_LENGTH_MAX)}`)}`),
    ...(trail === '' ? [] : [`  ${style.dim(`trail: ${printable(trail, 400)}`)}`]),
    '',
  ].join('\n');
}

/** How the old certificates of a rotation ended. */
export function renderRotation(rotation: RotationReport, style: Style, of?: string): string {
  const { status, moved, revoked, kept, liveOnRevoked, steps, message } = rotation;
  const color =
    status === 'completed' ? style.green : status === 'failed' ? style.red : style.yellow;
  const late = kept.flatMap(({ notMoved }) => notMoved);
  const facts = [
    `${plural(moved, 'device')} moved`,
    `${plural(revoked.length, 'old certificate')} revoked`,
    ...(kept.length === 0 ? [] : [`${kept.length} kept for ${some(late)}`]),
    ...(liveOnRevoked === 0 ? [] : [`${plural(liveOnRevoked, 'session')} left on revoked ones`]),
  ];
  return [
    `${style.bold(`Rotation${ofRun(of)}`)}: ${color(status)}, ${facts.join(', ')}`,
    ...steps.map((step) => `  ${stepText(step)}`),
    ...(message === undefined ? [] : [`  ${style.red(printable(message, 1000))}`]),
    '',
  ].join('\n');
}

function executionRow(execution: MitigationExecution, style: Style): readonly Cell[] {
  const { status, actionName, findingId, message, errorCode, doppelfleet } = execution;
  const steps = doppelfleet.steps.map((step) => [stepText(step), String] as const);
  const failure = [errorCode, message].filter((part) => part !== undefined).join(': ');
  return [
    [
      [printable(actionName, 128), style.bold],
      [`${MARKS[status]} ${status}`, paint(status, style)],
    ],
    printable(findingId, 32),
    [
      ...steps,
      ...(failure === '' ? [] : [[printable(failure, 1000), paint(status, style)] as const]),
    ],
  ];
}

function stepText({ what, detail, status }: MitigationStep): string {
  const said = detail === undefined ? '' : `: ${printable(detail, DETAIL_LENGTH_MAX)}`;
  return `${status === 'failed' ? 'failed: ' : ''}${printable(what, DETAIL_LENGTH_MAX)}${said}`;
}

function ofRun(of: string | undefined): string {
  return of === undefined ? '' : `, ${printable(of, 80)}`;
}

function counts({ executions }: MitigationReport): string {
  const all = Object.keys(MARKS) as ExecutionStatus[];
  const parts = all.flatMap((status) => {
    const count = executions.filter((one) => one.status === status).length;
    return count === 0 ? [] : [`${count} ${status}`];
  });
  return parts.length === 0 ? 'nothing to do' : parts.join(', ');
}

function paint(status: string, style: Style): (text: string) => string {
  if (status === 'COMPLETED') return style.green;
  return status === 'FAILED' ? style.red : style.yellow;
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => printable(name, 80));
  return `${shown.join(', ')}${names.length > 5 ? ', …' : ''}`;
}
