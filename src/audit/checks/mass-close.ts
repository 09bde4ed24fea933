/**
 * Where only devices testify, a takeover is inferred from a close and a quick reconnect. When most
 * of the fleet closes at one instant, a broker that restarted explains that better: client IDs whose
 * takeovers were all inferred from such moments.
 */
import type { TimeWindow } from '../../core/time.ts';
import type { Query } from '../../history/store.ts';

/**
 * Fewer client IDs than this that close at one instant are a coincidence. Client IDs, not sessions:
 * rivals that fight for one ID close many sessions in a second, and no broker has restarted.
 */
const CLOSES_MIN = 20;
const INSTANT_MS = 1000;

/** Client IDs of the window of which nothing but a mass close suggests a takeover. */
export async function explainedByMassClose(
  query: Query,
  window: TimeWindow,
): Promise<ReadonlySet<string>> {
  const rows = await query<{ readonly client_id: string }>(EXPLAINED, {
    ...window,
    closesMin: CLOSES_MIN,
    instantMs: INSTANT_MS,
  });
  return new Set(rows.map((row) => row.client_id));
}

/** Counts per instant, so that the cost is that of grouping; an instant includes the next one. */
const EXPLAINED = `
WITH points AS (
  SELECT run, connected_at // $instantMs::BIGINT AS instant, 1 AS starting, NULL AS lost
  FROM sessions WHERE connected_at IS NOT NULL
  UNION ALL
  SELECT run, ended_at // $instantMs::BIGINT, -1,
    CASE WHEN closed_at IS NOT NULL AND reason IS DISTINCT FROM 'client-initiated'
      THEN client_id END
  FROM sessions WHERE connected_at IS NOT NULL
), counted AS (
  SELECT run, instant, sum(starting) AS change, count(DISTINCT lost) AS lost
  FROM points GROUP BY run, instant
), opened AS (
  SELECT run, instant, lost,
    lead(instant) OVER following AS next_instant, lead(lost) OVER following AS next_lost,
    coalesce(sum(change) OVER (PARTITION BY run ORDER BY instant
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS open
  FROM counted WINDOW following AS (PARTITION BY run ORDER BY instant)
), spread AS (
  SELECT *, lost + CASE WHEN next_instant = instant + 1 THEN next_lost ELSE 0 END AS lost_around
  FROM opened
), mass AS (
  SELECT run, instant FROM spread WHERE lost_around >= $closesMin::BIGINT AND lost_around * 2 >= open
  UNION
  SELECT run, instant + 1 FROM spread
  WHERE lost_around >= $closesMin::BIGINT AND lost_around * 2 >= open AND open > 0
)
SELECT s.client_id FROM sessions s LEFT JOIN mass m
  ON m.run = s.run AND m.instant = s.closed_at // $instantMs::BIGINT
WHERE s.taken_over AND s.closed_at >= $from::BIGINT AND s.closed_at < $to::BIGINT
GROUP BY s.client_id
HAVING bool_and(s.takeover_inferred AND m.run IS NOT NULL)`;
