/**
 * SHARED_PRINCIPAL_CHECK, a check of ours: where a source names no certificates but a user name or a
 * subject, several clients that were connected with one such principal at the same time. It is not
 * AWS's check of shared certificates, which stays inconclusive for such sources: many devices may
 * have one user name and a certificate each.
 */
import { type AuditCheck, type CheckContext, type CheckOutcome, NO_EVIDENCE } from '../check.ts';
import type { FindingDetail, FindingResource } from '../finding.ts';
import { diagnoseSharing, type SharingFacts } from './diagnose-shared.ts';
import { sharersOf, sharingFindings } from './sharing.ts';

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

async function run(context: CheckContext): Promise<CheckOutcome> {
  const { query, window } = context;
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
  const rows = await sharersOf(context, 'principal_key');
  return {
    findings: sharingFindings(rows, 'principal_key', principalResource, diagnosePrincipal),
    resources: principals,
    missing: nameless > 0 ? [missing] : [],
    applies,
  };
}

function principalResource(doppelfleetPrincipal: string): FindingResource {
  return { resourceType: 'PRINCIPAL', resourceIdentifier: { doppelfleetPrincipal } };
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
