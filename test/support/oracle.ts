/**
 * What an audit must find, worked out the slow and plain way: loops over events and pairs, no SQL,
 * no code of the audit. Written from the rules (MQTT 5.0 §3.1.4; the AWS pages on both checks), to
 * be held against the engine on random histories.
 */
import type { ConnectionEvent } from '../../src/history/event.ts';

export interface OracleOptions {
  readonly hasBroker: boolean;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** End of the evidence: open sessions end here. */
  readonly endsAt: number;
  readonly toleranceMs: number;
  readonly takeoverToleranceMs: number;
  readonly joinToleranceMs: number;
}

interface Side {
  readonly sessionId: string;
  readonly vantage: string;
  readonly clientId: string;
  readonly certificateId: string | undefined;
  readonly ip: string | undefined;
  readonly port: number | undefined;
  readonly connectedAt: number | undefined;
  readonly closedAt: number | undefined;
  readonly reason: string | undefined;
}

export interface OracleConflict {
  readonly occurrences: number;
  readonly lastOccurrence: number;
  /** Disconnect times, newest first. */
  readonly disconnects: readonly number[];
}

export interface OracleSharing {
  readonly occurrences: number;
  readonly lastOccurrence: number;
  /** `clientId connectedAt` of every session that takes part, sorted. */
  readonly sessions: readonly string[];
}

export interface OracleAnswer {
  readonly sessions: number;
  readonly joined: number;
  readonly conflicts: Readonly<Record<string, OracleConflict>>;
  readonly sharings: Readonly<Record<string, OracleSharing>>;
  readonly conflictStatus: string;
  readonly sharingStatus: string;
}

export function oracle(events: readonly ConnectionEvent[], options: OracleOptions): OracleAnswer {
  const sides = collect(events);
  const devices = sides.filter((side) => side.vantage === 'device');
  const brokers = sides.filter((side) => side.vantage === 'broker');
  const pairs = options.hasBroker ? join(brokers, devices, options.joinToleranceMs) : new Map();
  const sessions = options.hasBroker
    ? brokers.map((side) => ({
        ...side,
        certificateId: side.certificateId ?? pairs.get(side)?.certificateId,
      }))
    : devices;
  return {
    sessions: sessions.length,
    joined: brokers.filter((side) => !side.certificateId && pairs.get(side)?.certificateId).length,
    ...conflicts(sessions, options),
    ...sharings(sessions, options),
  };
}

function collect(events: readonly ConnectionEvent[]): Side[] {
  const sides: Side[] = [];
  const seen = new Set<string>();
  const byNumber = [...events].sort((a, b) => a.event - b.event);
  for (const { vantage, sessionId } of byNumber) {
    const key = JSON.stringify([vantage, sessionId]);
    if (seen.has(key)) continue;
    seen.add(key);
    const own = byNumber.filter((e) => e.vantage === vantage && e.sessionId === sessionId);
    const connects = own.filter((e) => e.kind === 'connected').sort((a, b) => a.at - b.at);
    const closes = own.filter((e) => e.kind === 'closed').sort((a, b) => a.at - b.at);
    if (connects.length === 0 && own.some((e) => e.kind === 'connect-failed')) continue;
    const connectByNumber = own.find((e) => e.kind === 'connected');
    sides.push({
      sessionId,
      vantage,
      clientId: (connectByNumber ?? own[0])?.clientId ?? '',
      certificateId: own.find((e) => e.certificateId)?.certificateId,
      ip: own.find((e) => e.ip !== undefined)?.ip,
      port: own.find((e) => e.port !== undefined)?.port,
      connectedAt: connects[0]?.at,
      closedAt: closes[0]?.at,
      reason: closes.find((e) => e.reason !== undefined)?.reason,
    });
  }
  return sides;
}

/** How connections are compared, from the surest way to the weakest. */
const WAYS = [
  { addressed: true, named: true },
  { addressed: false, named: true },
  { addressed: true, named: false },
] as const;
type Way = (typeof WAYS)[number];

/** Mutual nearest neighbours among equal port and client ID: with addresses first, then without. */
function join(brokers: readonly Side[], devices: readonly Side[], within: number) {
  const pairs = new Map<Side, Side>();
  const taken = new Set<Side>();
  for (const way of WAYS) {
    const usable = [...brokers, ...devices].filter(
      (side) =>
        side.port !== undefined &&
        side.connectedAt !== undefined &&
        !taken.has(side) &&
        (!way.addressed || side.ip !== undefined),
    );
    const found: [Side, Side][] = [];
    for (const side of usable.filter((one) => one.vantage === 'broker')) {
      const other = nearestOf(side, usable, way);
      if (other === undefined || nearestOf(other, usable, way) !== side) continue;
      const apart = Math.abs((side.connectedAt ?? 0) - (other.connectedAt ?? 0));
      const sameIp = !side.ip || !other.ip || side.ip === other.ip;
      if (apart <= within && sameIp) found.push([side, other]);
    }
    for (const [broker, device] of found) {
      pairs.set(broker, device);
      taken.add(broker).add(device);
    }
  }
  return pairs;
}

/** Of those equally near the one that comes first in time; of one time the one beside `side`. */
function nearestOf(side: Side, all: readonly Side[], way: Way): Side | undefined {
  const line = all
    .filter((one) => one.port === side.port)
    .filter((one) => !way.named || one.clientId === side.clientId)
    .filter((one) => !way.addressed || one.ip === side.ip)
    .sort(inTime);
  const place = line.indexOf(side);
  const before = line.slice(0, place).findLast((one) => one.vantage !== side.vantage);
  const after = line.slice(place + 1).find((one) => one.vantage !== side.vantage);
  if (before === undefined || after === undefined) return before ?? after;
  const at = side.connectedAt ?? 0;
  return at - (before.connectedAt ?? 0) <= (after.connectedAt ?? 0) - at ? before : after;
}

function inTime(a: Side, b: Side): number {
  return (
    (a.connectedAt ?? 0) - (b.connectedAt ?? 0) ||
    compare(a.vantage, b.vantage) ||
    compare(a.sessionId, b.sessionId)
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const startOf = (one: Side): number => one.connectedAt ?? one.closedAt ?? 0;
const endOf = (one: Side, endsAt: number): number => Math.max(startOf(one), one.closedAt ?? endsAt);

function follower(side: Side, sessions: readonly Side[]): Side | undefined {
  const line = sessions
    .filter((one) => one.clientId === side.clientId && one.connectedAt !== undefined)
    .sort(
      (a, b) =>
        (a.connectedAt ?? 0) - (b.connectedAt ?? 0) ||
        (a.closedAt ?? Infinity) - (b.closedAt ?? Infinity) ||
        compare(a.sessionId, b.sessionId),
    );
  return side.connectedAt === undefined ? undefined : line[line.indexOf(side) + 1];
}

interface Ending {
  readonly tookOver: boolean;
  /** Something that must be known to say that it was no takeover is not. */
  readonly unclear: boolean;
  readonly at: number | undefined;
}

function ending(one: Side, sessions: readonly Side[], options: OracleOptions): Ending {
  const { hasBroker, from, to, takeoverToleranceMs } = options;
  const nextAt = follower(one, sessions)?.connectedAt;
  if (one.closedAt === undefined) {
    const unclear = nextAt !== undefined && nextAt >= from && nextAt < to;
    return { tookOver: false, unclear, at: undefined };
  }
  if (one.closedAt < from || one.closedAt >= to) return NOTHING;
  const near = nextAt !== undefined && Math.abs(one.closedAt - nextAt) <= takeoverToleranceMs;
  const vague = one.reason === undefined || one.reason === 'unknown';
  const lost = vague || one.reason === 'connection-lost' || one.reason === 'server-initiated';
  const tookOver = one.reason === 'session-taken-over' || (!hasBroker && near && lost);
  return { tookOver, unclear: hasBroker && near && vague, at: one.closedAt };
}

const NOTHING: Ending = { tookOver: false, unclear: false, at: undefined };

function conflicts(sessions: readonly Side[], options: OracleOptions) {
  const found: Record<string, OracleConflict> = {};
  const inWindow = within(sessions, options);
  let missing = inWindow.every((one) => one.closedAt === undefined);
  for (const one of sessions) {
    const { tookOver, unclear, at } = ending(one, sessions, options);
    if (unclear) missing = true;
    if (!tookOver || at === undefined) continue;
    const disconnects = [...(found[one.clientId]?.disconnects ?? []), at].sort((a, b) => b - a);
    found[one.clientId] = {
      occurrences: disconnects.length,
      lastOccurrence: disconnects[0] ?? 0,
      disconnects,
    };
  }
  return { conflicts: found, conflictStatus: statusOf(found, missing) };
}

function within(sessions: readonly Side[], { from, to, endsAt }: OracleOptions): readonly Side[] {
  const first = (one: Side) => Math.min(startOf(one), one.closedAt ?? Infinity);
  return sessions.filter((one) => first(one) < to && endOf(one, endsAt) >= from);
}

function statusOf(found: object, missing: boolean): string {
  if (Object.keys(found).length > 0) return 'non-compliant';
  return missing ? 'inconclusive' : 'compliant';
}

function sharings(sessions: readonly Side[], options: OracleOptions) {
  const found: Record<string, OracleSharing> = {};
  const known = sessions.filter((one) => one.certificateId && one.connectedAt !== undefined);
  for (const certificateId of new Set(known.map((one) => one.certificateId ?? ''))) {
    const own = known.filter((one) => one.certificateId === certificateId);
    const sharing = sharingOf(own, options);
    if (sharing.occurrences > 0) found[certificateId] = sharing;
  }
  const inWindow = within(sessions, options);
  const missing =
    inWindow.length === 0 ||
    inWindow.some((one) => (one.certificateId === undefined) !== (one.connectedAt === undefined));
  return { sharings: found, sharingStatus: statusOf(found, missing) };
}

function sharingOf(own: readonly Side[], options: OracleOptions): OracleSharing {
  const { from, to, endsAt, toleranceMs } = options;
  const sharers = new Set<Side>();
  let occurrences = 0;
  let lastOccurrence = 0;
  for (const [i, a] of own.entries()) {
    for (const b of own.slice(i + 1)) {
      // What is left of the overlap after the tolerance has to reach into the window.
      const end = Math.min(endOf(a, endsAt), endOf(b, endsAt));
      const since = Math.max(startOf(a), startOf(b), from);
      if (a.clientId === b.clientId || Math.min(end - toleranceMs, to) <= since) continue;
      occurrences += 1;
      lastOccurrence = Math.max(lastOccurrence, Math.min(end, to));
      sharers.add(a).add(b);
    }
  }
  const names = [...sharers].map((one) => `${one.clientId} ${one.connectedAt}`);
  return { occurrences, lastOccurrence, sessions: names.sort() };
}
