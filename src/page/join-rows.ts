/**
 * Which device row belongs to which broker row: the same address and port at nearly the same time,
 * else, where a side does not tell ports or sees other addresses, the same client ID at nearly the
 * same time.
 */
import { JOIN_TOLERANCE_MS } from '../core/limits.ts';
import type { SideRows } from './side-rows.ts';

const PORTS = 65_536;

/** Device rows under one key, in the order of the file; those before `from` are long past. */
interface Candidates {
  readonly rows: number[];
  from: number;
}

type Key = (side: SideRows, row: number) => number;

/** For each broker row the device row of the same connection, -1 for none. */
export function joinRows(broker: SideRows, device: SideRows): Int32Array {
  const partner = new Int32Array(broker.length).fill(-1);
  const taken = new Uint8Array(device.length);
  const isFree = (row: number, candidate: number): boolean =>
    taken[candidate] !== 1 &&
    device.failed.at(candidate) === broker.failed.at(row) &&
    !isElsewhere(broker, row, device, candidate);
  for (const key of KEYS) {
    const byKey = rowsBy(device, (row) => (taken[row] === 1 ? -1 : key(device, row)));
    for (let row = 0; row < broker.length; row++) {
      const candidates = partner[row] === -1 ? byKey.get(key(broker, row)) : undefined;
      if (candidates === undefined) continue;
      const best = nearest(candidates, device, moment(broker, row), (one) => isFree(row, one));
      if (best < 0) continue;
      partner[row] = best;
      taken[best] = 1;
    }
  }
  return partner;
}

const KEYS: readonly Key[] = [
  (side, row) => {
    const [address, port] = [side.address.at(row), side.port.at(row)];
    return address < 0 || port < 0 ? -1 : address * PORTS + port;
  },
  (side, row) => side.client.at(row),
];

function nearest(
  candidates: Candidates,
  device: SideRows,
  at: number,
  isFree: (row: number) => boolean,
): number {
  const { rows } = candidates;
  let [best, bestGap] = [-1, JOIN_TOLERANCE_MS + 1];
  for (let place = candidates.from; place < rows.length; place++) {
    const candidate = rows[place] ?? -1;
    const gap = moment(device, candidate) - at;
    if (gap > JOIN_TOLERANCE_MS) break;
    const isPast = gap < -2 * JOIN_TOLERANCE_MS && place === candidates.from;
    if (isPast) candidates.from += 1;
    if (Math.abs(gap) >= bestGap || !isFree(candidate)) continue;
    [best, bestGap] = [candidate, Math.abs(gap)];
  }
  return best;
}

/** Both sides name a port at one address, and not the same: two connections. */
function isElsewhere(broker: SideRows, row: number, device: SideRows, candidate: number): boolean {
  const [ours, theirs] = [device.port.at(candidate), broker.port.at(row)];
  const isSameAddress = device.address.at(candidate) === broker.address.at(row);
  return ours >= 0 && theirs >= 0 && ours !== theirs && isSameAddress;
}

function rowsBy(side: SideRows, key: (row: number) => number): Map<number, Candidates> {
  const rows = new Map<number, Candidates>();
  for (let row = 0; row < side.length; row++) {
    const place = key(row);
    if (place < 0) continue;
    const known = rows.get(place);
    if (known === undefined) rows.set(place, { rows: [row], from: 0 });
    else known.rows.push(row);
  }
  return rows;
}

/** When a row begins, as far as its records tell. */
export function moment(side: SideRows, row: number): number {
  const connectedAt = side.connectedAt.at(row);
  return Number.isNaN(connectedAt) ? side.closedAt.at(row) : connectedAt;
}
