/** Whether the generator kept up, so that the numbers may be trusted; and what both sides saw. */
import { plural } from '../core/text.ts';
import type { Distribution } from '../fleet/statistics.ts';
import type { WorkerHealth } from '../fleet/worker-health.ts';
import { htmlText as text } from '../report/html.ts';
import { observabilityLines } from '../report/two-sided.ts';
import { WORKER_COLUMNS, workerRows } from '../report/worker-rows.ts';
import type { ExpectationResult } from '../verdict/expectation.ts';
import type { BuiltPage, BuiltRun } from './build-page.ts';
import { dataTable, list, number, outcomeBadge, section } from './html-parts.ts';

export function healthSection({ runs }: BuiltPage): readonly string[] {
  const head = ['Run', 'Lateness p50 / p99 / max', 'Limit', 'Connects', 'Failed', 'Judgement'];
  const rows = runs.map(({ run, page }) => {
    const { connects } = run.statistics;
    const judged = judgement(run);
    return [
      text(page.name),
      connects.latenessMs === undefined ? 'nothing was attempted' : spread(connects.latenessMs),
      text(/at most [\d.]+ ms/.exec(judged?.text ?? '')?.[0] ?? '–'),
      `${number(connects.accepted, 0)} of ${number(connects.attempted, 0)}`,
      `${number(connects.failed, 0)}${connects.throttled > 0 ? `, ${number(connects.throttled, 0)} held back` : ''}`,
      judged === undefined ? 'not judged' : outcomeBadge(judged.outcome),
    ];
  });
  return section('health', 'Generator health', [
    ...runs.map((one) => `<p>${bottleneck(one)}</p>`),
    ...dataTable('Generator health', head, rows),
    ...runs.flatMap(({ run, page }) => workerTable(page.name, run.statistics.workers ?? [])),
    ...runs.flatMap(({ run, page }) => [
      ...list(
        run.statistics.failures
          .slice(0, 5)
          .map(({ raw, count }) => `${page.name}: ${plural(count, 'connect')} failed with ${raw}`),
      ),
      ...list(
        run.notes.map((note) => `${page.name}: ${note}`),
        'notes',
      ),
    ]),
  ]);
}

function workerTable(name: string, workers: readonly WorkerHealth[]): readonly string[] {
  if (workers.length === 0) return [];
  const rows = workerRows(workers).map((row) => row.map(text));
  return dataTable(`Processes that drove devices: ${name}`, [...WORKER_COLUMNS], rows);
}

/** Of several limits the one that was gone beyond. */
function judgement({ verdict }: BuiltRun['run']): ExpectationResult | undefined {
  const limits = verdict.expectations.filter(({ kind }) => kind === 'generator');
  return limits.find(({ outcome }) => outcome !== 'met') ?? limits[0];
}

/** The sentence that decides how the rest of the page is to be read. */
function bottleneck({ run, page }: BuiltRun): string {
  const judged = judgement(run);
  const name = `<strong>${text(page.name)}:</strong>`;
  if (judged === undefined) return `${name} the generator’s own lateness was not measured.`;
  if (judged.outcome === 'met') {
    return `${name} the generator kept up; what the page shows is the broker’s and the fleet’s doing.`;
  }
  return `<span class="warning">${name} the generator fell short (${text(judged.because)}). Rates and latencies of this run say nothing about the broker.</span>`;
}

function spread({ p50, p99, max }: Distribution): string {
  return `${number(p50)} / ${number(p99)} / ${number(max)} ms`;
}

export function observabilitySection({ runs }: BuiltPage): readonly string[] {
  return section(
    'both-sides',
    'Evidence from both sides',
    runs.flatMap(({ run, page }) => [
      ...(runs.length > 1 ? [`<h3>${text(page.name)}</h3>`] : []),
      ...(run.observability === undefined
        ? [`<p>${text(ONE_SIDED[page.vantage])}</p>`]
        : list(observabilityLines(run.observability))),
    ]),
  );
}

const ONE_SIDED: Readonly<Record<BuiltRun['page']['vantage'], string>> = {
  broker: 'Both sides could not be compared: see the notes of the run.',
  device: 'Only the devices recorded: takeovers are what they were told, or inferred.',
  none: 'No connection was recorded.',
};
