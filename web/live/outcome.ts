/** What was found about the newest run, and where the reports lie. */
import type { LiveReport, LiveRun, LiveSession, LiveVerdict } from '../../src/live/session.ts';
import { el } from '../shared/dom.ts';
import { count } from '../shared/format.ts';
import { outcomeBadge } from './lists.ts';

export class Outcome {
  readonly element = el('section', { class: 'card outcome', 'aria-labelledby': 'outcome-title' });
  readonly #token: string;
  #shown: readonly unknown[] = [];

  constructor(token: string) {
    this.#token = token;
    this.element.hidden = true;
  }

  show({ reports, held }: LiveSession, run: LiveRun | undefined): void {
    const shown = [run?.verdict, reports];
    if (shown.every((one, place) => one === this.#shown[place])) return;
    this.#shown = shown;
    this.element.hidden = run?.verdict === undefined && reports === undefined;
    this.element.replaceChildren(
      el('h2', { id: 'outcome-title' }, 'Verdict'),
      ...(run?.verdict === undefined ? [] : verdictParts(run.verdict)),
      ...(reports ?? []).map((report, number) => this.#report(report, number, held === true)),
    );
  }

  #report({ scenario, outcome, folder, page }: LiveReport, number: number, held: boolean) {
    const line = el('p', { class: 'report' }, outcomeBadge(outcome), ` ${scenario}: `);
    const path = page ?? folder;
    if (page !== undefined && held) {
      const href = `/report?token=${encodeURIComponent(this.#token)}&number=${number}`;
      line.append(el('a', { href, target: '_blank', rel: 'noopener' }, 'open the report'), ', ');
    }
    line.append(page === undefined ? 'its files are in ' : 'its page is ', el('code', {}, path));
    return line;
  }
}

function verdictParts(verdict: LiveVerdict): readonly HTMLElement[] {
  const { outcome, ended, failure, findings, findingsInAll, takeovers } = verdict;
  const found = `${count(findingsInAll)} ${findingsInAll === 1 ? 'finding' : 'findings'}`;
  const taken = `${count(takeovers)} ${takeovers === 1 ? 'takeover' : 'takeovers'}`;
  const numbers = `${found}, ${taken}`;
  const left = findingsInAll - findings.length;
  return [
    el('p', {}, outcomeBadge(outcome), ` ${numbers}${ended === 'completed' ? '' : `, ${ended}`}`),
    ...(failure === undefined ? [] : [el('p', { class: 'warning' }, failure)]),
    el('ul', {}, ...findings.map((one) => el('li', {}, one))),
    ...(left > 0 ? [el('p', { class: 'muted' }, `and ${count(left)} more in the report`)] : []),
  ];
}
