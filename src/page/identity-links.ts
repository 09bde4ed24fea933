/** Who stands beside whom in the few groups that are drawn, with how many sessions. */

export class IdentityLinks {
  readonly #after = new Map<number, Map<number, number>>();
  readonly #beside = new Map<number, Set<number>>();

  /** A line to be drawn, for one more session. */
  add(from: number, to: number): void {
    const after = this.#after.get(from) ?? new Map<number, number>();
    this.#after.set(from, after);
    after.set(to, (after.get(to) ?? 0) + 1);
    this.note(from, to);
  }

  /** They belong together, with others between them. */
  note(one: number, other: number): void {
    this.#beside.set(one, (this.#beside.get(one) ?? new Set()).add(other));
    this.#beside.set(other, (this.#beside.get(other) ?? new Set()).add(one));
  }

  nodes(): readonly number[] {
    return [...this.#beside.keys()].sort((a, b) => a - b);
  }

  after(node: number): Iterable<readonly [to: number, sessions: number]> {
    return this.#after.get(node) ?? [];
  }

  beside(node: number): readonly number[] {
    return [...(this.#beside.get(node) ?? [])];
  }
}
