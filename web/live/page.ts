/** The page as a whole: where everything stands, and what is shown of a session. */
import { canHeal, type LiveRun, type LiveSession } from '../../src/live/session.ts';
import { el, oncePerFrame } from '../shared/dom.ts';
import { Announcer } from './announcer.ts';
import { Charts } from './charts.ts';
import { ConfirmButton } from './confirm-button.ts';
import { Figures } from './figures.ts';
import { EventList, GroupTable, outcomeBadge, RunTable } from './lists.ts';
import { Outcome } from './outcome.ts';
import { type StateWords, stateOf } from './state-words.ts';

export class LivePage {
  readonly themeButton = el('button', { type: 'button', class: 'theme' }, 'Theme');
  readonly #token: string;
  readonly #connection = el('p', { class: 'connection warning', role: 'status' });
  readonly #announcer = new Announcer();
  readonly #title = el('h1', {}, 'Waiting for the run');
  readonly #badge = el('span', { class: 'state' });
  readonly #purpose = el('p', { class: 'muted' });
  readonly #sentence = el('p', { class: 'sentence' });
  readonly #phase = el('progress', { max: 1, 'aria-label': 'The phase so far' });
  readonly #figures = new Figures();
  readonly #charts = new Charts();
  readonly #events = new EventList();
  readonly #groups = new GroupTable();
  readonly #runs = new RunTable();
  readonly #notes = el('ul', { class: 'warnings' });
  readonly #outcome: Outcome;
  readonly #heal: ConfirmButton;
  readonly #stop: ConfirmButton;
  readonly #render = oncePerFrame(() => this.#showNow());
  #session: LiveSession | undefined;

  constructor(token: string) {
    this.#token = token;
    this.#outcome = new Outcome(token);
    const announce = (words: string): void => this.#announcer.say(words);
    this.#heal = new ConfirmButton({
      label: 'Heal',
      question: 'End the faults? Press again',
      className: 'heal',
      act: () => void this.#post('heal'),
      announce,
    });
    this.#stop = new ConfirmButton({
      label: 'Stop',
      question: 'Stop the run? Press again',
      className: 'stop',
      act: () => void this.#post('stop'),
      announce,
    });
    this.#heal.enable(false);
    this.#stop.enable(false);
  }

  get elements(): readonly HTMLElement[] {
    const brand = el(
      'p',
      { class: 'brand' },
      'doppelfleet ',
      el('span', { class: 'muted' }, 'live'),
    );
    const steer = el(
      'div',
      { class: 'steer', role: 'group', 'aria-label': 'Steer the run' },
      this.#heal.element,
      this.#stop.element,
    );
    const head = el(
      'section',
      { class: 'card now', 'aria-label': 'The run' },
      el('div', { class: 'headline' }, this.#title, this.#badge, steer),
      this.#purpose,
      this.#phase,
      this.#sentence,
    );
    return [
      el('header', { class: 'top' }, brand, this.#connection, this.themeButton),
      el(
        'main',
        {},
        head,
        this.#outcome.element,
        this.#figures.element,
        this.#charts.element,
        el(
          'div',
          { class: 'columns' },
          card('What happens', this.#events.element),
          el('div', {}, this.#groupCard(), this.#runCard()),
        ),
        this.#notes,
      ),
      this.#announcer.element,
    ];
  }

  show(session: LiveSession): void {
    this.#session = session;
    this.#render();
  }

  showConnection(words: string): void {
    if (this.#session?.reports === undefined) this.#connection.textContent = words;
  }

  #groupCard(): HTMLElement {
    const head = ['Group', 'Connected', 'Share'].map((one) => el('th', { scope: 'col' }, one));
    const table = el('table', {}, el('thead', {}, el('tr', {}, ...head)), this.#groups.element);
    return card('Groups', table);
  }

  #runCard(): HTMLElement {
    const names = ['Run', 'Verdict', 'Takeovers', 'Findings', 'Connects'];
    const head = names.map((one) => el('th', { scope: 'col' }, one));
    const table = el('table', {}, el('thead', {}, el('tr', {}, ...head)), this.#runs.element);
    return card('Runs of this command', table);
  }

  #showNow(): void {
    const session = this.#session;
    if (session === undefined) return;
    const run = session.runs.at(-1);
    const state = stateOf(session, run);
    this.#showState(state, run);
    this.#outcome.show(session, run);
    this.#runs.show(session);
    this.#heal.enable(session.reports === undefined && canHeal(session));
    this.#stop.enable(session.reports === undefined && !session.stopping);
    this.#notes.replaceChildren(...session.notes.map((note) => el('li', {}, note)));
    document.documentElement.dataset.state = state.word;
    if (run === undefined) return;
    this.#figures.show(run);
    this.#charts.show(run);
    this.#events.show(run);
    this.#groups.show(run);
    this.#announcer.follow(run, run.verdict?.outcome ?? state.word);
  }

  #showState({ word, sentence, share }: StateWords, run: LiveRun | undefined): void {
    const title = run === undefined ? 'Waiting for the run' : titleOf(run);
    if (this.#title.textContent !== title) this.#title.textContent = title;
    document.title = `${word} · ${title} – doppelfleet live`;
    const verdict = run?.verdict;
    this.#badge.replaceChildren(
      verdict === undefined
        ? el('span', { class: 'badge phase' }, word)
        : outcomeBadge(verdict.outcome),
    );
    this.#purpose.textContent = [run?.purpose, run?.broker].filter(Boolean).join(' · ');
    this.#sentence.textContent = sentence;
    if (share === undefined) this.#phase.removeAttribute('value');
    else this.#phase.value = share;
  }

  async #post(what: 'heal' | 'stop'): Promise<void> {
    const words = await fetch(`/${what}`, {
      method: 'POST',
      headers: { 'x-doppelfleet-token': this.#token },
    }).then(
      async (response) => (await response.text()).trim(),
      () => 'the server does not answer',
    );
    this.#announcer.say(words);
  }
}

function titleOf({ scenario, fix }: LiveRun): string {
  return fix === undefined ? scenario : `${scenario}, fixed with ${fix}`;
}

function card(title: string, content: HTMLElement): HTMLElement {
  const id = title.toLowerCase().replaceAll(' ', '-');
  const region = el(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-labelledby': id },
    content,
  );
  return el('section', { class: 'card' }, el('h2', { id }, title), region);
}
