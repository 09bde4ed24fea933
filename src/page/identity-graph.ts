/**
 * Who used what: devices – certificates – client IDs – addresses, as far as one is shared. Devices
 * that keep their certificate and their client ID to themselves are counted, not drawn. Addresses
 * hang on to the others and tie nothing together: behind one address there may be a whole fleet.
 */
import { plural, printable } from '../core/text.ts';
import { FLAG } from './columns.ts';
import { IdentityLinks } from './identity-links.ts';
import {
  Company,
  GRAPH_COLUMNS,
  type GraphColumn,
  NodeGroups,
  NodeNumbers,
} from './identity-nodes.ts';
import type { SessionRow } from './run-sessions.ts';
import type { RunTables } from './side-rows.ts';

export interface GraphNode {
  readonly column: GraphColumn;
  readonly label: string;
  /** How it is shared, in words; absent when it is not. */
  readonly shared?: string;
  /** Stands for so many that have no room. */
  readonly more?: number;
}

export interface GraphEdge {
  /** Places in `nodes`. */
  readonly from: number;
  readonly to: number;
  readonly sessions: number;
}

/** Nodes that sharing ties together. */
export interface GraphComponent {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** The sharing in sentences. */
  readonly sentences: readonly string[];
}

export interface IdentityGraph {
  /** The largest ones. */
  readonly components: readonly GraphComponent[];
  /** Components with sharing that have no room. */
  readonly componentsLeftOut: number;
  /** Devices (without truth: certificates) that share nothing. */
  readonly unshared: number;
  readonly truth: boolean;
}

const COMPONENTS_MAX = 12;
const COLUMN_NODES_MAX = 12;

export function identityGraph(all: readonly SessionRow[], tables: RunTables): IdentityGraph {
  const rows = all.filter(({ flags }) => (flags & FLAG.failed) === 0);
  const numbers = new NodeNumbers(tables);
  const { groups, counted, sharedRoots, truth } = survey(rows, numbers);
  const shared = [...sharedRoots].sort((a, b) => groups.size(b) - groups.size(a) || a - b);
  const links = new Map(shared.slice(0, COMPONENTS_MAX).map((root) => [root, new IdentityLinks()]));
  for (const row of rows) {
    const chosen = links.get(groups.root(numbers.of('client', row.client)));
    if (chosen === undefined) continue;
    const chain = numbers.chain(row);
    for (let place = 1; place < chain.length; place++) {
      chosen.add(chain[place - 1] ?? 0, chain[place] ?? 0);
    }
    // A client ID's devices count, even though a certificate stands between them.
    if (row.device >= 0) {
      chosen.note(numbers.of('device', row.device), numbers.of('client', row.client));
    }
  }
  return {
    components: [...links.values()].map((one) => componentOf(one, numbers, tables)),
    componentsLeftOut: Math.max(0, shared.length - COMPONENTS_MAX),
    unshared: [...counted].filter((node) => !sharedRoots.has(groups.root(node))).length,
    truth,
  };
}

/** Who was seen beside whom: enough to tell what is shared. */
class Sharing {
  readonly #numbers: NodeNumbers;
  readonly #devices: Company;
  /** Of client IDs the certificates, of certificates the client IDs. */
  readonly #others: Company;

  constructor(numbers: NodeNumbers) {
    this.#numbers = numbers;
    this.#devices = new Company(numbers.size);
    this.#others = new Company(numbers.size);
  }

  add(row: SessionRow): void {
    const { client, certificate, device } = nodesOf(row, this.#numbers);
    if (certificate >= 0) {
      this.#others.meet(client, certificate);
      this.#others.meet(certificate, client);
    }
    if (device < 0) return;
    this.#devices.meet(client, device);
    if (certificate >= 0) this.#devices.meet(certificate, device);
  }

  /** By devices where they are known, else by certificates and client IDs. */
  has(row: SessionRow): boolean {
    const { client, certificate } = nodesOf(row, this.#numbers);
    return [client, certificate].some((node) => {
      if (node < 0) return false;
      const devices = this.#devices.of(node);
      return devices === 2 || (devices === 0 && this.#others.of(node) === 2);
    });
  }
}

function nodesOf({ client, certificate, device }: SessionRow, numbers: NodeNumbers) {
  return {
    client: numbers.of('client', client),
    certificate: numbers.of('certificate', certificate),
    device: numbers.of('device', device),
  };
}

/** What hangs together, and which of it is shared. */
function survey(rows: readonly SessionRow[], numbers: NodeNumbers) {
  const groups = new NodeGroups(numbers.size);
  const sharing = new Sharing(numbers);
  const truth = rows.some(({ device }) => device >= 0);
  const counted = new Set<number>();
  for (const row of rows) {
    const { client, certificate, device } = nodesOf(row, numbers);
    const one = truth ? device : certificate;
    if (one >= 0) counted.add(one);
    for (const node of [certificate, device]) if (node >= 0) groups.join(node, client);
    sharing.add(row);
  }
  const sharedRoots = new Set<number>();
  for (const row of rows) {
    if (sharing.has(row)) sharedRoots.add(groups.root(numbers.of('client', row.client)));
  }
  return { groups, counted, sharedRoots, truth };
}

/** How a node of a drawn group is shared: the same rules, with numbers. */
function sharedWords(node: number, links: IdentityLinks, numbers: NodeNumbers): string | undefined {
  const column = numbers.column(node);
  if (column === 'device' || column === 'address') return undefined;
  const users = links.beside(node).map((other) => numbers.column(other));
  const count = (wanted: GraphColumn): number => users.filter((one) => one === wanted).length;
  const devices = count('device');
  if (devices > 0) return devices > 1 ? `shared by ${plural(devices, 'device')}` : undefined;
  const [others, noun] =
    column === 'client' ? [count('certificate'), 'certificate'] : [count('client'), 'client ID'];
  return others > 1 ? `shared by ${plural(others, noun)}` : undefined;
}

function componentOf(
  links: IdentityLinks,
  numbers: NodeNumbers,
  tables: RunTables,
): GraphComponent {
  const members = links.nodes().map((node) => ({
    node,
    column: numbers.column(node),
    shared: sharedWords(node, links, numbers),
  }));
  const places = new Map<number, number>();
  const nodes: GraphNode[] = [];
  for (const column of GRAPH_COLUMNS) {
    const here = members
      .filter((member) => member.column === column)
      .sort((a, b) => Number(b.shared !== undefined) - Number(a.shared !== undefined));
    const shown = here.length > COLUMN_NODES_MAX ? here.slice(0, COLUMN_NODES_MAX - 1) : here;
    for (const { node, shared } of shown) {
      places.set(node, nodes.length);
      const label = labelOf(node, numbers, tables);
      nodes.push({ column, label, ...(shared === undefined ? {} : { shared }) });
    }
    const rest = here.slice(shown.length);
    if (rest.length === 0) continue;
    for (const { node } of rest) places.set(node, nodes.length);
    const label = `${rest.length.toLocaleString('en-US')} more`;
    nodes.push({ column, label, more: rest.length });
  }
  const sentences = nodes
    .filter((node) => node.shared !== undefined)
    .map(({ column, label, shared }) => `${WORDS[column]} ${label} is ${shared ?? ''}`);
  return { nodes, edges: edgesOf(links, places), sentences };
}

const WORDS: Readonly<Record<GraphColumn, string>> = {
  device: 'device',
  certificate: 'certificate',
  client: 'client ID',
  address: 'address',
};

function labelOf(node: number, numbers: NodeNumbers, tables: RunTables): string {
  const place = numbers.place(node);
  const column = numbers.column(node);
  if (column === 'certificate') return `${(tables.certificates.names[place] ?? '').slice(0, 12)}…`;
  const { devices, clients, addresses } = tables;
  const table = { device: devices, client: clients, address: addresses }[column];
  const name = printable(table.names[place] ?? '', 40);
  return name === '' ? '(empty)' : name;
}

function edgesOf(links: IdentityLinks, places: ReadonlyMap<number, number>): readonly GraphEdge[] {
  const edges = new Map<string, GraphEdge>();
  for (const node of links.nodes()) {
    for (const [other, sessions] of links.after(node)) {
      const [from, to] = [places.get(node), places.get(other)];
      if (from === undefined || to === undefined) continue;
      const known = edges.get(`${from} ${to}`)?.sessions ?? 0;
      edges.set(`${from} ${to}`, { from, to, sessions: known + sessions });
    }
  }
  return [...edges.values()];
}
