/**
 * The notable things of a run: a bounded list that takes a few of each kind in every second and
 * counts the rest, so that a storm of takeovers costs no more than a handful.
 */
import { plural, printable } from '../core/text.ts';
import { NOTABLE_KINDS, type Notable, type NotableKind } from './progress.ts';

/** So many of one kind are written out between two ends of a second. */
const PER_SECOND_MAX = 3;
/** Kept; more than can come between two looks at the list. */
const KEPT_MAX = 100;
const TEXT_LENGTH_MAX = 160;

const MORE: Readonly<Record<NotableKind, readonly [one: string, many: string]>> = {
  takeover: ['more takeover', 'more takeovers'],
  refused: ['more refused connect', 'more refused connects'],
  lost: ['more lost connection', 'more lost connections'],
  phase: ['more change', 'more changes'],
  interlude: ['more change to the broker', 'more changes to the broker'],
  generator: ['more remark on the generator', 'more remarks on the generator'],
};

export class NotableLog {
  #entries: readonly Notable[] = [];
  #seq = 0;
  readonly #seen = new Set<NotableKind>();
  readonly #inSecond = new Map<NotableKind, number>();

  /** The same list as long as nothing was added; the newest last. */
  get entries(): readonly Notable[] {
    return this.#entries;
  }

  /** The text is made only when it is wanted. */
  add(kind: NotableKind, atMs: number, text: () => string): void {
    const count = (this.#inSecond.get(kind) ?? 0) + 1;
    this.#inSecond.set(kind, count);
    if (count <= PER_SECOND_MAX) this.#push(kind, atMs, text());
  }

  /** Says how many of each kind were left out, and begins to count anew. */
  endSecond(atMs: number): void {
    if (this.#inSecond.size === 0) return;
    for (const kind of NOTABLE_KINDS) {
      const more = (this.#inSecond.get(kind) ?? 0) - PER_SECOND_MAX;
      if (more > 0) this.#push(kind, atMs, `and ${plural(more, ...MORE[kind])}`);
    }
    this.#inSecond.clear();
  }

  #push(kind: NotableKind, atMs: number, text: string): void {
    const entry: Notable = {
      seq: ++this.#seq,
      atMs,
      kind,
      text: printable(text, TEXT_LENGTH_MAX),
      first: !this.#seen.has(kind),
    };
    this.#seen.add(kind);
    this.#entries = [...this.#entries.slice(1 - KEPT_MAX), entry];
  }
}
