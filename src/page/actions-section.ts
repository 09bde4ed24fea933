/** What was done about the findings on the live broker, and how a rotation ended; if anything was. */
import { plural } from '../core/text.ts';
import { htmlText as text } from '../report/html.ts';
import type { RunReport } from '../report/report.ts';
import type { BuiltPage } from './build-page.ts';
import { dataTable, list, section } from './html-parts.ts';

type Mitigation = NonNullable<RunReport['mitigation']>;
type Rotation = NonNullable<RunReport['rotation']>;
type Step = Rotation['steps'][number];

/** More executions than this are counted; the trail has them all. */
const EXECUTIONS_MAX = 50;

export function actionsSection({ runs }: BuiltPage): readonly string[] {
  const content = runs.flatMap(({ run, page }) => [
    ...(run.mitigation === undefined ? [] : mitigation(run.mitigation, page.name)),
    ...(run.rotation === undefined ? [] : rotation(run.rotation, page.name)),
  ]);
  return content.length === 0 ? [] : section('actions', 'What was done', content);
}

function mitigation(task: Mitigation, name: string): readonly string[] {
  const { executions, doppelfleet, taskStatus } = task;
  const rows = executions
    .slice(0, EXECUTIONS_MAX)
    .map(({ actionName, status, errorCode, message, doppelfleet: { steps } }) => [
      text(actionName, 128),
      text(status),
      [...steps.map(stepWords), [errorCode, message].filter(Boolean).join(': ')]
        .filter((line) => line !== '')
        .map((line) => text(line, 600))
        .join('<br>'),
    ]);
  const rest = executions.length - rows.length;
  return [
    `<h3>Mitigation, ${text(name)}: ${text(taskStatus)}${doppelfleet.dryRun ? ' (dry run: nothing was done)' : ''}</h3>`,
    ...(rows.length === 0
      ? ['<p>No finding leads to an action.</p>']
      : dataTable(`Mitigation, ${name}`, ['Action', 'Status', 'Steps'], rows)),
    ...(rest > 0 ? [`<p>${plural(rest, 'more execution')} in the trail.</p>`] : []),
    ...list(doppelfleet.notes, 'notes'),
  ];
}

function rotation(report: Rotation, name: string): readonly string[] {
  const { status, moved, revoked, kept, liveOnRevoked, steps, message } = report;
  const facts = [
    `${plural(moved, 'device')} moved`,
    `${plural(revoked.length, 'old certificate')} revoked`,
    ...(kept.length > 0 ? [`${kept.length} kept, as devices still depend on them`] : []),
    ...(liveOnRevoked > 0 ? [`${plural(liveOnRevoked, 'session')} left on revoked ones`] : []),
  ];
  return [
    `<h3>Rotation, ${text(name)}: ${text(status)}</h3>`,
    `<p>${text(facts.join(', '))}.</p>`,
    ...list(steps.map(stepWords)),
    ...(message === undefined ? [] : [`<p class="warning">${text(message, 1000)}</p>`]),
  ];
}

function stepWords({ what, status, detail }: Step): string {
  const said = detail === undefined ? '' : `: ${detail}`;
  const prefix = status === 'failed' ? 'failed: ' : status === 'would' ? 'would have ' : '';
  return `${prefix}${what}${said}`;
}
