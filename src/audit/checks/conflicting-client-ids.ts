/**
 * CONFLICTING_CLIENT_IDS_CHECK: a client ID whose session was ended because another CONNECT used
 * the same client ID (MQTT 5.0 §3.1.4, [MQTT-3.1.4-3]). One finding per client ID; one related
 * resource per evicted session, newest first, as AWS IoT Device Defender lists them.
 */
import { EVICTION_JITTER_MS, RELATED_RESOURCES_MAX } from '../../core/limits.ts';
import { plural } from '../../core/text.ts';
import {
  type AuditCheck,
  type CheckContext,
  type CheckOutcome,
  type FindingDraft,
  NO_EVIDENCE,
} from '../check.ts';
import type { FindingResource } from '../finding.ts';
import { type ConflictFacts, diagnoseConflict, RIVAL_RETURN_MS } from './diagnose-conflict.ts';
import { explainedByMassClose } from './mass-close.ts';
import { evidenceOf, groupBy, inferredFields } from './rows.ts';

export const conflictingClientIds = {
  id: 'CONFLICTING_CLIENT_IDS_CHECK',
  title: 'Conflicting MQTT client IDs',
  description: 'A connected client was disconnected because another connected with its client ID.',
  severity: 'HIGH',
  resourceType: 'CLIENT_ID',
  reasonCode: 'DUPLICATE_CLIENT_ID_ACROSS_CONNECTIONS',
  // AWS publishes the code but not the text.
  reason: 'Client ID used by more than one connection at the same time.',
  evidence: [
    'the connect and the close of every session',
    'why the broker closed it; without a broker, takeovers are inferred from the devices’ times',
  ],
  falsePositives: [
    'one device on a bad link that connects again before the broker has noticed the loss',
    'a device that changes its certificate without closing its old connection first',
    'without broker evidence: a device that connects again within a second of losing its connection',
  ],
  references: [
    'https://docs.aws.amazon.com/iot-device-defender/latest/devguide/audit-chk-conflicting-client-ids.html',
    'https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901073',
  ],
  fixes: [
    'client-id-from-thing-name',
    'client-id-uuid',
    'close-before-reconnect',
    'backoff',
    'one-client-per-process',
    'honour-session-taken-over',
    'bind-client-id',
    'require-certificate',
    'revoke-certificates',
  ],
  onDemandLagMs: 0,
  run,
} as const satisfies AuditCheck;

interface CoverageRow {
  readonly sessions: number;
  readonly client_ids: number;
  readonly closes: number;
  readonly superseded: number;
  readonly unexplained: number;
}

/** One takeover, with the facts of its client ID repeated. */
interface TakeoverRow extends ConflictFacts {
  readonly client_id: string;
  readonly last_at: number;
  readonly evidence_total: number;
  readonly certificate_id: string | null;
  readonly principal: string | null;
  readonly closed_at: number;
  readonly certificate_joined: boolean;
  readonly takeover_inferred: boolean;
  readonly inferred: string | null;
  readonly evidence: readonly (number | null)[];
}

async function run(context: CheckContext): Promise<CheckOutcome> {
  const { query, window, takeoverToleranceMs, semantics } = context;
  const [coverage] = await query<CoverageRow>(COVERAGE, {
    ...window,
    eventsOnly: semantics.resourcesCounted === 'events',
  });
  const rows = await query<TakeoverRow>(TAKEOVERS, {
    ...window,
    takeoverToleranceMs,
    jitterMs: EVICTION_JITTER_MS,
    rivalMs: RIVAL_RETURN_MS,
    listedMax: RELATED_RESOURCES_MAX,
  });
  // Only guesses can be explained away, so that a broker's history pays nothing for the question.
  const explained = rows.some((row) => row.takeover_inferred)
    ? await explainedByMassClose(query, window)
    : NONE;
  return {
    findings: conflictFindings(rows.filter((row) => !explained.has(row.client_id))),
    resources: coverage?.client_ids ?? 0,
    missing: [...missingFacts(coverage), ...massClose(explained.size)],
  };
}

/** Pure: rows of one client ID follow one another, newest takeover first. */
function conflictFindings(rows: readonly TakeoverRow[]): FindingDraft[] {
  return groupBy(rows, (row) => row.client_id).map(([first, group]) => {
    const inferred = inferredFields(group, ['reason']);
    const diagnosed = diagnoseConflict(first);
    // What rests on takeovers that nobody stated is likely at best.
    const capped = inferred.includes('reason') && diagnosed.confidence === 'certain';
    return {
      resource: { resourceType: 'CLIENT_ID', resourceIdentifier: { clientId: first.client_id } },
      related: group.map(evictedSession),
      detail: {
        ...diagnosed,
        confidence: capped ? 'likely' : diagnosed.confidence,
        evidence: evidenceOf(group),
        evidenceTotal: first.evidence_total,
        relatedTotal: first.occurrences,
        occurrences: first.occurrences,
        lastOccurrence: first.last_at,
        inferred,
      },
    };
  });
}

/** AWS names the principal and the time of disconnection; a principal that is no certificate is ours. */
function evictedSession(row: TakeoverRow): FindingResource {
  const DISCONNECTION_TIME = String(row.closed_at);
  if (row.certificate_id !== null) {
    return {
      resourceType: 'DEVICE_CERTIFICATE',
      resourceIdentifier: { deviceCertificateId: row.certificate_id },
      additionalInfo: { DISCONNECTION_TIME },
    };
  }
  const principal = row.principal === null ? {} : { PRINCIPAL_ID: row.principal };
  return {
    resourceType: 'CLIENT_ID',
    resourceIdentifier: { clientId: row.client_id },
    additionalInfo: { DISCONNECTION_TIME, ...principal },
  };
}

function missingFacts(coverage: CoverageRow | undefined): string[] {
  if (coverage === undefined || coverage.sessions === 0) return [NO_EVIDENCE];
  const { sessions, closes, superseded, unexplained } = coverage;
  const missing: string[] = [];
  if (closes === 0) missing.push(`closed: no session of ${sessions} has a recorded close`);
  else if (superseded > 0) {
    missing.push(`closed: missing on ${superseded} of ${sessions} sessions that others followed`);
  }
  if (unexplained > 0) {
    missing.push(`reason: unknown on ${unexplained} of ${sessions} sessions that others followed`);
  }
  return missing;
}

const NONE: ReadonlySet<string> = new Set();

/** Devices alone can't tell a takeover from the reconnect after a broker's restart. */
function massClose(clientIds: number): string[] {
  if (clientIds === 0) return [];
  const many = plural(clientIds, 'client ID');
  return [`reason: ${many} came back after a mass close, as after a restart of the broker`];
}

const COVERAGE = `
SELECT count(*) AS sessions,
  count(DISTINCT client_id) FILTER (WHERE NOT $eventsOnly::BOOLEAN
    OR (connected_at >= $from::BIGINT AND connected_at < $to::BIGINT)
    OR (closed_at >= $from::BIGINT AND closed_at < $to::BIGINT)) AS client_ids,
  count(closed_at) AS closes,
  count(*) FILTER (
    WHERE closed_at IS NULL AND next_connected_at >= $from::BIGINT AND next_connected_at < $to::BIGINT
  ) AS superseded,
  count(*) FILTER (
    WHERE reason_missing AND closed_at >= $from::BIGINT AND closed_at < $to::BIGINT
  ) AS unexplained
FROM sessions WHERE starts_at < $to::BIGINT AND ended_at >= $from::BIGINT`;

/** A certificate on one side, by the source's own word, and on the other something else. */
const FOREIGN = `coalesce(starts_with(principal_key, 'certificate-id:')
  <> starts_with(next_principal_key, 'certificate-id:'), false)`;

/**
 * `crossed`: victim and taker are different principals, compared like with like. `undisputed`: the
 * taker was then left alone for longer than a rival waits. `returned`: the
 * victim's principal connected again later. `alive`: the victim's device held its end until the
 * taker came; the jitter is for an eviction's way to the device, shorter than a reconnect takes.
 * `gone`: the device had let go before, so that only the broker still held the session.
 */
const TAKEOVERS = `
WITH conflicting AS (
  SELECT DISTINCT client_id FROM sessions
  WHERE taken_over AND closed_at >= $from::BIGINT AND closed_at < $to::BIGINT
), known AS (
  SELECT *,
    max(connected_at) OVER (PARTITION BY client_id, certificate_id) AS certificate_last_at,
    max(connected_at) OVER (PARTITION BY client_id, principal_key) AS principal_last_at,
    lead(keep_alive_seconds) OVER following AS next_keep_alive_seconds,
    lead(ended_at - connected_at) OVER following AS next_lasted_ms
  FROM sessions JOIN conflicting USING (client_id) WHERE starts_at < $to::BIGINT
  WINDOW following AS (
    PARTITION BY run, client_id, connected_at IS NULL
    ORDER BY connected_at, closed_at NULLS LAST, id)
), taken AS (
  SELECT *,
    coalesce(next_connected_at <= closed_at + $takeoverToleranceMs::BIGINT, false) AS has_taker,
    certificate_id IS NOT NULL AND next_certificate_id IS NOT NULL AS by_certificate,
    least(next_connected_at, coalesce(next_device_connected_at, next_connected_at)) AS taker_at
  FROM known
  WHERE taken_over AND closed_at >= $from::BIGINT AND closed_at < $to::BIGINT
), judged AS (
  SELECT *,
    has_taker AND CASE WHEN by_certificate THEN certificate_id <> next_certificate_id
      ELSE coalesce(split_part(principal_key, ':', 1) = split_part(next_principal_key, ':', 1)
        AND principal_key <> next_principal_key, false)
        OR ${FOREIGN} END AS crossed,
    has_taker AND NOT by_certificate AND ${FOREIGN} AS foreign_taker,
    has_taker AND coalesce(keep_alive_seconds <> next_keep_alive_seconds, false) AS retuned,
    has_taker AND coalesce(next_lasted_ms >= $rivalMs::BIGINT, false) AS undisputed,
    has_taker AND CASE WHEN by_certificate THEN certificate_id = next_certificate_id
      ELSE coalesce(principal_key = next_principal_key, false) END AS same,
    has_taker AND coalesce(ip <> next_ip, false) AS moved,
    has_taker AND device_abandoned_at IS NULL AND coalesce(
      device_close_reason = 'session-taken-over' OR device_closed_at >= taker_at
        OR (device_close_reason IS DISTINCT FROM 'client-initiated'
          AND device_closed_at >= taker_at - $jitterMs::BIGINT), false) AS alive,
    has_taker AND coalesce(device_abandoned_at < taker_at, false) AS abandoned,
    has_taker AND coalesce(device_close_reason IS DISTINCT FROM 'session-taken-over'
      AND (device_closed_at < taker_at - $jitterMs::BIGINT
        OR (device_close_reason = 'client-initiated' AND device_closed_at < taker_at)),
      false) AS closed_before
  FROM taken
), ranked AS (
  SELECT *,
    abandoned OR closed_before AS gone,
    crossed AND coalesce(CASE WHEN by_certificate THEN certificate_last_at ELSE principal_last_at END
      > next_connected_at, false) AS returned,
    row_number() OVER (PARTITION BY client_id ORDER BY closed_at DESC, close_event DESC, id DESC)
      AS place
  FROM judged
), facts AS (
  SELECT client_id, count(*) AS occurrences, max(closed_at) AS last_at,
    count(*) FILTER (WHERE crossed) AS crossed,
    count(*) FILTER (WHERE crossed AND moved) AS crossed_moved,
    count(*) FILTER (WHERE crossed AND undisputed) AS crossed_undisputed,
    count(DISTINCT coalesce(certificate_id, principal_key)) FILTER (WHERE crossed)
      AS crossed_victims,
    count(*) FILTER (WHERE foreign_taker) AS foreign_takers,
    count(*) FILTER (WHERE same AND undisputed) AS undisputed,
    count(*) FILTER (WHERE same AND retuned) AS retuned,
    count(DISTINCT ip) AS addresses,
    coalesce(bool_or(ip = '::1' OR starts_with(ip, '127.')), false) AS local,
    count(*) FILTER (WHERE returned) AS returned,
    count(*) FILTER (WHERE same AND moved AND NOT gone) AS moved,
    count(*) FILTER (WHERE same AND alive) AS alive,
    count(*) FILTER (WHERE same AND gone) AS gone,
    count(*) FILTER (WHERE same AND gone AND by_certificate) AS gone_certificate,
    count(*) FILTER (WHERE takeover_inferred AND NOT abandoned) AS guessed,
    count(*) FILTER (WHERE has_taker AND NOT crossed AND NOT same) AS nameless
  FROM ranked GROUP BY client_id
), proof AS (
  SELECT client_id, count(DISTINCT number) AS evidence_total
  FROM (SELECT client_id, unnest([connect_event, close_event, device_connect_event,
    device_close_event, next_connect_event, next_device_connect_event]) AS number FROM ranked)
  GROUP BY client_id
)
SELECT facts.*, proof.evidence_total, r.certificate_id, r.principal, r.closed_at,
  r.certificate_joined, r.takeover_inferred, r.inferred,
  [r.connect_event, r.close_event, r.device_connect_event, r.device_close_event,
    r.next_connect_event, r.next_device_connect_event] AS evidence
FROM ranked r JOIN facts USING (client_id) JOIN proof USING (client_id)
WHERE r.place <= $listedMax::BIGINT
ORDER BY r.client_id, r.place`;
