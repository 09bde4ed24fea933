/** Devices, certificates, client IDs and addresses of a run as numbers, and which hang together. */
import type { SessionRow } from './run-sessions.ts';
import type { RunTables } from './side-rows.ts';

export const GRAPH_COLUMNS = ['device', 'certificate', 'client', 'address'] as const;
export type GraphColumn = (typeof GRAPH_COLUMNS)[number];

/** A number for each name of each column, without gaps. */
export class NodeNumbers {
  readonly size: number;
  readonly #starts: Readonly<Record<GraphColumn, number>>;

  constructor({ devices, certificates, clients, addresses }: RunTables) {
    const certificate = devices.names.length;
    const client = certificate + certificates.names.length;
    const address = client + clients.names.length;
    this.#starts = { device: 0, certificate, client, address };
    this.size = address + addresses.names.length;
  }

  /** The node of a name, -1 for none. */
  of(column: GraphColumn, place: number): number {
    return place < 0 ? -1 : this.#starts[column] + place;
  }

  column(node: number): GraphColumn {
    const { certificate, client, address } = this.#starts;
    if (node < certificate) return 'device';
    return node < client ? 'certificate' : node < address ? 'client' : 'address';
  }

  place(node: number): number {
    return node - this.#starts[this.column(node)];
  }

  /** Nodes of a session from left to right, those that are known. */
  chain({ device, certificate, client, address }: SessionRow): readonly number[] {
    return [
      this.of('device', device),
      this.of('certificate', certificate),
      this.of('client', client),
      this.of('address', address),
    ].filter((node) => node >= 0);
  }
}

/** Which nodes hang together; joined as sessions come. */
export class NodeGroups {
  readonly #parent: Int32Array;
  readonly #size: Int32Array;

  constructor(size: number) {
    this.#parent = Int32Array.from({ length: size }, (_, node) => node);
    this.#size = new Int32Array(size).fill(1);
  }

  /** The node that stands for its group. */
  root(node: number): number {
    let root = node;
    for (let up = this.#up(root); up !== root; up = this.#up(root)) {
      // Halves the way for the next time.
      this.#parent[root] = this.#up(up);
      root = this.#up(root);
    }
    return root;
  }

  join(one: number, other: number): void {
    const [a, b] = [this.root(one), this.root(other)];
    if (a === b) return;
    const [small, large] = this.size(a) < this.size(b) ? [a, b] : [b, a];
    this.#parent[small] = large;
    this.#size[large] = this.size(small) + this.size(large);
  }

  /** Nodes in the group of a root. */
  size(root: number): number {
    return this.#size[root] ?? 0;
  }

  #up(node: number): number {
    return this.#parent[node] ?? node;
  }
}

/** Whether a node was seen beside more than one other: 0 none, 1 one, 2 several. */
export class Company {
  readonly #first: Int32Array;
  readonly #several: Uint8Array;

  constructor(size: number) {
    this.#first = new Int32Array(size).fill(-1);
    this.#several = new Uint8Array(size);
  }

  meet(node: number, other: number): void {
    const first = this.#first[node] ?? -1;
    if (first < 0) this.#first[node] = other;
    else if (first !== other) this.#several[node] = 1;
  }

  of(node: number): 0 | 1 | 2 {
    if ((this.#first[node] ?? -1) < 0) return 0;
    return this.#several[node] === 1 ? 2 : 1;
  }
}
