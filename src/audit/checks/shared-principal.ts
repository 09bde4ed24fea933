/**
 * SHARED_PRINCIPAL_CHECK, a check of ours: where a source names no certificates but a user name or a
 * subject, several clients that were connected with one such principal at the same time. It is not
 * AWS's check of shared certificates, which stays inconclusive for such sources: many devices may
 * have one user name and a certificate each.
 */
import { RELATED_RESOURCES_MAX } from '../../core/limits.ts';
import {
  type AuditCheck,
  type CheckContext,
  type CheckOutcome,
  type FindingDraft,
  NO_EVIDENCE,
} from '../check.ts';
import type { FindingDetail, FindingResource } from '../finding.ts';
import { diagnoseSharing, type SharingFacts } from './diagnose-shared.ts';
import { evidenceOf, groupBy, inferredFields } from './rows.ts';
import { SHARER_LIMITS, sharersBy } from './sharers.ts';

export const sharedPrincipal = {
  id: 'SHARED_PRINCIPAL_CHECK',
  title: 'Shared principal (a check of doppelfleet)',
  description:
    'Several clients were connected with one user name or subject at the same time, by a source ' +
    'that names no certificates. Not a check of AWS.',
  severity: 'MEDIUM',
  resourceType: 'PRINCIPAL',
  reasonCode: 'DOPPELFLEET_PRINCIPAL_SHARED_BY_MULTIPLE_CLIENTS',
  reason: 'Principal used by several clients at the same time (a check of doppelfleet).',
  evidence: [
    'the connect and the close of every session',
    'the user name or subject of sessions without certificate ID',
  ],
  falsePositives: [
    'a user name that all devices have on purpose, next to a certificate each',
    'a gateway, bridge or SDK that opens several connections',
  ],
  references: [],
  fixes: ['unique-certificates', 'close-before-reconnect'],
  onDemandLagMs: 0,
  run,
} as const satisfies AuditCheck;

interface CoverageRow {
  readonly sessions: number;
  readonly principals: number;
  readonly nameless: number;
  /** Recordings of which no session has a certificate ID and some have a principal. */
  readonly blind: number;
}

interface SharerRow extends SharingFacts {
  readonly principal_key: string;
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
  const [coverage] = await query<CoverageRow>(COVERAGE, { ...window });
  const applies = (coverage?.blind ?? 0) > 0;
  if (coverage === undefined || coverage.sessions === 0) {
    return { findings: [], resources: 0, missing: [NO_EVIDENCE], applies };
  }
  const { sessions, principals, nameless } = coverage;
  const missing = `principal: missing on ${nameless} of ${sessions} sessions without certificate ID`;
  if (principals === 0) {
    return { findings: [], resources: 0, missing: nameless > 0 ? [missing] : [], applies };
  }
  const rows = await query<SharerRow>(sharersBy('principal_key'), {
    ...window,
    ...SHARER_LIMITS,
    toleranceMs,
    listedMax: RELATED_RESOURCES_MAX,
    longLived: semantics.includeLongLived,
    eventsOnly: semantics.sharedListing === 'events',
  });
  return {
    findings: principalFindings(rows),
    resources: principals,
    missing: nameless > 0 ? [missing] : [],
    applies,
  };
}

/** Pure: rows of one principal follow one another, newest connect first. */
function principalFindings(rows: readonly SharerRow[]): FindingDraft[] {
  return groupBy(rows, (row) => row.principal_key).map(([first, group]) => ({
    resource: {
      resourceType: 'PRINCIPAL',
      resourceIdentifier: { doppelfleetPrincipal: first.principal_key },
    },
    related: group.map(sharingSession),
    detail: {
      ...diagnosePrincipal(first),
      evidence: evidenceOf(group),
      evidenceTotal: first.evidence_total,
      relatedTotal: first.sharers,
      occurrences: first.occurrences,
      lastOccurrence: first.last_at,
      inferred: inferredFields(group, []),
    },
  }));
}

/** What holds for a certificate holds at most likely for a name, which needs no key to be used. */
function diagnosePrincipal(
  facts: SharingFacts,
): Pick<FindingDetail, 'diagnosis' | 'confidence' | 'because'> {
  const { diagnosis, confidence, because } = diagnoseSharing(facts);
  if (diagnosis !== 'shared-certificate') return { diagnosis, confidence, because };
  const doubt = 'the source names no certificates, so they may have one each';
  return {
    diagnosis: 'shared-principal',
    confidence: 'ambiguous',
    because: `${because}; ${doubt}`,
  };
}

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

const COVERAGE = `
WITH seen AS (
  SELECT run, count(*) AS sessions, count(certificate_id) AS certified,
    count(principal_key) FILTER (WHERE certificate_id IS NULL) AS named,
    count(*) FILTER (WHERE certificate_id IS NULL AND principal_key IS NULL) AS nameless
  FROM sessions WHERE starts_at < $to::BIGINT AND ended_at >= $from::BIGINT
  GROUP BY run
)
SELECT coalesce(sum(sessions), 0)::BIGINT AS sessions, coalesce(sum(nameless), 0)::BIGINT AS nameless,
  count(*) FILTER (WHERE certified = 0 AND named > 0) AS blind,
  (SELECT count(DISTINCT principal_key) FROM sessions
    WHERE certificate_id IS NULL AND starts_at < $to::BIGINT AND ended_at >= $from::BIGINT)
    AS principals
FROM seen`;
