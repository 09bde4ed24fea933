/**
 * REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK: device certificates that stand in a revocation
 * list of their issuer and are active all the same. That a client used one afterwards proves it; a
 * stated status does too; without either it is taken for active, as unknown ones always are.
 */
import { plural } from '../../core/text.ts';
import type { AuditCheck, CheckContext, CheckOutcome, FindingDraft } from '../check.ts';
import type { FindingDetail, FindingResource } from '../finding.ts';
import {
  activeCertificates,
  certificateDetail,
  certificateResource,
} from './certificate-findings.ts';
import {
  listedSince,
  missingLists,
  REVOKED_BY_ISSUER,
  type RevokedCertificate,
  revokedCertificates,
  revokedText,
} from './revocation.ts';
import { evidenceOf, groupBy, inferredFields } from './rows.ts';

export const revokedDeviceCertificate = {
  id: 'REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK',
  title: 'Revoked device certificate still active',
  description:
    'A device certificate stands in the revocation list of its issuer and is still active.',
  severity: 'MEDIUM',
  resourceType: 'DEVICE_CERTIFICATE',
  ...REVOKED_BY_ISSUER,
  evidence: [
    'the certificates and the revocation lists of their issuers',
    'histories, to prove that a revoked certificate was used',
  ],
  falsePositives: ['a certificate that is registered no more, when its status is not known'],
  references: [
    'https://docs.aws.amazon.com/iot-device-defender/latest/devguide/audit-chk-revoked-device-cert.html',
    'https://www.rfc-editor.org/rfc/rfc5280#section-5',
  ],
  fixes: [],
  onDemandLagMs: 0,
  needs: 'certificates',
  run,
} as const satisfies AuditCheck;

/** One session that used a revoked certificate, with the counts of its certificate repeated. */
interface UseRow {
  readonly certificate_id: string;
  readonly sessions: number;
  readonly connects: number;
  readonly listed_connects: number;
  readonly last_at: number;
  readonly evidence_total: number;
  readonly client_id: string;
  readonly connected_at: number | null;
  readonly closed_at: number | null;
  readonly certificate_joined: boolean;
  readonly inferred: string | null;
  readonly evidence: readonly (number | null)[];
}

async function run(context: CheckContext): Promise<CheckOutcome> {
  const revoked = revokedCertificates(context, 'device');
  const uses = await usesOf(context, revoked);
  const active = activeCertificates(context, 'device');
  return {
    findings: revoked.map((one) => revokedFinding(one, uses.get(one.certificateId), context)),
    resources: active.length,
    missing: missingLists(context, active),
    applies: (context.certificates?.revocationLists.length ?? 0) > 0,
  };
}

type Uses = readonly [UseRow, readonly UseRow[]] | undefined;

async function usesOf(
  context: CheckContext,
  revoked: readonly RevokedCertificate[],
): Promise<ReadonlyMap<string, NonNullable<Uses>>> {
  if (revoked.length === 0) return new Map();
  const { query, window, semantics } = context;
  const listed = revoked.map(
    (one) => `${one.certificateId}=${one.revoked.at}=${listedSince(context, one)}`,
  );
  const rows = await query<UseRow>(USES, {
    ...window,
    revoked: listed.join(','),
    listedMax: semantics.relatedMax,
  });
  return new Map(
    groupBy(rows, (row) => row.certificate_id).map((group) => [group[0].certificate_id, group]),
  );
}

function revokedFinding(
  certificate: RevokedCertificate,
  uses: Uses,
  { now }: CheckContext,
): FindingDraft {
  const resource = certificateResource(certificate);
  if (uses === undefined) {
    const detail = certificateDetail(unused(certificate), now);
    return { resource, related: [], detail };
  }
  const [first, rows] = uses;
  return {
    resource,
    related: rows.map(sessionResource),
    detail: {
      ...used(certificate, first),
      evidence: evidenceOf(rows),
      evidenceTotal: first.evidence_total,
      relatedTotal: first.sessions,
      occurrences: first.sessions,
      lastOccurrence: first.last_at,
      inferred: inferredFields(rows, []),
    },
  };
}

type Said = Pick<FindingDetail, 'diagnosis' | 'confidence' | 'because'>;

function used(certificate: RevokedCertificate, row: UseRow): Said {
  const { sessions, connects, listed_connects } = row;
  const since = revokedText(certificate);
  const diagnosis = 'revoked-certificate';
  if (listed_connects > 0) {
    const because = `${since}; ${plural(listed_connects, 'connect')} after the list was published`;
    return { diagnosis, confidence: 'certain', because };
  }
  if (connects > 0) {
    const because = `${since}; ${plural(connects, 'connect')} since, before this list was published`;
    return { diagnosis, confidence: 'likely', because };
  }
  const because = `${since}; ${plural(sessions, 'session')} that began before went on`;
  return { diagnosis, confidence: 'likely', because };
}

function unused(certificate: RevokedCertificate): Said {
  const { status } = certificate;
  return {
    diagnosis: 'revoked-certificate',
    confidence: status === undefined ? 'ambiguous' : 'certain',
    because:
      status === undefined
        ? `${revokedText(certificate)}; whether it is still registered is not known, no use is recorded`
        : `${revokedText(certificate)}; its status is ${status}`,
  };
}

function sessionResource({ client_id, connected_at, closed_at }: UseRow): FindingResource {
  return {
    resourceType: 'CLIENT_ID',
    resourceIdentifier: { clientId: client_id },
    additionalInfo: {
      ...(connected_at === null ? {} : { CONNECTION_TIME: String(connected_at) }),
      ...(closed_at === null ? {} : { DISCONNECTION_TIME: String(closed_at) }),
    },
  };
}

/** The parameter is our own text of hex IDs and numbers: `<id>=<revoked>=<listed>,…`. */
const USES = `
WITH revoked AS (
  SELECT split_part(entry, '=', 1) AS certificate_id,
    split_part(entry, '=', 2)::BIGINT AS revoked_at, split_part(entry, '=', 3)::BIGINT AS listed_at
  FROM (SELECT unnest(string_split($revoked::VARCHAR, ',')) AS entry)
), used AS (
  SELECT s.*, coalesce(s.connected_at >= r.revoked_at, false) AS connect_after,
    coalesce(s.connected_at >= r.listed_at, false) AS connect_listed,
    least(s.ended_at, $to::BIGINT) AS used_until
  FROM sessions s JOIN revoked r USING (certificate_id)
  WHERE s.ended_at >= greatest(r.revoked_at, $from::BIGINT) AND s.starts_at < $to::BIGINT
), ranked AS (
  SELECT *, row_number() OVER (
    PARTITION BY certificate_id ORDER BY starts_at DESC, connect_event DESC, id DESC) AS place
  FROM used
), facts AS (
  SELECT certificate_id, count(*) AS sessions, max(used_until) AS last_at,
    count(*) FILTER (WHERE connect_after) AS connects,
    count(*) FILTER (WHERE connect_listed) AS listed_connects,
    (count(connect_event) + count(close_event))::BIGINT AS evidence_total
  FROM ranked GROUP BY certificate_id
)
SELECT facts.*, r.client_id, r.connected_at, r.closed_at, r.certificate_joined, r.inferred,
  [r.connect_event, r.close_event] AS evidence
FROM ranked r JOIN facts USING (certificate_id)
WHERE r.place <= $listedMax::BIGINT
ORDER BY r.certificate_id, r.place`;
