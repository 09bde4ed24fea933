/**
 * Audits histories: reads them into a store, builds the sessions relation, runs the checks over
 * their windows and gives the answer in AWS's shape. A check that fails does not stop the others.
 * The same histories and options give the same findings, byte for byte.
 */
import { createHash } from 'node:crypto';
import { EXIT, UserError } from '../core/errors.ts';
import type { CheckId } from '../core/ids.ts';
import { OVERLAP_TOLERANCE_MS, TAKEOVER_TOLERANCE_MS } from '../core/limits.ts';
import { printable } from '../core/text.ts';
import type { EpochMs, TimeWindow } from '../core/time.ts';
import { loadHistories, recordingKey } from '../history/load.ts';
import { type HistoryStore, openHistoryStore } from '../history/store.ts';
import type { AuditCheck, CheckOutcome, FindingDraft } from './check.ts';
import type { AuditCheckDetails, AuditFinding, AuditResult, AuditStatistics } from './finding.ts';
import { auditNotes, type JoinCounts } from './notes.ts';
import { type AuditOptions, type AuditPlan, auditPlan } from './options.ts';
import { buildSessions, type Recording } from './sessions.ts';
import { resolveWindow } from './windows.ts';

export type { AuditOptions } from './options.ts';

/** Audits history files as one body of evidence. Throws a {@link UserError} for unusable input. */
export async function auditHistory(
  files: readonly string[],
  options: AuditOptions = {},
): Promise<AuditResult> {
  if (files.length === 0) {
    throw new UserError(EXIT.usage, {
      message: 'no history was named',
      hint: 'name at least one history.ndjson',
    });
  }
  const plan = auditPlan(options);
  const { memoryMb } = options;
  const store = await openHistoryStore(memoryMb === undefined ? {} : { memoryMb });
  try {
    const histories = await loadHistories(store, files);
    const recordings = histories.map(
      ({ run, header, trailer }): Recording => ({
        run,
        hasBroker: header.source.vantages.includes('broker'),
        startedAt: header.startedAt,
        endedAt: trailer?.endedAt,
      }),
    );
    const key = [...new Set(histories.map(({ header }) => recordingKey(header)))].sort();
    const audited = await auditStore(store, recordings, { ...options, plan, key });
    return {
      taskId: audited.taskId,
      taskStartTime: audited.taskStartTime,
      findings: audited.findings,
      auditDetails: audited.auditDetails,
      sources: histories.map(
        ({ file, header, run, events, trailer, unreadableLines, examples }) => ({
          file,
          broker: header.source.broker,
          runId: header.runId,
          events,
          evidenceOffset: audited.evidenceOffsets.get(run) ?? 0,
          complete: trailer !== undefined,
          unreadableLines,
          examples,
        }),
      ),
      statistics: audited.statistics,
      notes: auditNotes(histories, audited.joined),
    };
  } finally {
    await store.close();
  }
}

interface StoreAuditOptions extends AuditOptions {
  readonly plan?: AuditPlan;
  /** What the task ID stands for besides the options: which recordings were audited. */
  readonly key?: readonly string[];
}

/** What an audit of a store gives, before the files it came from are described. */
export interface StoreAudit extends Omit<AuditResult, 'sources' | 'notes'> {
  readonly joined: JoinCounts;
  /** By recording. */
  readonly evidenceOffsets: ReadonlyMap<number, number>;
}

/** Audits what is in a store, once: the part of {@link auditHistory} after reading. */
export async function auditStore(
  store: HistoryStore,
  recordings: readonly Recording[],
  options: StoreAuditOptions = {},
): Promise<StoreAudit> {
  const { query } = store;
  const plan = options.plan ?? auditPlan(options);
  await buildSessions(query, recordings, options);
  const runs = await query<RunRow>(RUNS);
  const recorded = {
    from: Math.min(...runs.map((run) => run.from_ms)),
    to: Math.max(...runs.map((run) => run.to_ms)) + 1,
  };
  // The present is asked for only where the answer depends on it anyway.
  const now = options.now ?? (plan.window.kind === 'on-demand' ? Date.now() : recorded.to - 1);
  const toleranceMs = options.toleranceMs ?? OVERLAP_TOLERANCE_MS;
  const takeoverToleranceMs = options.takeoverToleranceMs ?? TAKEOVER_TOLERANCE_MS;
  const tolerances = [toleranceMs, takeoverToleranceMs, options.joinToleranceMs ?? null];
  const checkIds = plan.checks.map((check) => check.id);
  const taskId = stableId([options.key ?? [], checkIds, plan.window, recorded, now, tolerances]);
  const findings: AuditFinding[] = [];
  const auditDetails: Partial<Record<CheckId, AuditCheckDetails>> = {};
  for (const check of plan.checks) {
    const { onDemandLagMs } = check;
    const window = resolveWindow(plan.window, { now, recorded, onDemandLagMs });
    const outcome = await outcomeOf(check, { query, window, toleranceMs, takeoverToleranceMs });
    auditDetails[check.id] = details(outcome, window);
    const task = { taskId, now };
    findings.push(...outcome.findings.map((draft) => finding(check, draft, task)));
  }
  const [statistics] = await query<AuditStatistics>(STATISTICS);
  const [joined] = await query<JoinCounts>(JOINED);
  return {
    taskId,
    taskStartTime: now / 1000,
    findings,
    auditDetails,
    statistics: statistics ?? NO_STATISTICS,
    joined: joined ?? { unmatched: 0, contradicting: 0, takeoversInferred: 0 },
    evidenceOffsets: new Map(runs.map((run) => [run.run, run.event_offset])),
  };
}

async function outcomeOf(
  check: AuditCheck,
  context: Parameters<AuditCheck['run']>[0],
): Promise<CheckOutcome> {
  try {
    return await check.run(context);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { findings: [], resources: 0, missing: [`the check failed: ${printable(message)}`] };
  }
}

/** What is proven counts although something is missing; without proof, missing facts decide. */
function details(outcome: CheckOutcome, window: TimeWindow): AuditCheckDetails {
  const { findings, resources, missing } = outcome;
  const status =
    findings.length > 0 ? 'non-compliant' : missing.length > 0 ? 'inconclusive' : 'compliant';
  return {
    checkRunStatus: RUN_STATUS[status],
    checkCompliant: status === 'compliant',
    totalResourcesCount: resources,
    nonCompliantResourcesCount: findings.length,
    suppressedNonCompliantResourcesCount: 0,
    ...(missing.length > 0 ? { message: missing.join('; ') } : {}),
    doppelfleet: { status, missing, window },
  };
}

const RUN_STATUS = {
  compliant: 'COMPLETED_COMPLIANT',
  'non-compliant': 'COMPLETED_NON_COMPLIANT',
  inconclusive: 'FAILED',
} as const;

function finding(
  check: AuditCheck,
  { resource, related, detail }: FindingDraft,
  { taskId, now }: { readonly taskId: string; readonly now: EpochMs },
): AuditFinding {
  return {
    findingId: stableId([check.id, resource.resourceIdentifier, check.reasonCode]),
    taskId,
    checkName: check.id,
    taskStartTime: now / 1000,
    findingTime: now / 1000,
    severity: check.severity,
    nonCompliantResource: resource,
    ...(related.length > 0 ? { relatedResources: related } : {}),
    reasonForNonCompliance: check.reason,
    reasonForNonComplianceCode: check.reasonCode,
    isSuppressed: false,
    doppelfleet: { ...detail, fixes: check.fixes },
  };
}

/** 32 lower-case hex digits, as AWS's audit IDs are; equal for equal parts. */
function stableId(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

interface RunRow {
  readonly run: number;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly event_offset: number;
}

const RUNS = 'SELECT run, from_ms, to_ms, event_offset FROM runs ORDER BY run';

const NO_STATISTICS: AuditStatistics = {
  sessions: 0,
  clientIds: 0,
  certificates: 0,
  takeovers: 0,
  certificatesJoined: 0,
};

const STATISTICS = `
SELECT count(*) AS sessions, count(DISTINCT client_id) AS "clientIds",
  count(DISTINCT certificate_id) AS certificates,
  count(*) FILTER (WHERE taken_over) AS takeovers,
  count(*) FILTER (WHERE certificate_joined) AS "certificatesJoined"
FROM sessions`;

const JOINED = `
SELECT
  (SELECT count(*) FROM connections c JOIN runs r USING (run)
    WHERE r.has_broker AND c.vantage = 'device' AND c.connected_at IS NOT NULL
      AND c.id NOT IN (SELECT device_id FROM matches)) AS unmatched,
  (SELECT count(*) FROM matches m JOIN connections b ON b.id = m.broker_id
    JOIN connections d ON d.id = m.device_id
    WHERE b.certificate_id <> d.certificate_id) AS contradicting,
  (SELECT count(*) FROM sessions WHERE takeover_inferred) AS "takeoversInferred"`;
