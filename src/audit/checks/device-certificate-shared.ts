/**
 * DEVICE_CERTIFICATE_SHARED_CHECK: a certificate with two sessions of different client IDs that
 * overlap in the window by more than a tolerance. One finding per certificate; one related resource
 * per session that takes part in an overlap, newest connect first, as AWS IoT Device Defender prints.
 */
import { RELATED_RESOURCES_MAX } from '../../core/limits.ts';
import { HOUR_MS } from '../../core/time.ts';
import {
  type AuditCheck,
  type CheckContext,
  type CheckOutcome,
  type FindingDraft,
  NO_EVIDENCE,
} from '../check.ts';
import type { FindingResource } from '../finding.ts';
import { diagnoseSharing, type SharingFacts } from './diagnose-shared.ts';
import { evidenceOf, groupBy, inferredFields } from './rows.ts';

export const deviceCertificateShared = {
  id: 'DEVICE_CERTIFICATE_SHARED_CHECK',
  title: 'Device certificate shared',
  description: 'Several clients were connected with one X.509 certificate at the same time.',
  severity: 'CRITICAL',
  resourceType: 'DEVICE_CERTIFICATE',
  reasonCode: 'CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES',
  reason: 'Certificate shared by one or more devices.',
  evidence: ['the connect and the close of every session', 'the certificate ID of every session'],
  falsePositives: [
    'a provisioning certificate that every device carries on purpose',
    'a gateway, bridge or SDK that opens several connections with one certificate',
    'a device that takes a new client ID at each start, while the broker still holds its old session',
  ],
  references: [
    'https://docs.aws.amazon.com/iot-device-defender/latest/devguide/audit-chk-device-cert-shared.html',
  ],
  fixes: ['unique-certificates', 'close-before-reconnect'],
  onDemandLagMs: 2 * HOUR_MS,
  run,
} as const satisfies AuditCheck;

interface CoverageRow {
  readonly sessions: number;
  readonly certificates: number;
  readonly without_certificate: number;
  readonly without_connect: number;
}

/** One session that takes part in an overlap, with the facts of its certificate repeated. */
interface SharerRow extends SharingFacts {
  readonly certificate_id: string;
  readonly sharers: number;
  readonly last_at: number;
  readonly evidence_total: number;
  readonly client_id: string;
  readonly connected_at: number;
  readonly closed_at: number | null;
  readonly certificate_joined: boolean;
  readonly inferred: string | null;
  readonly evidence: readonly (number | null)[];
}

async function run({ query, window, toleranceMs }: CheckContext): Promise<CheckOutcome> {
  const [coverage] = await query<CoverageRow>(COVERAGE, { ...window });
  const rows = await query<SharerRow>(SHARERS, {
    ...window,
    toleranceMs,
    listedMax: RELATED_RESOURCES_MAX,
  });
  return {
    findings: sharingFindings(rows),
    resources: coverage?.certificates ?? 0,
    missing: missingFacts(coverage),
  };
}

/** Pure: rows of one certificate follow one another, newest connect first. */
function sharingFindings(rows: readonly SharerRow[]): FindingDraft[] {
  return groupBy(rows, (row) => row.certificate_id).map(([first, group]) => ({
    resource: {
      resourceType: 'DEVICE_CERTIFICATE',
      resourceIdentifier: { deviceCertificateId: first.certificate_id },
    },
    related: group.map(sharingSession),
    detail: {
      ...diagnoseSharing(first),
      evidence: evidenceOf(group),
      evidenceTotal: first.evidence_total,
      relatedTotal: first.sharers,
      occurrences: first.occurrences,
      lastOccurrence: first.last_at,
      inferred: inferredFields(group, []),
    },
  }));
}

/** A session still open at the end of the window has no DISCONNECTION_TIME. */
function sharingSession({ client_id, connected_at, closed_at }: SharerRow): FindingResource {
  return {
    resourceType: 'CLIENT_ID',
    resourceIdentifier: { clientId: client_id },
    additionalInfo: {
      CONNECTION_TIME: String(connected_at),
      ...(closed_at === null ? {} : { DISCONNECTION_TIME: String(closed_at) }),
    },
  };
}

function missingFacts(coverage: CoverageRow | undefined): string[] {
  if (coverage === undefined || coverage.sessions === 0) return [NO_EVIDENCE];
  const { sessions, without_certificate, without_connect } = coverage;
  const missing: string[] = [];
  if (without_certificate > 0) {
    missing.push(`certificateId: missing on ${without_certificate} of ${sessions} sessions`);
  }
  if (without_connect > 0) {
    missing.push(`connected: missing on ${without_connect} of ${sessions} sessions`);
  }
  return missing;
}

const COVERAGE = `
SELECT count(*) AS sessions,
  count(DISTINCT certificate_id) AS certificates,
  count(*) FILTER (WHERE certificate_id IS NULL AND connected_at IS NOT NULL) AS without_certificate,
  count(*) FILTER (WHERE certificate_id IS NOT NULL AND connected_at IS NULL) AS without_connect
FROM sessions WHERE starts_at < $to::BIGINT AND ended_at >= $from::BIGINT`;

/**
 * A sweep over starts and ends, ends first, each end earlier by the tolerance: sessions overlap if
 * each starts before the other's end. Partners of a session = others' starts before its end, less
 * others' ends up to its start; counting, so that 100,000 overlapping sessions need no pairs (by sums:
 * DuckDB takes quadratic time for a window over a filtered aggregate).
 * Modes: `recorded` decides; `live` cuts a session off where its device left it (or fell silent, by
 * its keep-alive, MQTT 5.0 §3.1.2.10); `attested` keeps only sessions that their device recorded.
 */
const SHARERS = `
WITH candidates AS (
  SELECT certificate_id FROM sessions
  WHERE certificate_id IS NOT NULL AND connected_at < $to::BIGINT
  GROUP BY certificate_id HAVING min(client_id) <> max(client_id)
), known AS (
  SELECT s.id, s.certificate_id, s.client_id, s.ip, s.connected_at, s.certificate_joined, s.inferred,
    CASE WHEN s.closed_at < $to::BIGINT THEN s.closed_at END AS closed_at,
    CASE WHEN s.closed_at < $to::BIGINT THEN s.close_event END AS close_event,
    s.connect_event, s.device_connect_event,
    CASE WHEN s.device_closed_at < $to::BIGINT THEN s.device_close_event END AS device_close_event,
    s.device_connected_at IS NOT NULL AS attested,
    s.device_closed_at IS NULL AND s.reason = 'keep-alive-timeout' AND s.keep_alive_seconds > 0
      AS fell_silent,
    greatest(s.connected_at, $from::BIGINT) AS starts_at,
    least(s.ended_at, $to::BIGINT) AS ends_at,
    coalesce(s.device_abandoned_at, s.device_closed_at,
      CASE WHEN s.reason = 'keep-alive-timeout' THEN
        s.closed_at - 1500 * nullif(s.keep_alive_seconds, 0) END,
      s.ended_at) AS left_at
  FROM sessions s JOIN candidates USING (certificate_id)
  WHERE s.connected_at < $to::BIGINT
), spans AS (
  SELECT 'recorded' AS mode, id, certificate_id, client_id, starts_at,
    ends_at - $toleranceMs::BIGINT AS ends_at FROM known
  UNION ALL
  SELECT 'live', id, certificate_id, client_id, starts_at,
    least(ends_at, left_at) - $toleranceMs::BIGINT FROM known
  UNION ALL
  SELECT 'attested', id, certificate_id, client_id, starts_at,
    least(ends_at, left_at) - $toleranceMs::BIGINT FROM known WHERE attested
), points AS (
  SELECT mode, id, certificate_id, client_id, starts_at AS at_ms, 1 AS starting, 0 AS ending
  FROM spans WHERE starts_at < ends_at
  UNION ALL
  SELECT mode, id, certificate_id, client_id, ends_at, 0, 1 FROM spans WHERE starts_at < ends_at
), counted AS (
  SELECT *,
    sum(starting) OVER everyone AS starts,
    sum(ending) OVER everyone AS ends,
    sum(starting) OVER own AS own_starts,
    sum(ending) OVER own AS own_ends
  FROM points
  WINDOW
    everyone AS (PARTITION BY mode, certificate_id ORDER BY at_ms, starting, id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
    own AS (PARTITION BY mode, certificate_id, client_id ORDER BY at_ms, starting, id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
), partnered AS (
  SELECT mode, certificate_id, id,
    (max(starts - own_starts) FILTER (WHERE ending = 1)
      - max(ends - own_ends) FILTER (WHERE starting = 1)) AS partners,
    bool_or(ending = 1 AND starts - ends > own_starts - own_ends) AS outlived,
    max(at_ms) FILTER (WHERE ending = 1) AS ends_at
  FROM counted GROUP BY mode, certificate_id, id
), sharers AS (
  SELECT k.*, p.outlived, p.partners, p.ends_at + $toleranceMs::BIGINT AS shared_until,
    row_number() OVER (
      PARTITION BY k.certificate_id ORDER BY k.connected_at DESC, k.connect_event DESC, k.id DESC)
      AS place
  FROM known k JOIN partnered p ON p.id = k.id AND p.mode = 'recorded' AND p.partners > 0
), facts AS (
  SELECT certificate_id, count(*) AS sharers, (sum(partners) / 2)::BIGINT AS occurrences,
    max(shared_until) FILTER (WHERE outlived) AS last_at,
    count(DISTINCT client_id) AS client_ids, count(DISTINCT ip) AS addresses,
    count(*) FILTER (WHERE fell_silent) AS cut_by_keep_alive
  FROM sharers GROUP BY certificate_id
), alive AS (
  SELECT certificate_id,
    (sum(partners) FILTER (WHERE mode = 'live') / 2)::BIGINT AS live_pairs,
    (coalesce(sum(partners) FILTER (WHERE mode = 'attested'), 0) / 2)::BIGINT AS attested_pairs
  FROM partnered WHERE mode <> 'recorded' GROUP BY certificate_id
), proof AS (
  SELECT certificate_id, count(DISTINCT number) AS evidence_total
  FROM (SELECT certificate_id,
    unnest([connect_event, close_event, device_connect_event, device_close_event]) AS number
    FROM sharers)
  GROUP BY certificate_id
)
SELECT facts.*, coalesce(alive.live_pairs, 0) AS live_pairs,
  coalesce(alive.attested_pairs, 0) AS attested_pairs, proof.evidence_total,
  s.client_id, s.connected_at, s.closed_at, s.certificate_joined, s.inferred,
  [s.connect_event, s.close_event, s.device_connect_event, s.device_close_event] AS evidence
FROM sharers s JOIN facts USING (certificate_id) JOIN proof USING (certificate_id)
  LEFT JOIN alive USING (certificate_id)
WHERE s.place <= $listedMax::BIGINT
ORDER BY s.certificate_id, s.place`;
