/**
 * A run's sessions from both vantages: the broker's where it has records, with what the devices'
 * side and the truth add; ordered by their start. Takeovers that no record names are inferred as the
 * audit does it.
 */
import { TAKEOVER_TOLERANCE_MS } from '../core/limits.ts';
import type { RunCollector } from './collect.ts';
import { FLAG, REASONS } from './columns.ts';
import { joinRows, moment } from './join-rows.ts';
import type { SideRows } from './side-rows.ts';

/** One session; times are epoch milliseconds, places point into the collector's tables. */
export interface SessionRow {
  readonly startAt: number;
  /** NaN when no end was recorded. */
  readonly endAt: number;
  readonly client: number;
  readonly device: number;
  readonly certificate: number;
  readonly address: number;
  readonly port: number;
  readonly reason: number;
  readonly latency: number;
  readonly abandonedAt: number;
  readonly opened: number;
  readonly closed: number;
  flags: number;
}

export interface RunSessions {
  readonly vantage: 'broker' | 'device' | 'none';
  readonly rows: readonly SessionRow[];
}

const TAKEN_OVER = REASONS.indexOf('session-taken-over');
const MAY_BE_TAKEOVER = ['connection-lost', 'server-initiated', 'unknown'].map((reason) =>
  REASONS.indexOf(reason as (typeof REASONS)[number]),
);

export function sessionsOf({ broker, device }: RunCollector): RunSessions {
  const vantage = hasSessions(broker) ? 'broker' : device.length > 0 ? 'device' : 'none';
  const rows = vantage === 'broker' ? bothSides(broker, device) : deviceSide(device);
  rows.sort((a, b) => a.startAt - b.startAt || a.opened - b.opened);
  if (vantage === 'device') inferTakeovers(rows);
  return { vantage, rows };
}

function deviceSide(device: SideRows): SessionRow[] {
  return Array.from({ length: device.length }, (_, row) => merged(device, row, device, row));
}

/** Failed connects are the devices', who know of every one; brokers' lines are often nameless. */
function bothSides(broker: SideRows, device: SideRows): SessionRow[] {
  const partner = joinRows(broker, device);
  const isJoined = new Uint8Array(device.length);
  const rows: SessionRow[] = [];
  for (let row = 0; row < broker.length; row++) {
    const other = partner[row] ?? -1;
    if (other >= 0) isJoined[other] = 1;
    const isKnownFailure = broker.failed.at(row) === 1 && other >= 0;
    if (!isKnownFailure) rows.push(merged(broker, row, device, other));
  }
  for (let row = 0; row < device.length; row++) {
    const isFailed = device.failed.at(row) === 1;
    if (!isFailed && isJoined[row] === 1) continue;
    rows.push(merged(device, row, device, row, isFailed ? 0 : FLAG.deviceOnly));
  }
  return rows;
}

function hasSessions(side: SideRows): boolean {
  for (let row = 0; row < side.length; row++) if (side.failed.at(row) === 0) return true;
  return false;
}

/** A row of `side` with what the device's row of the same connection adds. */
function merged(
  side: SideRows,
  row: number,
  device: SideRows,
  other: number,
  flags = 0,
): SessionRow {
  const known = (column: 'certificate' | 'address' | 'port'): number =>
    side[column].at(row) < 0 && other >= 0 ? device[column].at(other) : side[column].at(row);
  const [startAt, endAt, reason] = [moment(side, row), side.closedAt.at(row), side.reason.at(row)];
  const isFailed = side.failed.at(row) === 1;
  const isStartUnknown = !isFailed && Number.isNaN(side.connectedAt.at(row));
  return {
    startAt,
    // One that seems to end before it began: records out of order.
    endAt: endAt < startAt ? startAt : endAt,
    client: side.client.at(row),
    device: other >= 0 ? device.device.at(other) : -1,
    certificate: known('certificate'),
    address: known('address'),
    port: known('port'),
    reason,
    latency: other >= 0 ? device.latency.at(other) : -1,
    abandonedAt: other >= 0 ? device.abandonedAt.at(other) : Number.NaN,
    opened: side.opened.at(row),
    closed: side.closed.at(row),
    flags:
      flags |
      (isFailed ? FLAG.failed : 0) |
      (!isFailed && reason === TAKEN_OVER ? FLAG.takenOver : 0) |
      (isStartUnknown ? FLAG.startUnknown : 0),
  };
}

/** From the devices' side alone: the next connect with its client ID came when it was cut off. */
function inferTakeovers(rows: readonly SessionRow[]): void {
  const before = new Map<number, SessionRow>();
  for (const row of rows) {
    if ((row.flags & FLAG.failed) !== 0) continue;
    const last = before.get(row.client);
    before.set(row.client, row);
    if (last === undefined || (last.flags & FLAG.takenOver) !== 0) continue;
    const isNear = Math.abs(last.endAt - row.startAt) <= TAKEOVER_TOLERANCE_MS;
    if (isNear && (last.reason < 0 || MAY_BE_TAKEOVER.includes(last.reason))) {
      last.flags |= FLAG.takenOver | FLAG.takeoverInferred;
    }
  }
}
