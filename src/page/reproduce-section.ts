/** How to get the same run again, and where its evidence lies. */
import { relative } from 'node:path';
import { htmlText as text } from '../report/html.ts';
import type { BuiltPage } from './build-page.ts';
import { section } from './html-parts.ts';

export function reproduceSection({ report, runs }: BuiltPage): readonly string[] {
  const { scenario, toolVersion, nodeVersion, reproduce, folder } = report;
  const brokers = new Set(runs.map(({ run }) => `${run.broker.id} ${run.broker.version}`));
  const facts = [
    ['Scenario', `${scenario.name}, ${scenario.file}`],
    ['Digest', `sha256 ${scenario.digest}`],
    ['Seed', String(scenario.seed)],
    ['doppelfleet', toolVersion],
    ['Node.js', nodeVersion],
    ['Broker', [...brokers].join('; ')],
    ['Started', runs[0] === undefined ? '–' : iso(runs[0].run.startedAt)],
    ['Folder', folder],
  ];
  const files = runs.flatMap(({ run }) =>
    ['history.ndjson', 'truth.ndjson', 'plan.json', 'findings.json'].map((file) => {
      const below = relative(folder, run.folder).replaceAll('\\', '/');
      return below === '' || below.startsWith('..') ? file : `${below}/${file}`;
    }),
  );
  return section('reproduce', 'How to reproduce', [
    `<pre class="command" tabindex="0" role="region" aria-label="Command"><code>${text(reproduce, 4000)}</code></pre>`,
    `<dl class="wide">${facts.map(([name, value]) => `<dt>${name ?? ''}</dt><dd>${text(value ?? '', 1000)}</dd>`).join('')}</dl>`,
    `<p class="muted">In that folder: ${['report.json', 'junit.xml', ...files].map((file) => `<code>${text(file)}</code>`).join(', ')}. Device names on this page are the simulator’s own knowledge: an audit never sees them.</p>`,
  ]);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
