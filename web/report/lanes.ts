/**
 * Sessions put into lanes, one for each client ID, device or certificate. Sessions of a lane that
 * are open at the same time lie below one another.
 */
import { FLAG } from '../../src/page/columns.ts';
import type { PageBand, PageFinding } from '../../src/page/page-data.ts';
import type { RunModel } from './decode.ts';
import type { Choice, ChosenFinding, Grouping, Order } from './state.ts';

export interface SessionLane {
  readonly kind: 'lane';
  readonly label: string;
  /** Rows in the order of their start. */
  readonly rows: Int32Array;
  /** For each of the rows, how far down it lies. */
  readonly depth: Uint8Array;
  readonly depths: number;
  /** Who holds the lane, in the order of appearance: one is as it should be. */
  readonly holders: ReadonlyMap<number, number>;
  readonly takeovers: number;
  readonly inFinding: boolean;
}

/** Many lanes that are only counted. */
export interface BandLane {
  readonly kind: 'band';
  readonly label: string;
  readonly band: PageBand;
}

export type Lane = SessionLane | BandLane;

/** Overlaps up to this long are a hand-over, as for the audit. */
const TOLERANCE_MS = 100;
const DEPTH_MAX = 6;
const ONE_HOLDER: ReadonlyMap<number, number> = new Map();

/** Whose identity colours the sessions of a lane. */
export const HOLDER = {
  client: 'certificate',
  device: 'client',
  certificate: 'client',
} as const satisfies Record<Grouping, string>;

/** The lanes of a run, as chosen. */
export function lanesOf(model: RunModel, choice: Choice): readonly Lane[] {
  const mask = matching(model, choice);
  const keys = model.columns[choice.grouping];
  const table = { client: 'clients', device: 'devices', certificate: 'certificates' } as const;
  const names = model.tables[table[choice.grouping]];
  const wanted = new Uint8Array(names.length + 1);
  for (let row = 0; row < model.rows; row++) {
    if (mask[row] === 1) wanted[(keys[row] ?? -1) + 1] = 1;
  }
  const lanes: SessionLane[] = [];
  for (const [key, rows] of buckets(keys, names.length, wanted)) {
    const label = names[key - 1] ?? UNKNOWN[choice.grouping];
    lanes.push(laneOf(model, label, rows, choice.grouping));
  }
  const ordered = inOrder(lanes, model, choice.order);
  const isFiltered = choice.text !== '' || choice.onlyFindings || choice.finding !== undefined;
  if (isFiltered) return ordered;
  const bands = model.run.bands.map(
    (band): BandLane => ({ kind: 'band', label: band.label, band }),
  );
  return [...ordered, ...bands];
}

const UNKNOWN: Readonly<Record<Grouping, string>> = {
  client: '(no client ID)',
  device: '(device not known)',
  certificate: '(no certificate seen)',
};

/** 1 for every session that the filters let through. */
export function matching(model: RunModel, choice: Choice): Uint8Array {
  const { columns, rows } = model;
  const mask = new Uint8Array(rows).fill(1);
  const drop = (isWanted: (row: number) => boolean): void => {
    for (let row = 0; row < rows; row++) if (mask[row] === 1 && !isWanted(row)) mask[row] = 0;
  };
  if (choice.finding !== undefined) drop(byFinding(model, choice.finding));
  if (choice.onlyFindings) drop((row) => ((columns.flags[row] ?? 0) & FLAG.inFinding) !== 0);
  const words = choice.text.trim().toLowerCase();
  if (words !== '') drop(byText(model, words));
  return mask;
}

/** Of its own run by what it is about; of other runs by the devices involved, or their client IDs. */
function byFinding(model: RunModel, chosen: ChosenFinding): (row: number) => boolean {
  const { columns, tables } = model;
  if (chosen.run === model.index) return isAbout(model, chosen.finding);
  const byDevice = tables.devices.length > 0 && chosen.devices.size > 0;
  const [column, names, wanted] = byDevice
    ? [columns.device, tables.devices, chosen.devices]
    : [columns.client, tables.clients, chosen.clients];
  const isWanted = Uint8Array.from(names, (name) => (wanted.has(name) ? 1 : 0));
  return (row) => isWanted[column[row] ?? -1] === 1;
}

function isAbout({ columns }: RunModel, finding: PageFinding): (row: number) => boolean {
  const clients = new Set(finding.clients);
  const certificates = new Set(finding.certificates);
  return (row) =>
    clients.has(columns.client[row] ?? -1) || certificates.has(columns.certificate[row] ?? -1);
}

/** The finding with the names of those involved, to find them in other runs. */
export function chooseFinding(model: RunModel, finding: PageFinding): ChosenFinding {
  const [devices, clients] = [new Set<string>(), new Set<string>()];
  const isMeant = isAbout(model, finding);
  for (let row = 0; row < model.rows; row++) {
    if (!isMeant(row)) continue;
    const device = model.tables.devices[model.columns.device[row] ?? -1];
    const client = model.tables.clients[model.columns.client[row] ?? -1];
    if (device !== undefined) devices.add(device);
    if (client !== undefined) clients.add(client);
  }
  return { run: model.index, finding, devices, clients };
}

/** Any of its names holds the words. */
function byText({ columns, tables }: RunModel, words: string): (row: number) => boolean {
  const hits = (names: readonly string[]): Uint8Array =>
    Uint8Array.from(names, (name) => (name.toLowerCase().includes(words) ? 1 : 0));
  const pairs = [
    [columns.client, hits(tables.clients)],
    [columns.device, hits(tables.devices)],
    [columns.certificate, hits(tables.certificates)],
    [columns.address, hits(tables.addresses)],
  ] as const;
  return (row) => pairs.some(([column, hit]) => hit[column[row] ?? -1] === 1);
}

/** Rows by key, in their order; key 0 is for rows without one. */
function* buckets(
  keys: Int32Array,
  size: number,
  wanted: Uint8Array,
): Generator<readonly [number, Int32Array]> {
  const starts = new Int32Array(size + 2);
  for (const key of keys) starts[key + 2] = (starts[key + 2] ?? 0) + 1;
  for (let place = 1; place < starts.length; place++) {
    starts[place] = (starts[place] ?? 0) + (starts[place - 1] ?? 0);
  }
  const order = new Int32Array(keys.length);
  const next = starts.slice();
  for (let row = 0; row < keys.length; row++) {
    const key = (keys[row] ?? -1) + 1;
    const place = next[key] ?? 0;
    order[place] = row;
    next[key] = place + 1;
  }
  for (let key = 0; key <= size; key++) {
    if (wanted[key] !== 1) continue;
    yield [key, order.subarray(starts[key] ?? 0, starts[key + 1] ?? keys.length)];
  }
}

function laneOf(model: RunModel, label: string, rows: Int32Array, grouping: Grouping): SessionLane {
  const { startMs, endMs, columns } = model;
  const depth = new Uint8Array(rows.length);
  const holderOf = columns[HOLDER[grouping]];
  const holders = new Map<number, number>();
  const ends: number[] = [];
  let [takeovers, inFinding] = [0, false];
  for (let place = 0; place < rows.length; place++) {
    const row = rows[place] ?? 0;
    const flags = columns.flags[row] ?? 0;
    const start = startMs[row] ?? 0;
    const holder = holderOf[row] ?? -1;
    if (!holders.has(holder)) holders.set(holder, holders.size);
    if ((flags & FLAG.takenOver) !== 0) takeovers += 1;
    if ((flags & FLAG.inFinding) !== 0) inFinding = true;
    if ((flags & FLAG.failed) !== 0) continue;
    let level = ends.findIndex((end) => end <= start + TOLERANCE_MS);
    if (level < 0) level = Math.min(ends.length, DEPTH_MAX - 1);
    ends[level] = Math.max(ends[level] ?? 0, endMs[row] ?? 0);
    depth[place] = level;
  }
  const depths = Math.max(1, ends.length);
  return {
    kind: 'lane',
    label,
    rows,
    depth,
    depths,
    holders: holders.size > 1 ? holders : ONE_HOLDER,
    takeovers,
    inFinding,
  };
}

function inOrder(lanes: SessionLane[], model: RunModel, order: Order): readonly SessionLane[] {
  const firstMs = (lane: SessionLane): number => model.startMs[lane.rows[0] ?? 0] ?? 0;
  switch (order) {
    case 'time':
      return lanes.sort((a, b) => firstMs(a) - firstMs(b));
    case 'name': {
      const collator = new Intl.Collator('en', { numeric: true });
      return lanes.sort((a, b) => collator.compare(a.label, b.label));
    }
    case 'trouble':
      return lanes.sort(
        (a, b) =>
          Number(b.inFinding) - Number(a.inFinding) ||
          b.takeovers - a.takeovers ||
          b.depths - a.depths ||
          firstMs(a) - firstMs(b),
      );
  }
}
