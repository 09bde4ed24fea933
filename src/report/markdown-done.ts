/** What was done about the findings of a run, as Markdown: mitigation actions and a rotation. Pure. */
import { plural } from '../core/text.ts';
import type { MitigationStep } from '../mitigation/task.ts';
import { markdownCode as code, markdownText as text } from './exports/markdown-text.ts';
import { boundedTable, folded } from './markdown-blocks.ts';
import type { RunReport } from './report.ts';

const TABLE_LENGTH_MAX = 6_000;
const STEPS_MAX = 40;

/** Empty where nothing was done. */
export function doneLines(run: RunReport): readonly string[] {
  return [...mitigationLines(run), ...rotationLines(run)];
}

function ofRun({ fix }: RunReport): string {
  return fix === undefined ? '' : ` with ${code(fix.name)}`;
}

function mitigationLines(run: RunReport): readonly string[] {
  const { mitigation } = run;
  if (mitigation === undefined) return [];
  const { executions, doppelfleet } = mitigation;
  const rows = executions.map(({ actionName, findingId, status, errorCode, message }) => [
    code(actionName),
    code(findingId),
    text(status),
    text([errorCode, message].filter((part) => part !== undefined).join(': ')),
  ]);
  const steps = executions.flatMap((one) => one.doppelfleet.steps);
  return [
    `### Mitigation${ofRun(run)}: ${text(mitigation.taskStatus)}${doppelfleet.dryRun ? ' (dry run: nothing was done)' : ''}`,
    '',
    ...(rows.length === 0 ? ['No finding leads to an action.', ''] : []),
    ...boundedTable(['Action', 'Finding', 'Status', 'Because'], rows, {
      lengthMax: TABLE_LENGTH_MAX,
      noun: 'execution',
    }),
    ...stepLines(steps),
  ];
}

function rotationLines(run: RunReport): readonly string[] {
  const { rotation } = run;
  if (rotation === undefined) return [];
  const { status, moved, revoked, kept, liveOnRevoked, message, steps } = rotation;
  const facts = [
    `${plural(moved, 'device')} moved`,
    `${plural(revoked.length, 'old certificate')} revoked`,
    `${kept.length} kept`,
    `${plural(liveOnRevoked, 'session')} left on revoked ones`,
  ].join(', ');
  return [
    `### Rotation${ofRun(run)}: ${text(status)}`,
    '',
    `${facts}.${message === undefined ? '' : ` ${text(message, 500)}`}`,
    '',
    ...stepLines(steps),
  ];
}

/** What was changed says how it is undone. */
function stepLines(steps: readonly MitigationStep[]): readonly string[] {
  const shown = steps.slice(0, STEPS_MAX).map(({ what, status, detail, undo }) => {
    const parts = [
      ...(detail === undefined ? [] : [text(detail)]),
      ...(undo === undefined ? [] : [`undo: ${text(undo)}`]),
    ];
    return `- ${status === 'failed' ? '**failed** ' : ''}${text(what)}${parts.length === 0 ? '' : `: ${parts.join('; ')}`}`;
  });
  const rest = steps.length - shown.length;
  return folded('Steps', [...shown, ...(rest > 0 ? [`- … and ${rest} more`] : [])]);
}
