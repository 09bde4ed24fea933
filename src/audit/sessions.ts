/**
 * The sessions relation: one row per connection, made from events in whatever order they came. Where
 * a broker was listened to, its records count, and a device's record of the same connection (equal
 * port and client ID, or equal address, connected at nearly the same time) adds what the broker
 * could not see. Where only devices were listened to, a takeover is inferred and marked so. Standard
 * windows and aggregates only, partitioned by client ID: the cost grows as sorting does.
 */
import { assert } from '../core/assert.ts';
import { EVENTS_PAIRED_AT_ONCE, JOIN_TOLERANCE_MS, TAKEOVER_TOLERANCE_MS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import type { Query } from '../history/store.ts';

/** A recording in the store, as its header and trailer describe it. */
export interface Recording {
  readonly run: number;
  /** The broker was listened to: a device's record without the broker's is no session. */
  readonly hasBroker: boolean;
  readonly startedAt: EpochMs;
  /** Undefined when the trailer is missing; the last event then ends the evidence. */
  readonly endedAt: EpochMs | undefined;
}

export interface SessionOptions {
  /** Default {@link JOIN_TOLERANCE_MS}. */
  readonly joinToleranceMs?: number;
  /** Default {@link TAKEOVER_TOLERANCE_MS}. */
  readonly takeoverToleranceMs?: number;
  /** How many events' connections are put together at once; {@link EVENTS_PAIRED_AT_ONCE} by default. */
  readonly eventsAtOnce?: number;
}

/** Builds the tables `runs`, `connections`, `matches` and `sessions` from `events`. */
export async function buildSessions(
  query: Query,
  recordings: readonly Recording[],
  options: SessionOptions = {},
): Promise<void> {
  await query(
    'CREATE TABLE recordings (run INTEGER, has_broker BOOLEAN, from_ms BIGINT, to_ms BIGINT)',
  );
  for (const { run, hasBroker, startedAt, endedAt } of recordings) {
    await query(
      `INSERT INTO recordings
       SELECT $run::INTEGER, $hasBroker::BOOLEAN, $from::BIGINT, $to::BIGINT`,
      { run, hasBroker, from: startedAt, to: endedAt ?? startedAt },
    );
  }
  await query(RUNS);
  await pairEvents(query, options.eventsAtOnce ?? EVENTS_PAIRED_AT_ONCE);
  await query(CONNECTIONS);
  await query('DROP TABLE paired');
  const joinToleranceMs = options.joinToleranceMs ?? JOIN_TOLERANCE_MS;
  await query('CREATE TABLE matches (broker_id BIGINT, device_id BIGINT)');
  await query(matchesBy('run, client_id, port, ip', 'ip IS NOT NULL'), { joinToleranceMs });
  await query(matchesBy('run, client_id, port', 'true'), { joinToleranceMs });
  // A broker may have put another client ID in the place of the device's; seldom worth a pass.
  const [open] = await query<{ sides: number }>(OPEN_SIDES);
  if ((open?.sides ?? 0) > 1) {
    await query(matchesBy('run, port, ip', 'ip IS NOT NULL'), { joinToleranceMs });
  }
  await query(SESSIONS, {
    takeoverToleranceMs: options.takeoverToleranceMs ?? TAKEOVER_TOLERANCE_MS,
  });
}

/** `event_offset` makes event numbers of several recordings distinct: they run on. */
const RUNS = `
CREATE TABLE runs AS
WITH seen AS (
  SELECT run, max(event) + 1 AS events, min(at_ms) AS from_ms, max(at_ms) AS to_ms,
    bool_or(vantage = 'broker') AS has_broker
  FROM events GROUP BY run
), known AS (
  SELECT run, bool_or(has_broker) AS has_broker, min(from_ms) AS from_ms, max(to_ms) AS to_ms
  FROM recordings GROUP BY run
)
SELECT known.run,
  known.has_broker OR coalesce(seen.has_broker, false) AS has_broker,
  least(known.from_ms, coalesce(seen.from_ms, known.from_ms)) AS from_ms,
  greatest(known.to_ms, coalesce(seen.to_ms, known.to_ms)) AS to_ms,
  coalesce(sum(coalesce(seen.events, 0)) OVER (
    ORDER BY known.run ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::BIGINT AS event_offset
FROM known LEFT JOIN seen USING (run)`;

/**
 * Orders events by time, then number (below 2^40): one integer, as DuckDB takes three times as long
 * for the least of rows. For the same reason `inferred` is in no order; it is read as a set.
 */
const MOMENT = 'at_ms::HUGEINT * 1099511627776 + event';

/** One row per connection and vantage. Of repeated records the earliest counts. */
const PAIRED = `
SELECT run, vantage, session_id,
  coalesce(arg_min(client_id, event) FILTER (WHERE kind = 'connected'),
    arg_min(client_id, event)) AS client_id,
  arg_min(principal, event) AS principal,
  arg_min(principal_kind, event) AS principal_kind,
  arg_min(certificate_id, event) AS certificate_id,
  arg_min(ip, event) AS ip,
  arg_min(port, event) AS port,
  arg_min(keep_alive_seconds, event) AS keep_alive_seconds,
  min(at_ms) FILTER (WHERE kind = 'connected') AS connected_at,
  arg_min(event, ${MOMENT}) FILTER (WHERE kind = 'connected') AS connect_event,
  min(at_ms) FILTER (WHERE kind = 'closed') AS closed_at,
  arg_min(event, ${MOMENT}) FILTER (WHERE kind = 'closed') AS close_event,
  arg_min(reason, ${MOMENT}) FILTER (WHERE kind = 'closed') AS reason,
  arg_min(abandoned_at, ${MOMENT}) FILTER (WHERE kind = 'closed') AS abandoned_at,
  string_agg(inferred, ',') AS inferred
FROM events WHERE $parts::UBIGINT = 1 OR hash(session_id) % $parts::UBIGINT = $part::UBIGINT
GROUP BY run, vantage, session_id
HAVING bool_or(kind = 'connected') OR NOT bool_or(kind = 'connect-failed')`;

/**
 * A part of the session IDs at a time: DuckDB can't put text under aggregation on disk, so that all
 * at once would take memory without bound.
 */
async function pairEvents(query: Query, eventsAtOnce: number): Promise<void> {
  const [seen] = await query<{ events: number }>('SELECT count(*) AS events FROM events');
  const parts = Math.max(1, Math.ceil((seen?.events ?? 0) / eventsAtOnce));
  for (let part = 0; part < parts; part++) {
    const into = part === 0 ? 'CREATE TABLE paired AS' : 'INSERT INTO paired';
    await query(`${into} ${PAIRED}`, { parts, part });
  }
}

/** Numbers them in the order of their names; sorting names and not whole rows takes half the time. */
const CONNECTIONS = `
CREATE TABLE connections AS
SELECT numbered.id, paired.*
FROM paired JOIN (
  SELECT rowid AS place, row_number() OVER (ORDER BY run, vantage, session_id) AS id FROM paired
) AS numbered ON numbered.place = paired.rowid`;

/**
 * Pairs each broker's record with the device's record of the same connection: each is the other's
 * nearest in time among those that share the key. A first pass wants equal addresses, a second
 * takes records that lack one, a third takes equal addresses under different client IDs.
 */
function matchesBy(key: string, condition: string): string {
  const nearest = (frame: string, pick: string) =>
    `${pick}(CASE WHEN vantage = 'broker' THEN id END IGNORE NULLS) OVER (${frame}) AS broker_id_,
     ${pick}(CASE WHEN vantage = 'broker' THEN connected_at END IGNORE NULLS) OVER (${frame})
       AS broker_at_,
     ${pick}(CASE WHEN vantage = 'device' THEN id END IGNORE NULLS) OVER (${frame}) AS device_id_,
     ${pick}(CASE WHEN vantage = 'device' THEN connected_at END IGNORE NULLS) OVER (${frame})
       AS device_at_`;
  const order = `PARTITION BY ${key} ORDER BY connected_at, vantage, id`;
  const before = nearest(
    `${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING`,
    'last_value',
  ).replaceAll(/(broker|device)_(id|at)_/g, 'prior_$1_$2');
  const after = nearest(
    `${order} ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING`,
    'first_value',
  ).replaceAll(/(broker|device)_(id|at)_/g, 'later_$1_$2');
  return `
INSERT INTO matches
WITH unmatched AS (
  SELECT c.id, c.run, c.vantage, c.client_id, c.port, c.ip, c.connected_at
  FROM connections c JOIN runs r ON r.run = c.run AND r.has_broker
  WHERE c.port IS NOT NULL AND c.connected_at IS NOT NULL AND ${condition}
    AND c.id NOT IN (SELECT broker_id FROM matches UNION ALL SELECT device_id FROM matches)
), neighbours AS (
  SELECT *, ${before}, ${after} FROM unmatched
), others AS (
  SELECT id, vantage, ip, connected_at,
    CASE vantage WHEN 'broker' THEN prior_device_id ELSE prior_broker_id END AS prior_id,
    CASE vantage WHEN 'broker' THEN prior_device_at ELSE prior_broker_at END AS prior_at,
    CASE vantage WHEN 'broker' THEN later_device_id ELSE later_broker_id END AS later_id,
    CASE vantage WHEN 'broker' THEN later_device_at ELSE later_broker_at END AS later_at
  FROM neighbours
), nearest AS (
  SELECT id, vantage, ip, connected_at,
    CASE WHEN later_at IS NULL OR connected_at - prior_at <= later_at - connected_at
      THEN prior_id ELSE later_id END AS other_id
  FROM others
)
SELECT b.id, d.id
FROM nearest b JOIN nearest d ON d.id = b.other_id AND d.other_id = b.id
WHERE b.vantage = 'broker' AND abs(b.connected_at - d.connected_at) <= $joinToleranceMs::BIGINT
  AND (b.ip IS NULL OR d.ip IS NULL OR b.ip = d.ip)`;
}

/** From how many sides there are connections with an address that are not paired yet. */
const OPEN_SIDES = `
SELECT count(DISTINCT c.vantage) AS sides
FROM connections c JOIN runs r ON r.run = c.run AND r.has_broker
WHERE c.port IS NOT NULL AND c.ip IS NOT NULL AND c.connected_at IS NOT NULL
  AND c.id NOT IN (SELECT broker_id FROM matches UNION ALL SELECT device_id FROM matches)`;

/**
 * What is judged of a session by how near its client ID's next one is: the only columns that depend
 * on an option of the audit, so that stored sessions lack them.
 */
function judged(source: string, toleranceMs: string): string {
  return `judged AS (
  SELECT *,
    coalesce(connected_at IS NOT NULL
      AND abs(closed_at - next_connected_at) <= ${toleranceMs}, false) AS next_is_near
  FROM ${source}
), inferred AS (
  SELECT *,
    next_is_near AND vantage = 'device'
      AND coalesce(reason, 'unknown') IN ('connection-lost', 'server-initiated', 'unknown')
      AS takeover_inferred,
    next_is_near AND vantage = 'broker' AND coalesce(reason, 'unknown') = 'unknown'
      AS reason_missing
  FROM judged
)
SELECT *, takeover_inferred OR coalesce(reason = 'session-taken-over', false) AS taken_over
FROM inferred`;
}

/** Columns that {@link judgedSessions} adds. */
export const JUDGED_COLUMNS = [
  'next_is_near',
  'takeover_inferred',
  'reason_missing',
  'taken_over',
] as const;

/** A query that gives the sessions relation from a relation that lacks {@link JUDGED_COLUMNS}. */
export function judgedSessions(source: string, toleranceMs: number): string {
  assert(Number.isSafeInteger(toleranceMs), 'a tolerance is not in whole milliseconds');
  return `WITH ${judged(source, String(toleranceMs))}`;
}

/**
 * `starts_at` is a session's first record. `ended_at` closes every session: an open one at the end of
 * its evidence, one that seems to end before it began (records out of order) where it began. `next_…` is the client ID's next session,
 * which is the one that took this one over, if any did.
 */
const SESSIONS = `
CREATE TABLE sessions AS
WITH merged AS (
  SELECT c.id, c.run, c.vantage, c.client_id,
    coalesce(c.certificate_id, d.certificate_id) AS certificate_id,
    c.certificate_id IS NULL AND d.certificate_id IS NOT NULL AS certificate_joined,
    coalesce(c.principal, d.principal) AS principal,
    coalesce(c.principal_kind || ':' || c.principal, d.principal_kind || ':' || d.principal)
      AS principal_key,
    coalesce(c.ip, d.ip) AS ip,
    coalesce(c.keep_alive_seconds, d.keep_alive_seconds) AS keep_alive_seconds,
    c.connected_at, c.closed_at, c.reason, c.inferred,
    least(c.connected_at, c.closed_at) AS starts_at,
    greatest(coalesce(c.connected_at, c.closed_at), coalesce(c.closed_at, r.to_ms)) AS ended_at,
    c.connect_event + r.event_offset AS connect_event,
    c.close_event + r.event_offset AS close_event,
    CASE WHEN r.has_broker THEN d.connected_at ELSE c.connected_at END AS device_connected_at,
    CASE WHEN r.has_broker THEN d.closed_at ELSE c.closed_at END AS device_closed_at,
    CASE WHEN r.has_broker THEN d.reason ELSE c.reason END AS device_close_reason,
    CASE WHEN r.has_broker THEN d.abandoned_at ELSE c.abandoned_at END AS device_abandoned_at,
    d.connect_event + r.event_offset AS device_connect_event,
    d.close_event + r.event_offset AS device_close_event
  FROM connections c JOIN runs r USING (run)
    LEFT JOIN matches m ON m.broker_id = c.id
    LEFT JOIN connections d ON d.id = m.device_id
  WHERE c.vantage = CASE WHEN r.has_broker THEN 'broker' ELSE 'device' END
), followed AS (
  SELECT *,
    lead(id) OVER following AS next_id,
    lead(connected_at) OVER following AS next_connected_at,
    lead(device_connected_at) OVER following AS next_device_connected_at,
    lead(connect_event) OVER following AS next_connect_event,
    lead(device_connect_event) OVER following AS next_device_connect_event,
    lead(certificate_id) OVER following AS next_certificate_id,
    lead(principal_key) OVER following AS next_principal_key,
    lead(ip) OVER following AS next_ip
  FROM merged
  WINDOW following AS (
    PARTITION BY run, client_id, connected_at IS NULL
    ORDER BY connected_at, closed_at NULLS LAST, id)
), ${judged('followed', '$takeoverToleranceMs::BIGINT')}`;
