/**
 * The span of time that the checks of an audit look at together, and the sessions relation cut to
 * it: a check knows no session that does not touch that span. So an audit of a dataset may leave
 * every other session unread and still gives the findings that an audit of the histories gives.
 */
import { assert } from '../core/assert.ts';
import type { EpochMs, TimeWindow } from '../core/time.ts';
import type { Query } from '../history/store.ts';
import type { AuditPlan } from './options.ts';
import { resolveWindow } from './windows.ts';

/** Undefined when the audit is of everything that was recorded. */
export function windowHull(
  { checks, window }: AuditPlan,
  { now, recorded }: { readonly now: EpochMs; readonly recorded: TimeWindow },
): TimeWindow | undefined {
  if (window.kind === 'run') return undefined;
  let hull: TimeWindow | undefined;
  for (const { pointInTime, onDemandLagMs } of checks) {
    if (pointInTime) continue;
    const { from, to } = resolveWindow(window, { now, recorded, onDemandLagMs });
    hull = { from: Math.min(from, hull?.from ?? from), to: Math.max(to, hull?.to ?? to) };
  }
  return hull ?? { from: now, to: now };
}

/** SQL of the sessions in a relation that touch a span; of all without one. */
export function touchingSessions(relation: string, hull: TimeWindow | undefined): string {
  if (hull === undefined) return `SELECT * FROM ${relation}`;
  const { from, to } = hull;
  assert(Number.isSafeInteger(from) && Number.isSafeInteger(to), 'a window is not in whole ms');
  return `SELECT * FROM ${relation} WHERE starts_at < ${to} AND ended_at >= ${from}`;
}

/** Cuts the table `sessions` to a span. */
export async function cutSessions(query: Query, hull: TimeWindow | undefined): Promise<void> {
  if (hull === undefined) return;
  await query('ALTER TABLE sessions RENAME TO every_session');
  await query(`CREATE VIEW sessions AS ${touchingSessions('every_session', hull)}`);
}
