/**
 * The query behind the checks of shared certificates and shared principals: sessions of different
 * client IDs on one key (a column of the sessions relation) that overlap in the window, with the
 * facts that tell sharing from what only looks like it.
 */

/** Longest session of a provisioning certificate: a claim of AWS IoT lasts five minutes. */
const CLAIM_MS_MAX = 300_000;
/** Longest time that a broker may hold a dead session whose keep-alive is not known (AWS: 1200 s). */
const GHOST_MS_MAX = 1_800_000;

/** Parameters that are the same for every audit. */
export const SHARER_LIMITS = { claimMs: CLAIM_MS_MAX, ghostMs: GHOST_MS_MAX } as const;

/**
 * A sweep over starts and ends, ends first, each end earlier by the tolerance: sessions overlap if
 * each starts before the other's end. The tolerance is taken off before the window cuts, so that an
 * overlap across the border of two windows is not lost to both. Partners of a session = others'
 * starts before its end, less others' ends up to its start; counting, so that 100,000 overlapping
 * sessions need no pairs (by sums: DuckDB takes quadratic time for a window over a filtered
 * aggregate).
 * `meeting`: keys of which any two sessions overlap at all, so that the sweep and the wide rows are
 * left to those; with many devices that hand a key on in turn they are few.
 * Modes: `recorded` decides; `live` cuts a session off where its device left it (or fell silent, by
 * its keep-alive, MQTT 5.0 §3.1.2.10); `attested` keeps only sessions that their device recorded;
 * `replaced` also cuts a session that was lost soon after the next one came, whose client ID never
 * came back. `moved_on`: client IDs that went on to another certificate.
 */
export function sharersBy(key: 'certificate_id' | 'principal_key'): string {
  // With a certificate the principal is no more than another name for it.
  const condition = key === 'certificate_id' ? '' : 'AND certificate_id IS NULL';
  return `
WITH candidates AS (
  SELECT ${key} FROM sessions
  WHERE ${key} IS NOT NULL AND connected_at < $to::BIGINT ${condition}
  GROUP BY ${key} HAVING min(client_id) <> max(client_id)
), meeting AS MATERIALIZED (
  SELECT DISTINCT ${key} FROM (
    SELECT ${key}, connected_at, max(ended_at) OVER (PARTITION BY ${key} ORDER BY connected_at, id
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest_end
    FROM sessions SEMI JOIN candidates USING (${key})
    WHERE connected_at < $to::BIGINT ${condition})
  WHERE connected_at < latest_end - $toleranceMs::BIGINT
), own AS (
  SELECT s.*,
    lead(s.connected_at) OVER (PARTITION BY s.${key} ORDER BY s.connected_at, s.id) AS successor_at,
    max(s.connected_at) OVER (PARTITION BY s.${key}, s.client_id) AS client_last_at
  FROM sessions s JOIN meeting USING (${key})
  WHERE s.connected_at < $to::BIGINT ${condition}
), known AS (
  SELECT s.id, s.${key}, s.client_id, s.ip, s.connected_at, s.certificate_joined, s.inferred,
    CASE WHEN s.closed_at < $to::BIGINT THEN s.closed_at END AS closed_at,
    CASE WHEN s.closed_at < $to::BIGINT THEN s.close_event END AS close_event,
    s.connect_event, s.device_connect_event,
    s.connected_at >= $from::BIGINT
      OR coalesce(s.closed_at >= $from::BIGINT AND s.closed_at < $to::BIGINT, false) AS eventful,
    CASE WHEN s.device_closed_at < $to::BIGINT THEN s.device_close_event END AS device_close_event,
    s.device_connected_at IS NOT NULL AS attested,
    s.device_closed_at IS NULL AND s.reason = 'keep-alive-timeout' AND s.keep_alive_seconds > 0
      AS fell_silent,
    greatest(s.connected_at, $from::BIGINT) AS starts_at,
    s.ended_at,
    coalesce(s.device_abandoned_at, s.device_closed_at,
      CASE WHEN s.reason = 'keep-alive-timeout' THEN
        s.closed_at - 1500 * nullif(s.keep_alive_seconds, 0) END,
      s.ended_at) AS left_at,
    CASE WHEN s.reason IN ('connection-lost', 'keep-alive-timeout') AND s.device_closed_at IS NULL
        AND s.connected_at = s.client_last_at AND s.closed_at - s.successor_at
          <= coalesce(1500 * nullif(s.keep_alive_seconds, 0), $ghostMs::BIGINT)
      THEN s.successor_at END AS replaced_at
  FROM own s
), spans AS (
  SELECT 'recorded' AS mode, id, ${key}, client_id, starts_at,
    least(ended_at - $toleranceMs::BIGINT, $to::BIGINT) AS ends_at FROM known
  UNION ALL
  SELECT 'live', id, ${key}, client_id, starts_at,
    least(ended_at - $toleranceMs::BIGINT, left_at - $toleranceMs::BIGINT, $to::BIGINT) FROM known
  UNION ALL
  SELECT 'attested', id, ${key}, client_id, starts_at,
    least(ended_at - $toleranceMs::BIGINT, left_at - $toleranceMs::BIGINT, $to::BIGINT)
  FROM known WHERE attested
  UNION ALL
  SELECT 'replaced', id, ${key}, client_id, starts_at,
    least(ended_at - $toleranceMs::BIGINT, left_at - $toleranceMs::BIGINT,
      coalesce(replaced_at, left_at) - $toleranceMs::BIGINT, $to::BIGINT)
  FROM known
), points AS (
  SELECT mode, id, ${key}, client_id, starts_at AS at_ms, 1 AS starting, 0 AS ending
  FROM spans WHERE starts_at < ends_at
  UNION ALL
  SELECT mode, id, ${key}, client_id, ends_at, 0, 1 FROM spans WHERE starts_at < ends_at
), counted AS (
  SELECT *,
    sum(starting) OVER everyone AS starts,
    sum(ending) OVER everyone AS ends,
    sum(starting) OVER own AS own_starts,
    sum(ending) OVER own AS own_ends
  FROM points
  WINDOW
    everyone AS (PARTITION BY mode, ${key} ORDER BY at_ms, starting, id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
    own AS (PARTITION BY mode, ${key}, client_id ORDER BY at_ms, starting, id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
), partnered AS (
  SELECT mode, ${key}, id,
    (max(starts - own_starts) FILTER (WHERE ending = 1)
      - max(ends - own_ends) FILTER (WHERE starting = 1)) AS partners,
    bool_or(ending = 1 AND starts - ends > own_starts - own_ends) AS outlived,
    max(at_ms) FILTER (WHERE ending = 1) AS ends_at
  FROM counted GROUP BY mode, ${key}, id
), sharers AS (
  SELECT k.*, p.outlived, p.partners,
    least(p.ends_at + $toleranceMs::BIGINT, $to::BIGINT) AS shared_until,
    k.eventful OR NOT $eventsOnly::BOOLEAN AS listed,
    row_number() OVER (
      PARTITION BY k.${key}, k.eventful OR NOT $eventsOnly::BOOLEAN
      ORDER BY k.connected_at DESC, k.connect_event DESC, k.id DESC) AS place
  FROM known k JOIN partnered p ON p.id = k.id AND p.mode = 'recorded' AND p.partners > 0
), facts AS (
  SELECT ${key}, count(*) FILTER (WHERE listed) AS sharers,
    (sum(partners) / 2)::BIGINT AS occurrences,
    max(shared_until) FILTER (WHERE outlived) AS last_at,
    count(DISTINCT client_id) AS client_ids,
    count(DISTINCT coalesce(nullif(split_part(client_id, '#', 1), ''), client_id)) AS hash_stems,
    count(DISTINCT regexp_replace(client_id, '[0-9]+$', '')) AS number_stems,
    count(DISTINCT ip) AS addresses, count(ip) = count(*) AS addressed,
    coalesce(bool_or(ip = '::1' OR starts_with(ip, '127.')), false) AS local,
    max(ended_at - connected_at) AS longest_ms,
    count(*) FILTER (WHERE fell_silent) AS cut_by_keep_alive
  FROM sharers GROUP BY ${key} HAVING $longLived::BOOLEAN OR bool_or(eventful)
), leavers AS (
  SELECT ${key}, client_id, max(connected_at) AS left_after
  FROM sharers SEMI JOIN (SELECT ${key} FROM facts WHERE longest_ms <= $claimMs::BIGINT)
    USING (${key})
  GROUP BY ${key}, client_id
), moved AS (
  SELECT l.${key}, count(DISTINCT l.client_id) AS moved_on
  FROM leavers l JOIN sessions s ON s.client_id = l.client_id
  WHERE s.${key} <> l.${key} AND s.connected_at > l.left_after AND s.connected_at < $to::BIGINT
  GROUP BY l.${key}
), alive AS (
  SELECT ${key},
    (sum(partners) FILTER (WHERE mode = 'live') / 2)::BIGINT AS live_pairs,
    (coalesce(sum(partners) FILTER (WHERE mode = 'attested'), 0) / 2)::BIGINT AS attested_pairs,
    (sum(partners) FILTER (WHERE mode = 'replaced') / 2)::BIGINT AS settled_pairs
  FROM partnered WHERE mode <> 'recorded' GROUP BY ${key}
), proof AS (
  SELECT ${key}, count(DISTINCT number) AS evidence_total
  FROM (SELECT ${key},
    unnest([connect_event, close_event, device_connect_event, device_close_event]) AS number
    FROM sharers)
  GROUP BY ${key}
)
SELECT facts.*, coalesce(alive.live_pairs, 0) AS live_pairs,
  coalesce(alive.attested_pairs, 0) AS attested_pairs,
  coalesce(alive.settled_pairs, 0) AS settled_pairs,
  coalesce(moved.moved_on, 0) AS moved_on, proof.evidence_total,
  s.client_id, s.connected_at, s.closed_at, s.certificate_joined, s.inferred,
  [s.connect_event, s.close_event, s.device_connect_event, s.device_close_event] AS evidence
FROM sharers s JOIN facts USING (${key}) JOIN proof USING (${key})
  LEFT JOIN alive USING (${key}) LEFT JOIN moved USING (${key})
WHERE s.listed AND s.place <= $listedMax::BIGINT
ORDER BY s.${key}, s.place`;
}
