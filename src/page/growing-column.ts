/** A list of numbers that grows in a typed array: a million take eight megabytes and no time. */
export class GrowingColumn {
  #values = new Float64Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(this.#length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = value;
  }

  at(row: number): number {
    return this.#values[row] ?? Number.NaN;
  }

  set(row: number, value: number): void {
    this.#values[row] = value;
  }
}

/** Names with numbers in the order in which they first came. */
export class NameTable {
  readonly names: string[] = [];
  readonly #places = new Map<string, number>();

  /** Its place, -1 for none. */
  place(name: string | undefined): number {
    if (name === undefined) return -1;
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    this.#places.set(name, this.names.length);
    return this.names.push(name) - 1;
  }

  /** Its place when it is known. */
  find(name: string | undefined): number | undefined {
    return name === undefined ? undefined : this.#places.get(name);
  }
}
