/** The top of the page: the answer, each run's part in it, and every expectation with its reason. */
import { plural } from '../core/text.ts';
import { formatDuration } from '../core/time.ts';
import { htmlText as text } from '../report/html.ts';
import type { Outcome } from '../verdict/outcome.ts';
import type { BuiltPage, BuiltRun } from './build-page.ts';
import { dataTable, number, outcomeBadge } from './html-parts.ts';

const SENTENCES: Readonly<Record<Outcome, string>> = {
  met: 'Every expectation was met.',
  unmet: 'At least one expectation was not met.',
  inconclusive: 'The evidence does not decide: nothing is unmet, but not all could be judged.',
};

export function verdictSection({ report, runs }: BuiltPage): readonly string[] {
  const rows = runs.flatMap(({ run, page }) =>
    run.verdict.expectations.map(({ outcome, text: expectation, because }) => [
      text(page.name),
      outcomeBadge(outcome),
      text(expectation),
      text(because, 500),
    ]),
  );
  const isGood = report.outcome === 'met';
  return [
    '<section id="verdict" aria-labelledby="verdict-title" class="hero">',
    `<p class="eyebrow">Verdict</p>`,
    `<h1 id="verdict-title">${text(report.scenario.name, 200)} ${outcomeBadge(report.outcome)}</h1>`,
    `<p class="lead">${text(report.scenario.purpose, 1000)}</p>`,
    `<p>${SENTENCES[report.outcome]}</p>`,
    '<ul class="cards">',
    ...runs.map(card),
    '</ul>',
    `<details${isGood ? '' : ' open'}><summary>${plural(rows.length, 'expectation')}, one by one</summary>`,
    ...dataTable('Expectations', ['Run', 'Outcome', 'Expectation', 'Because'], rows),
    '</details>',
    '</section>',
  ];
}

function card({ run, page, gaps }: BuiltRun): string {
  const { findings } = run.audit;
  const counted = findings.filter((finding) => !finding.isSuppressed).length;
  const { quiet, quietAfterMs } = run.statistics.settle;
  const facts = [
    [number(counted), counted === 1 ? 'finding' : 'findings', counted > 0 ? 'alarm' : 'calm'],
    [
      number(run.metrics['takeovers.count'] ?? 0),
      'takeovers',
      (run.metrics['takeovers.count'] ?? 0) > 0 ? 'alarm' : 'calm',
    ],
    [number(page.sessions), 'sessions', ''],
    run.blastRadius.settleMs === 0
      ? ['–', 'no settle time', '']
      : [quiet ? formatDuration(quietAfterMs) : 'never', 'until quiet', quiet ? '' : 'alarm'],
  ] as const;
  return [
    '<li class="card">',
    `<h2>${text(page.name)} ${outcomeBadge(run.verdict.outcome)}</h2>`,
    `<p class="muted">${text(page.title)}</p>`,
    '<dl class="facts">',
    ...facts.map(
      ([value, what, tone]) => `<div><dt>${what}</dt><dd class="${tone}">${text(value)}</dd></div>`,
    ),
    '</dl>',
    ...(run.failure === undefined ? [] : [`<p class="warning">${text(run.failure, 500)}</p>`]),
    ...gaps.map((gap) => `<p class="warning">${text(gap, 500)}</p>`),
    '</li>',
  ].join('');
}
