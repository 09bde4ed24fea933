/** Counts over all sessions of a dataset, so that an audit of a few days need not read the rest. */

import { parquetFiles } from '../history/columnar/attach.ts';
import type { Dataset, DatasetFacts } from '../history/columnar/manifest.ts';
import type { Query } from '../history/store.ts';
import { JOINED, STATISTICS } from './audit-store.ts';
import type { AuditStatistics } from './finding.ts';
import type { JoinCounts } from './notes.ts';
import { judgedSessions } from './sessions.ts';

const NOTHING: AuditStatistics & JoinCounts = {
  sessions: 0,
  clientIds: 0,
  certificates: 0,
  takeovers: 0,
  certificatesJoined: 0,
  unmatched: 0,
  contradicting: 0,
  takeoversInferred: 0,
};

/** The facts of a dataset with the sessions in the store added, which are not in it yet. */
export async function factsWith(
  query: Query,
  dataset: Dataset | undefined,
  takeoverToleranceMs: number,
): Promise<DatasetFacts> {
  const [joined] = await query<JoinCounts>(JOINED);
  if (dataset === undefined) {
    const [statistics] = await query<AuditStatistics>(STATISTICS);
    return { ...NOTHING, ...statistics, ...joined };
  }
  const { facts, columns, files } = dataset.manifest;
  const stored = parquetFiles(dataset.folder, files);
  const names = columns.join(', ');
  const both = `(SELECT ${names} FROM ${stored} UNION ALL SELECT ${names} FROM sessions)`;
  const [statistics] = await query<AuditStatistics>(
    `WITH every_session AS (${judgedSessions(both, takeoverToleranceMs)})
     ${STATISTICS.replace('FROM sessions', 'FROM every_session')}`,
  );
  return {
    ...NOTHING,
    ...statistics,
    unmatched: facts.unmatched + (joined?.unmatched ?? 0),
    contradicting: facts.contradicting + (joined?.contradicting ?? 0),
    takeoversInferred: facts.takeoversInferred + (joined?.takeoversInferred ?? 0),
  };
}

/** The facts of a dataset as an audit with another tolerance would count them. */
export async function factsFor(
  query: Query,
  { folder, manifest }: Dataset,
  takeoverToleranceMs: number,
): Promise<DatasetFacts> {
  const { facts, files } = manifest;
  if (takeoverToleranceMs === manifest.takeoverToleranceMs) return facts;
  const stored = `(SELECT * FROM ${parquetFiles(folder, files)})`;
  const [counted] = await query<Pick<DatasetFacts, 'takeovers' | 'takeoversInferred'>>(
    `SELECT count(*) FILTER (WHERE taken_over) AS takeovers,
       count(*) FILTER (WHERE takeover_inferred) AS "takeoversInferred"
     FROM (${judgedSessions(stored, takeoverToleranceMs)})`,
  );
  return { ...facts, ...counted };
}
