/**
 * The page as pieces of HTML, in order: one self-contained file that loads nothing. A content
 * security policy lets in this one script and this one style sheet, by their digests. Pure.
 */
import { createHash } from 'node:crypto';
import { htmlText as text } from '../report/html.ts';
import { actionsSection } from './actions-section.ts';
import type { BuiltPage } from './build-page.ts';
import { comparisonSection } from './comparison-section.ts';
import { findingsSection } from './findings-section.ts';
import { healthSection, observabilitySection } from './health-section.ts';
import { identitySection, ratesSection, timelineSection } from './picture-sections.ts';
import { reproduceSection } from './reproduce-section.ts';
import { verdictSection } from './verdict-section.ts';

/** The browser code and the style sheet, as built. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

const PARTS = [
  ['verdict', 'Verdict'],
  ['findings', 'Findings'],
  ['comparison', 'Numbers'],
  ['timeline', 'Timeline'],
  ['rates', 'Rates'],
  ['identities', 'Identities'],
  ['health', 'Health'],
  ['both-sides', 'Both sides'],
  ['reproduce', 'Reproduce'],
] as const;

/** Lines of the page. */
export function* renderPage(page: BuiltPage, assets: PageAssets): Generator<string> {
  const script = embeddable(assets.script);
  const style = assets.style.replaceAll(/<\/(?=style)/gi, '<\\/');
  yield '<!doctype html>';
  yield '<html lang="en">';
  yield '<head>';
  yield '<meta charset="utf-8">';
  yield `<meta http-equiv="Content-Security-Policy" content="${policy(script, style)}">`;
  yield '<meta name="viewport" content="width=device-width, initial-scale=1">';
  yield '<meta name="referrer" content="no-referrer">';
  yield '<meta name="color-scheme" content="light dark">';
  yield `<title>${text(page.report.scenario.name, 120)}: ${page.report.outcome} – doppelfleet</title>`;
  yield `<style>${style}</style>`;
  yield '</head>';
  yield '<body>';
  yield '<a class="skip" href="#verdict">Skip to the verdict</a>';
  yield `<header class="top"><p class="brand">doppelfleet <span class="muted">report</span></p><nav aria-label="Parts of this page">${PARTS.map(([id, title]) => `<a href="#${id}">${title}</a>`).join('')}</nav><button type="button" id="theme" class="theme" hidden>Theme</button></header>`;
  yield '<main>';
  yield* verdictSection(page);
  yield* findingsSection(page);
  yield* actionsSection(page);
  yield* comparisonSection(page);
  yield* timelineSection(page);
  yield* ratesSection();
  yield* identitySection(page);
  yield* healthSection(page);
  yield* observabilitySection(page);
  yield* reproduceSection(page);
  yield '</main>';
  yield `<footer><p class="muted">Written by doppelfleet ${text(page.report.toolVersion)}. Charts by uPlot, © Leon Sorokin, MIT licence, which stands in this page’s script.</p></footer>`;
  yield '<p id="live" class="visually-hidden" aria-live="polite"></p>';
  yield `<script type="application/json" id="page-data">${jsonScript(page.data)}</script>`;
  for (const [place, { packed }] of page.runs.entries()) {
    yield `<script type="text/plain" id="run-${place}">${packed}</script>`;
  }
  yield `<script>${script}</script>`;
  yield '</body>';
  yield '</html>';
}

/** JSON that can't end its element or begin another. */
function jsonScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

/** Strings of a bundle may hold the end of a script; inside of strings `<\/` is the same. */
function embeddable(script: string): string {
  return script.replaceAll(/<\/(?=script)/gi, '<\\/').replaceAll('<!--', '<\\!--');
}

function policy(script: string, style: string): string {
  const hash = (content: string): string =>
    `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
  return `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
}
