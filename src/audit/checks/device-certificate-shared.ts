/**
 * DEVICE_CERTIFICATE_SHARED_CHECK: a certificate with two sessions of different client IDs that
 * overlap in the window by more than a tolerance. One finding per certificate; one related resource
 * per session that takes part in an overlap, newest connect first, as AWS IoT Device Defender prints.
 */
import { RELATED_RESOURCES_MAX } from '../../core/limits.ts';
import { HOUR_MS } from '../../core/time.ts';
import { type AuditCheck, type CheckContext, type CheckOutcome, NO_EVIDENCE } from '../check.ts';
import type { FindingResource } from '../finding.ts';
import { CERTIFICATE_CONNECTIONS, diagnoseConnections } from './certificate-connections.ts';
import { diagnoseSharing } from './diagnose-shared.ts';
import { type SharerRow, sharersOf, sharingFindings } from './sharing.ts';

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
  fixes: [
    'unique-certificates',
    'close-before-reconnect',
    'certificate-rotation',
    'revoke-certificates',
  ],
  onDemandLagMs: 2 * HOUR_MS,
  run,
} as const satisfies AuditCheck;

interface CoverageRow {
  readonly sessions: number;
  readonly certificates: number;
  readonly without_certificate: number;
  readonly without_connect: number;
}

async function run(context: CheckContext): Promise<CheckOutcome> {
  const { query, window, semantics } = context;
  const [coverage] = await query<CoverageRow>(COVERAGE, {
    ...window,
    eventsOnly: semantics.resourcesCounted === 'events',
  });
  const byConnections = semantics.sharedBy === 'connections';
  const rows = byConnections
    ? await query<SharerRow<'certificate_id'>>(CERTIFICATE_CONNECTIONS, {
        ...window,
        listedMax: RELATED_RESOURCES_MAX,
      })
    : await sharersOf(context, 'certificate_id');
  const diagnose = byConnections ? diagnoseConnections : diagnoseSharing;
  return {
    findings: sharingFindings(rows, 'certificate_id', certificateResource, diagnose),
    resources: coverage?.certificates ?? 0,
    missing: missingFacts(coverage),
  };
}

function certificateResource(deviceCertificateId: string): FindingResource {
  return { resourceType: 'DEVICE_CERTIFICATE', resourceIdentifier: { deviceCertificateId } };
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
