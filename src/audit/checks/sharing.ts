/**
 * What the checks of shared certificates and shared principals have in common: asking for the
 * sessions that share a key, and the finding for each key. Rows to findings is pure.
 */
import { RELATED_RESOURCES_MAX } from '../../core/limits.ts';
import type { CheckContext, FindingDraft } from '../check.ts';
import type { FindingResource } from '../finding.ts';
import type { Diagnosed } from './diagnose-conflict.ts';
import type { SharingFacts } from './diagnose-shared.ts';
import { evidenceOf, groupBy, inferredFields } from './rows.ts';
import { SHARER_LIMITS, sharersBy } from './sharers.ts';

/** What sessions can share: a column of the sessions relation. */
type SharedKey = 'certificate_id' | 'principal_key';

/** One session that takes part in an overlap, with the facts of what it shares repeated. */
export type SharerRow<Key extends SharedKey> = SharingFacts &
  Readonly<Record<Key, string>> & {
    readonly sharers: number;
    readonly last_at: number;
    readonly evidence_total: number;
    readonly client_id: string;
    readonly connected_at: number;
    readonly closed_at: number | null;
    readonly certificate_joined: boolean;
    readonly inferred: string | null;
    readonly evidence: readonly (number | null)[];
  };

/** Sessions of different client IDs that overlap on one key; those of a key follow one another. */
export function sharersOf<Key extends SharedKey>(
  { query, window, toleranceMs, semantics }: CheckContext,
  key: Key,
): Promise<readonly SharerRow<Key>[]> {
  return query<SharerRow<Key>>(sharersBy(key), {
    ...window,
    ...SHARER_LIMITS,
    toleranceMs,
    listedMax: RELATED_RESOURCES_MAX,
    longLived: semantics.includeLongLived,
    eventsOnly: semantics.sharedListing === 'events',
  });
}

/** A finding for each key, its sessions listed newest connect first. */
export function sharingFindings<Key extends SharedKey>(
  rows: readonly SharerRow<Key>[],
  key: Key,
  resource: (shared: string) => FindingResource,
  diagnose: (facts: SharingFacts) => Diagnosed,
): FindingDraft[] {
  return groupBy(rows, (row) => row[key]).map(([first, group]) => ({
    resource: resource(first[key]),
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
function sharingSession({
  client_id,
  connected_at,
  closed_at,
}: Pick<SharerRow<SharedKey>, 'client_id' | 'connected_at' | 'closed_at'>): FindingResource {
  return {
    resourceType: 'CLIENT_ID',
    resourceIdentifier: { clientId: client_id },
    additionalInfo: {
      CONNECTION_TIME: String(connected_at),
      ...(closed_at === null ? {} : { DISCONNECTION_TIME: String(closed_at) }),
    },
  };
}
