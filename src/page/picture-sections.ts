/** The frames of what the browser draws, timeline and charts, and the identity graphs as SVG. */
import { plural } from '../core/text.ts';
import { htmlText as text } from '../report/html.ts';
import type { BuiltPage, BuiltRun } from './build-page.ts';
import { renderGraph } from './graph-svg.ts';
import { list, section } from './html-parts.ts';

const NEEDS_SCRIPT = '<p class="needs-script">This part is drawn by the page’s script.</p>';

export function timelineSection({ runs }: BuiltPage): readonly string[] {
  const left = runs
    .filter(({ page }) => page.sessionsLeftOut > 0)
    .map(
      ({ page }) =>
        `${page.name}: ${plural(page.sessionsLeftOut, 'session')} of ${page.sessions.toLocaleString('en-US')} ` +
        'are only counted, in the grey bands below the lanes; client IDs of findings are shown whole',
    );
  const vantages = runs
    .filter(({ page }) => page.vantage !== 'broker')
    .map(({ page }) =>
      page.vantage === 'device'
        ? `${page.name}: as the devices saw it, since the broker gave no records`
        : `${page.name}: no session was recorded`,
    );
  return section('timeline', 'Timeline of sessions', [
    ...list([...left, ...vantages], 'warnings'),
    '<div id="timeline-view">',
    NEEDS_SCRIPT,
    '</div>',
  ]);
}

export function ratesSection(): readonly string[] {
  return section('rates', 'Rates and latencies', ['<div id="charts">', NEEDS_SCRIPT, '</div>']);
}

export function identitySection({ runs }: BuiltPage): readonly string[] {
  return section('identities', 'Who shares what', [
    '<p class="muted">Devices, the certificates they show, the client IDs they claim and the addresses they come from. Only what is shared is drawn: as six-sided boxes, with words.</p>',
    ...runs.flatMap((one) => runGraphs(one, runs.length)),
  ]);
}

function runGraphs({ page, graph }: BuiltRun, runs: number): readonly string[] {
  const { components, componentsLeftOut, unshared, truth } = graph;
  const noun = truth ? 'device' : 'certificate';
  const summary =
    components.length === 0
      ? `Nothing is shared among ${plural(unshared, noun)}.`
      : unshared === 0
        ? `No ${noun} keeps to itself.`
        : `${plural(unshared, `other ${noun}`)} share nothing.`;
  return [
    ...(runs > 1 ? [`<h3>${text(page.name)}</h3>`] : []),
    ...components.flatMap((component, place) => [
      `<div class="scroll" tabindex="0" role="region" aria-label="${text(page.name)}, shared identity ${place + 1}">${renderGraph(component, component.sentences.join('; '))}</div>`,
      ...list(component.sentences.slice(0, 6), 'graph-sentences'),
    ]),
    `<p>${summary}${componentsLeftOut > 0 ? ` ${plural(componentsLeftOut, 'more group')} with sharing have no room here.` : ''}</p>`,
    ...(truth ? [] : ['<p class="muted">No truth was stored: devices are not known.</p>']),
  ];
}
