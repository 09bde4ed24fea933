/** The report page: unpacks what the page carries and brings its drawings to life. */
import type { PageData } from '../src/page/page-data.ts';
import { buildCharts } from './report/charts.ts';
import { unpack } from './report/decode.ts';
import { listenToGraphs } from './report/graph.ts';
import { chooseFinding } from './report/lanes.ts';
import { preparePrinting } from './report/print.ts';
import { PageState } from './report/state.ts';
import { buildTimeline } from './report/timeline.ts';
import { byId } from './shared/dom.ts';
import { startTheme } from './shared/theme.ts';

async function start(): Promise<void> {
  const button = byId('theme');
  if (button instanceof HTMLButtonElement) startTheme(button);
  const data: PageData = JSON.parse(byId('page-data').textContent ?? '');
  const models = await Promise.all(
    data.runs.map((run, index) =>
      unpack(byId(`run-${index}`).textContent ?? '', run, index, data.toMs),
    ),
  );
  const state = new PageState(data, models);
  const timeline = buildTimeline(state);
  buildCharts(state);
  listenToGraphs();
  listenToFindings(state);
  preparePrinting(timeline.drawNow);
  performance.mark('doppelfleet-ready');
  document.documentElement.dataset.ready = 'yes';
}

/** The links of the findings cut the timeline down to their sessions. */
function listenToFindings(state: PageState): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>('a.to-timeline')) {
    link.addEventListener('click', () => {
      const run = Number(link.dataset.run);
      const model = state.models[run];
      const wanted = link.dataset.finding;
      const finding = model?.run.findings.find(({ anchor }) => anchor === wanted);
      if (model === undefined || finding === undefined) return;
      const grouping = finding.certificates.length > 0 ? 'certificate' : 'client';
      const select = document.querySelector<HTMLSelectElement>('select[name=grouping]');
      if (select !== null) select.value = grouping;
      state.choose({ finding: chooseFinding(model, finding), grouping, run: 'all' });
      state.look(state.whole);
    });
  }
}

start().catch((error: unknown) => {
  document.documentElement.dataset.ready = 'failed';
  const words = document.createElement('p');
  words.className = 'warning';
  words.textContent = `The drawings of this page could not be made: ${String(error)}`;
  document.querySelector('main')?.prepend(words);
});
