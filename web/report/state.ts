/** What the reader has chosen to see. One place holds it; every part of the page hears of changes. */
import type { PageData, PageFinding } from '../../src/page/page-data.ts';
import type { RunModel } from './decode.ts';

export type Grouping = 'client' | 'device' | 'certificate';
export type Order = 'trouble' | 'name' | 'time';

export interface SessionRef {
  readonly run: number;
  readonly row: number;
}

/** A finding of one run, and who was involved: in other runs they may hold other identities. */
export interface ChosenFinding {
  readonly run: number;
  readonly finding: PageFinding;
  readonly devices: ReadonlySet<string>;
  readonly clients: ReadonlySet<string>;
}

export interface Choice {
  readonly grouping: Grouping;
  readonly order: Order;
  /** The number of the only run shown, or all. */
  readonly run: number | 'all';
  readonly text: string;
  readonly onlyFindings: boolean;
  readonly finding: ChosenFinding | undefined;
}

export interface TimeView {
  readonly fromMs: number;
  readonly toMs: number;
}

type Topic = 'choice' | 'view' | 'selection';

export class PageState {
  readonly data: PageData;
  readonly models: readonly RunModel[];
  choice: Choice;
  view: TimeView;
  /** The session that the keyboard or a click has chosen. */
  selected: SessionRef | undefined;
  readonly #listeners: { readonly topic: Topic; readonly listener: () => void }[] = [];

  constructor(data: PageData, models: readonly RunModel[]) {
    this.data = data;
    this.models = models;
    this.view = this.whole;
    this.choice = {
      grouping: 'client',
      order: 'trouble',
      run: 'all',
      text: '',
      onlyFindings: false,
      finding: undefined,
    };
  }

  /** All of the time, with a little room at both ends. */
  get whole(): TimeView {
    const { fromMs, toMs } = this.data;
    const room = (toMs - fromMs) * 0.01;
    return { fromMs: fromMs - room, toMs: toMs + room };
  }

  on(topic: Topic, listener: () => void): void {
    this.#listeners.push({ topic, listener });
  }

  choose(change: Partial<Choice>): void {
    this.choice = { ...this.choice, ...change };
    this.#tell('choice');
  }

  select(selected: SessionRef | undefined): void {
    this.selected = selected;
    this.#tell('selection');
  }

  /** Shows a span of time, kept inside the whole and at least two milliseconds long. */
  look({ fromMs, toMs }: TimeView): void {
    const { whole } = this;
    const length = Math.min(whole.toMs - whole.fromMs, Math.max(2, toMs - fromMs));
    const start = Math.min(Math.max(whole.fromMs, fromMs), whole.toMs - length);
    this.view = { fromMs: start, toMs: start + length };
    this.#tell('view');
  }

  /** `factor` below 1 shows less time; `aroundMs` stays where it is. */
  zoom(factor: number, aroundMs = (this.view.fromMs + this.view.toMs) / 2): void {
    const { fromMs, toMs } = this.view;
    const start = aroundMs - (aroundMs - fromMs) * factor;
    this.look({ fromMs: start, toMs: start + (toMs - fromMs) * factor });
  }

  /** Moves by a share of what is shown. */
  pan(share: number): void {
    const { fromMs, toMs } = this.view;
    const by = (toMs - fromMs) * share;
    this.look({ fromMs: fromMs + by, toMs: toMs + by });
  }

  #tell(topic: Topic): void {
    for (const one of this.#listeners) if (one.topic === topic) one.listener();
  }
}
