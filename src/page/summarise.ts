/**
 * Which sessions a page shows one by one: all of them, or with too many those of findings, then
 * whole lanes (client IDs) with the most to tell. The others are counted in bands. Pure.
 */
import { FLAG } from './columns.ts';
import type { PageBand } from './page-data.ts';
import type { SessionRow } from './run-sessions.ts';
import { type BinAxis, binCount, binOf } from './series.ts';

/** All runs of a page together show this many sessions one by one… */
export const SESSIONS_SHOWN_MAX = 200_000;
/** …and twice as many when the lanes of findings alone need that. */
const IN_FINDINGS_MAX = 2;
const BANDS_MAX = 24;

export interface Summary {
  /** Shown one by one, in order. */
  readonly shown: readonly SessionRow[];
  readonly bands: readonly PageBand[];
}

interface Lane {
  readonly client: number;
  sessions: number;
  events: number;
  inFinding: boolean;
}

/** `shownMax` is this run's part of {@link SESSIONS_SHOWN_MAX}. */
export function summarise(
  rows: readonly SessionRow[],
  { shownMax, axis, startedAt }: { shownMax: number; axis: BinAxis; startedAt: number },
): Summary {
  if (rows.length <= shownMax) return { shown: rows, bands: [] };
  const chosen = new Set<number>();
  let count = 0;
  for (const lane of byImportance(lanesOf(rows))) {
    const max = lane.inFinding ? shownMax * IN_FINDINGS_MAX : shownMax;
    if (count + lane.sessions > max) continue;
    count += lane.sessions;
    chosen.add(lane.client);
  }
  const left = rows.filter((row) => !chosen.has(row.client));
  return {
    shown: rows.filter((row) => chosen.has(row.client)),
    bands: bandsOf(left, axis, startedAt),
  };
}

function lanesOf(rows: readonly SessionRow[]): readonly Lane[] {
  const lanes = new Map<number, Lane>();
  for (const { client, flags } of rows) {
    const lane = lanes.get(client) ?? { client, sessions: 0, events: 0, inFinding: false };
    lanes.set(client, lane);
    lane.sessions += 1;
    if ((flags & (FLAG.takenOver | FLAG.failed | FLAG.deviceOnly)) !== 0) lane.events += 1;
    if ((flags & FLAG.inFinding) !== 0) lane.inFinding = true;
  }
  return [...lanes.values()];
}

function byImportance(lanes: readonly Lane[]): readonly Lane[] {
  return [...lanes].sort(
    (a, b) =>
      Number(b.inFinding) - Number(a.inFinding) || b.events - a.events || a.client - b.client,
  );
}

/** Neighbours in the order of first appearance share a band. */
function bandsOf(
  rows: readonly SessionRow[],
  axis: BinAxis,
  startedAt: number,
): readonly PageBand[] {
  const clients = [...new Set(rows.map((row) => row.client))].sort((a, b) => a - b);
  const bandOf = new Map<number, number>();
  const perBand = Math.ceil(clients.length / BANDS_MAX);
  for (const [place, client] of clients.entries()) bandOf.set(client, Math.floor(place / perBand));
  const bins = binCount(axis);
  const bands = Array.from({ length: Math.ceil(clients.length / perBand) }, (_, band) => ({
    lanes: Math.min(perBand, clients.length - band * perBand),
    sessions: 0,
    change: new Array<number>(bins + 1).fill(0),
  }));
  for (const row of rows) {
    const band = bands[bandOf.get(row.client) ?? 0];
    if (band === undefined) continue;
    band.sessions += 1;
    if ((row.flags & FLAG.failed) !== 0) continue;
    const end = Number.isNaN(row.endAt) ? bins : binOf(axis, row.endAt - startedAt) + 1;
    const start = binOf(axis, row.startAt - startedAt);
    band.change[start] = (band.change[start] ?? 0) + 1;
    band.change[end] = (band.change[end] ?? 0) - 1;
  }
  return bands.map(({ lanes, sessions, change }) => {
    let open = 0;
    return {
      label: `${lanes.toLocaleString('en-US')} client IDs`,
      lanes,
      sessions,
      open: change.slice(0, bins).map((by) => {
        open += by;
        return open;
      }),
    };
  });
}
