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
import { CERTIFICATE_CONNECTIONS, diagnoseConnections } from './certificate-connections.ts';
import { diagnoseSharing, type SharingFacts } from './diagnose-shared.ts';
import { evidenceOf, groupBy, inferredFields } from './rows.ts';
import { SHARER_LIMITS, sharersBy } from './sharers.ts';

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

async function run(context: CheckContext): Promise<CheckOutcome> {
  const { query, window, toleranceMs, semantics } = context;
  const [coverage] = await query<CoverageRow>(COVERAGE, {
    ...window,
    eventsOnly: semantics.resourcesCounted === 'events',
  });
  if (semantics.sharedBy === 'connections') {
    const rows = await query<SharerRow>(CERTIFICATE_CONNECTIONS, {
      ...window,
      listedMax: RELATED_RESOURCES_MAX,
    });
    return outcome(rows, coverage, diagnoseConnections);
  }
  const rows = await query<SharerRow>(sharersBy('certificate_id'), {
    ...window,
    ...SHARER_LIMITS,
    toleranceMs,
    listedMax: RELATED_RESOURCES_MAX,
    longLived: semantics.includeLongLived,
    eventsOnly: semantics.sharedListing === 'events',
  });
  return outcome(rows, coverage, diagnoseSharing);
}

function outcome(
  rows: readonly SharerRow[],
  coverage: CoverageRow | undefined,
  diagnose: typeof diagnoseSharing,
): CheckOutcome {
  return {
    findings: sharingFindings(rows, diagnose),
    resources: coverage?.certificates ?? 0,
    missing: missingFacts(coverage),
  };
}

/** Pure: rows of one certificate follow one another, newest connect first. */
function sharingFindings(
  rows: readonly SharerRow[],
  diagnose: typeof diagnoseSharing,
): FindingDraft[] {
  return groupBy(rows, (row) => row.certificate_id).map(([first, group]) => ({
    resource: {
      resourceType: 'DEVICE_CERTIFICATE',
      resourceIdentifier: { deviceCertificateId: first.certificate_id },
    },
    related: group.map(sharingSession),
    detail: {
      ...diagnose(first),
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
  count(DISTINCT certificate_id) FILTER (WHERE NOT $eventsOnly::BOOLEAN
    OR (connected_at >= $from::BIGINT AND connected_at < $to::BIGINT)
    OR (closed_at >= $from::BIGINT AND closed_at < $to::BIGINT)) AS certificates,
  count(*) FILTER (WHERE certificate_id IS NULL AND connected_at IS NOT NULL) AS without_certificate,
  count(*) FILTER (WHERE certificate_id IS NOT NULL AND connected_at IS NULL) AS without_connect
FROM sessions WHERE starts_at < $to::BIGINT AND ended_at >= $from::BIGINT`;
