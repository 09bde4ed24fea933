/** The tables cut down to what the shown sessions use, with names that are safe to show. Pure. */
import { printable } from '../core/text.ts';
import type { RunCollector } from './collect.ts';
import type { PageFinding, PageTables } from './page-data.ts';
import type { SessionRow } from './run-sessions.ts';

/** A client ID may have 64 KiB. */
const NAME_LENGTH_MAX = 120;

class Renumbering {
  readonly names: string[] = [];
  readonly #all: readonly string[];
  readonly #places: Int32Array;

  constructor(all: readonly string[]) {
    this.#all = all;
    this.#places = new Int32Array(all.length).fill(-1);
  }

  /** Its place in the smaller table. */
  use(place: number): number {
    if (place < 0) return -1;
    const known = this.#places[place] ?? -1;
    if (known >= 0) return known;
    const name = this.#all[place] ?? '';
    this.#places[place] = this.names.push(shown(name)) - 1;
    return this.names.length - 1;
  }

  find(places: readonly number[]): number[] {
    return places.map((place) => this.#places[place] ?? -1).filter((place) => place >= 0);
  }
}

/** A name that is cut says how long it is. */
function shown(name: string): string {
  if (name === '') return '(empty)';
  const safe = printable(name, NAME_LENGTH_MAX);
  return name.length <= NAME_LENGTH_MAX
    ? safe
    : `${safe} (${name.length.toLocaleString('en-US')} characters)`;
}

export interface UsedTables {
  readonly rows: readonly SessionRow[];
  readonly tables: PageTables;
  readonly finding: (finding: PageFinding) => PageFinding;
}

export function usedTables(rows: readonly SessionRow[], { tables }: RunCollector): UsedTables {
  const clients = new Renumbering(tables.clients.names);
  const certificates = new Renumbering(tables.certificates.names);
  const devices = new Renumbering(tables.devices.names);
  const addresses = new Renumbering(tables.addresses.names);
  const renumbered = rows.map((row) => ({
    ...row,
    client: clients.use(row.client),
    certificate: certificates.use(row.certificate),
    device: devices.use(row.device),
    address: addresses.use(row.address),
  }));
  return {
    rows: renumbered,
    tables: {
      clients: clients.names,
      certificates: certificates.names,
      devices: devices.names,
      addresses: addresses.names,
    },
    finding: (finding) => ({
      ...finding,
      clients: clients.find(finding.clients),
      certificates: certificates.find(finding.certificates),
    }),
  };
}
