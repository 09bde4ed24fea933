/**
 * The other reading of AWS's public sample of a shared certificate: any certificate with two or more
 * connections that connected or closed in the window, overlapping or not. Chosen by the option
 * `sharedBy: connections`; a plain reconnect is a finding then, so that nothing is concluded from it.
 */
import { plural } from '../../core/text.ts';
import type { Diagnosed } from './diagnose-conflict.ts';
import type { SharingFacts } from './diagnose-shared.ts';

export function diagnoseConnections({ occurrences, client_ids }: SharingFacts): Diagnosed {
  return {
    diagnosis: 'ambiguous',
    confidence: 'ambiguous',
    because:
      `${plural(occurrences + 1, 'connection')} in the window with ` +
      `${plural(client_ids, 'client ID')}; whether they overlapped was not asked`,
  };
}

/** Rows of the same shape as those of overlapping sessions. */
export const CERTIFICATE_CONNECTIONS = `
WITH known AS (
  SELECT id, certificate_id, client_id, ip, connected_at, certificate_joined, inferred,
    CASE WHEN closed_at < $to::BIGINT THEN closed_at END AS closed_at,
    CASE WHEN closed_at < $to::BIGINT THEN close_event END AS close_event,
    connect_event, device_connect_event,
    CASE WHEN device_closed_at < $to::BIGINT THEN device_close_event END AS device_close_event
  FROM sessions
  WHERE certificate_id IS NOT NULL AND connected_at < $to::BIGINT
    AND (connected_at >= $from::BIGINT OR (closed_at >= $from::BIGINT AND closed_at < $to::BIGINT))
), facts AS (
  SELECT certificate_id, count(*) AS sharers, count(*) - 1 AS occurrences,
    max(connected_at) AS last_at, count(DISTINCT client_id) AS client_ids,
    count(DISTINCT ip) AS addresses
  FROM known GROUP BY certificate_id HAVING count(*) > 1
), proof AS (
  SELECT certificate_id, count(DISTINCT number) AS evidence_total
  FROM (SELECT certificate_id,
    unnest([connect_event, close_event, device_connect_event, device_close_event]) AS number
    FROM known SEMI JOIN facts USING (certificate_id))
  GROUP BY certificate_id
), ranked AS (
  SELECT *, row_number() OVER (
    PARTITION BY certificate_id ORDER BY connected_at DESC, connect_event DESC, id DESC) AS place
  FROM known
)
SELECT facts.*, 0 AS live_pairs, 0 AS attested_pairs, 0 AS cut_by_keep_alive, proof.evidence_total,
  r.client_id, r.connected_at, r.closed_at, r.certificate_joined, r.inferred,
  [r.connect_event, r.close_event, r.device_connect_event, r.device_close_event] AS evidence
FROM ranked r JOIN facts USING (certificate_id) JOIN proof USING (certificate_id)
WHERE r.place <= $listedMax::BIGINT
ORDER BY r.certificate_id, r.place`;
