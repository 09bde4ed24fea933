/**
 * Audits a dataset: the same checks over the same sessions as an audit of the histories it was made
 * from, but of the Parquet files only those that the checks' windows touch are read.
 */
import { EXIT, UserError } from '../core/errors.ts';
import { TAKEOVER_TOLERANCE_MS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import { attachDataset, STORED_SESSIONS } from '../history/columnar/attach.ts';
import { type Dataset, type DatasetManifest, readDataset } from '../history/columnar/manifest.ts';
import { openHistoryStore } from '../history/store.ts';
import { auditResult } from './audit-result.ts';
import { auditSessions } from './audit-store.ts';
import { factsFor } from './dataset-facts.ts';
import { evidenceGaps } from './evidence-gaps.ts';
import type { AuditResult } from './finding.ts';
import type { AuditOptions, AuditPlan } from './options.ts';
import { judgedSessions } from './sessions.ts';
import { touchingSessions, windowHull } from './window-hull.ts';

/** The dataset among what is to be audited, if there is one. Throws if there is anything else. */
export async function datasetAmong(inputs: readonly string[]): Promise<Dataset | undefined> {
  const datasets = await Promise.all(inputs.map((input) => readDataset(input)));
  const dataset = datasets.find((one) => one !== undefined);
  if (dataset === undefined || inputs.length === 1) return dataset;
  throw new UserError(EXIT.usage, {
    file: dataset.folder,
    message: 'a dataset is audited by itself',
    hint: 'add the other histories to it with doppelfleet history convert',
  });
}

/** As `auditHistory`; `now` is undefined where nothing depends on the present. */
export async function auditDataset(
  dataset: Dataset,
  plan: AuditPlan,
  options: AuditOptions,
): Promise<AuditResult> {
  const { folder, manifest } = dataset;
  refuseOtherTolerance(dataset, options.joinToleranceMs);
  const { memoryMb, threads } = options;
  const store = await openHistoryStore({
    folders: [folder],
    ...(memoryMb === undefined ? {} : { memoryMb }),
    ...(threads === undefined ? {} : { threads }),
  });
  try {
    const hull = hullOf(manifest, plan, options.now);
    await attachDataset(store, dataset, hull);
    const takeoverToleranceMs = options.takeoverToleranceMs ?? TAKEOVER_TOLERANCE_MS;
    await store.query(
      `CREATE VIEW sessions AS
       ${judgedSessions(`(${touchingSessions(STORED_SESSIONS, hull)})`, takeoverToleranceMs)}`,
    );
    const key = [...new Set(manifest.recordings.map((recording) => recording.key))].sort();
    const facts = await factsFor(store.query, dataset, takeoverToleranceMs);
    const gaps = evidenceGaps(manifest.sources);
    const audited = await auditSessions(store.query, { ...options, plan, key, facts, gaps });
    return auditResult(audited, manifest.sources, options);
  } finally {
    await store.close();
  }
}

/** As the audit of a store finds it in its tables. */
function hullOf({ recordings }: DatasetManifest, plan: AuditPlan, now: EpochMs | undefined) {
  const [first] = recordings;
  if (first === undefined) return undefined;
  let { from, to } = first;
  for (const recording of recordings) {
    [from, to] = [Math.min(from, recording.from), Math.max(to, recording.to)];
  }
  return windowHull(plan, { now: now ?? to, recorded: { from, to: to + 1 } });
}

function refuseOtherTolerance(
  { folder, manifest }: Dataset,
  joinToleranceMs: number | undefined,
): void {
  if (joinToleranceMs === undefined || joinToleranceMs === manifest.joinToleranceMs) return;
  throw new UserError(EXIT.usage, {
    file: folder,
    message: `broker and device were joined within ${manifest.joinToleranceMs} ms, not ${joinToleranceMs} ms`,
    hint: 'leave the tolerance out, or convert the histories again with it',
  });
}
