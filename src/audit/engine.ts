/**
 * Audits history files, certificates or both: reads them into a store, has it audited, and says
 * what went into the answer. The same input and options give the same findings, byte for byte.
 */
import { EXIT, UserError } from '../core/errors.ts';
import { namedFiles } from '../history/inputs/expand.ts';
import { loadHistories, recordingKey } from '../history/load.ts';
import { openHistoryStore } from '../history/store.ts';
import { auditDataset, datasetAmong } from './audit-dataset.ts';
import { auditResult, recordingsOf } from './audit-result.ts';
import { auditStore } from './audit-store.ts';
import { evidenceGaps } from './evidence-gaps.ts';
import type { AuditResult } from './finding.ts';
import { type AuditOptions, type AuditPlan, auditPlan, withoutSessions } from './options.ts';

export { auditStore, type StoreAudit } from './audit-store.ts';
export type { AuditOptions } from './options.ts';

/**
 * Audits history files as one body of evidence; none at all if certificates are given. Throws a
 * {@link UserError} for unusable input.
 */
export async function auditHistory(
  files: readonly string[],
  options: AuditOptions = {},
): Promise<AuditResult> {
  const plan = planFor(files, options);
  const now = options.now ?? presentFor(plan, files);
  const present = now === undefined ? {} : { now };
  const dataset = await datasetAmong(files);
  if (dataset !== undefined) return auditDataset(dataset, plan, { ...options, ...present });
  const { memoryMb, threads } = options;
  const store = await openHistoryStore({
    ...(memoryMb === undefined ? {} : { memoryMb }),
    ...(threads === undefined ? {} : { threads }),
    files: await namedFiles(files),
  });
  try {
    const histories = await loadHistories(store, files, options.source);
    const key = [...new Set(histories.map(({ header }) => recordingKey(header)))].sort();
    const audited = await auditStore(store, recordingsOf(histories), {
      ...options,
      plan,
      key,
      gaps: evidenceGaps(histories),
      ...present,
    });
    return auditResult(audited, histories, options);
  } finally {
    await store.close();
  }
}

function planFor(files: readonly string[], options: AuditOptions): AuditPlan {
  const plan = auditPlan(options);
  if (files.length > 0) return plan;
  if (options.certificates !== undefined) return withoutSessions(plan, options.checks);
  throw new UserError(EXIT.usage, {
    message: 'no history was named',
    hint: 'name a history, a log, a folder of them, or - for standard input',
  });
}

/** The clock is asked only where the answer depends on the present anyway. */
function presentFor({ window }: AuditPlan, files: readonly string[]): number | undefined {
  const depends = window.kind === 'on-demand' || window.kind === 'scheduled' || files.length === 0;
  return depends ? Date.now() : undefined;
}
