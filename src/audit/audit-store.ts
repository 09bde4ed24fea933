/**
 * Audits what is in a store: builds the sessions relation, runs the checks over their windows and
 * gives the answer in AWS's shape. A check that fails does not stop the others. Equal contents and
 * options give equal findings, byte for byte.
 */
import type { CheckId } from '../core/ids.ts';
import { OVERLAP_TOLERANCE_MS, TAKEOVER_TOLERANCE_MS } from '../core/limits.ts';
import { printable } from '../core/text.ts';
import type { TimeWindow } from '../core/time.ts';
import type { HistoryStore, Query } from '../history/store.ts';
import type { AuditCheck, CheckContext, CheckOutcome } from './check.ts';
import type { AuditCheckDetails, AuditFinding, AuditResult, AuditStatistics } from './finding.ts';
import { checkDetails, judgeFindings, stableId, withGaps } from './judge.ts';
import type { JoinCounts } from './notes.ts';
import { type AuditOptions, type AuditPlan, auditPlan } from './options.ts';
import { buildSessions, type Recording } from './sessions.ts';
import { suppressor } from './suppression.ts';
import { taskFields } from './task.ts';
import { cutSessions, windowHull } from './window-hull.ts';
import { resolveWindow } from './windows.ts';

export interface StoreAuditOptions extends AuditOptions {
  readonly plan?: AuditPlan;
  /** What the task ID stands for besides the options: which recordings were audited. */
  readonly key?: readonly string[];
  /** What of the evidence was lost, in sentences: see `evidenceGaps`. */
  readonly gaps?: readonly string[];
  /** Counts over all sessions, where they are known and `sessions` is cut to the windows. */
  readonly facts?: AuditStatistics & JoinCounts;
}

/** What an audit of a store gives, before the files it came from are described. */
export interface StoreAudit extends Omit<AuditResult, 'sources' | 'notes'> {
  readonly joined: JoinCounts;
  /** By recording. */
  readonly evidenceOffsets: ReadonlyMap<number, number>;
}

/** Audits the `events` of a store, once: the part of `auditHistory` after reading. */
export async function auditStore(
  store: HistoryStore,
  recordings: readonly Recording[],
  options: StoreAuditOptions = {},
): Promise<StoreAudit> {
  await buildSessions(store.query, recordings, options);
  return auditSessions(store.query, options);
}

/** Audits the tables that {@link buildSessions} makes, however they came about. */
export async function auditSessions(
  query: Query,
  options: StoreAuditOptions = {},
): Promise<StoreAudit> {
  const plan = options.plan ?? auditPlan(options);
  const { semantics } = plan;
  const runs = await query<RunRow>(RUNS);
  const recorded = recordedSpan(runs);
  const now = options.now ?? (recorded === undefined ? 0 : recorded.to - 1);
  const context: Omit<CheckContext, 'window'> = {
    query,
    now,
    semantics,
    toleranceMs: options.toleranceMs ?? OVERLAP_TOLERANCE_MS,
    takeoverToleranceMs: options.takeoverToleranceMs ?? TAKEOVER_TOLERANCE_MS,
    certificates: options.certificates,
    thresholds: plan.thresholds,
  };
  const present = { from: now, to: now };
  const suppressions = suppressor(options.suppressions ?? [], now);
  const taskId = stableId(taskKey(options, plan, { recorded: recorded ?? present, context }));
  const { statistics, joined } = await factsOf(query, options.facts);
  if (options.facts === undefined) {
    await cutSessions(query, windowHull(plan, { now, recorded: recorded ?? present }));
  }
  const findings: AuditFinding[] = [];
  const auditDetails: Partial<Record<CheckId, AuditCheckDetails>> = {};
  for (const check of plan.checks) {
    const { onDemandLagMs } = check;
    const window = check.pointInTime
      ? present
      : resolveWindow(plan.window, { now, recorded: recorded ?? present, onDemandLagMs });
    const ran = await outcomeOf(check, { ...context, window });
    const outcome = withGaps(check, ran, options.gaps ?? []);
    if (outcome.applies === false && isAll(options.checks)) continue;
    const judging = { taskId, now, semantics, isSuppressed: suppressions.covers };
    const judged = judgeFindings(check, outcome, judging);
    auditDetails[check.id] = checkDetails(outcome, judged, window, semantics);
    for (const finding of judged) findings.push(finding);
  }
  return {
    taskId,
    taskStartTime: now / 1000,
    ...taskFields(plan.window, auditDetails),
    findings,
    auditDetails,
    suppressions: suppressions.uses(auditDetails),
    semantics,
    statistics,
    joined,
    evidenceOffsets: new Map(runs.map((run) => [run.run, run.event_offset])),
  };
}

/** Everything that can change the answer; equal tasks have equal IDs. */
function taskKey(
  { key, joinToleranceMs, suppressions, certificates, gaps = [] }: StoreAuditOptions,
  { checks, window, semantics, thresholds }: AuditPlan,
  given: { recorded: TimeWindow; context: Omit<CheckContext, 'window'> },
): readonly unknown[] {
  const { now, toleranceMs, takeoverToleranceMs } = given.context;
  const known = certificates?.certificates.map(({ certificateId, status, revoked }) => [
    certificateId,
    status,
    revoked?.at,
  ]);
  return [
    key ?? [],
    checks.map((check) => check.id),
    window,
    given.recorded,
    now,
    [toleranceMs, takeoverToleranceMs, joinToleranceMs ?? null],
    semantics,
    thresholds,
    suppressions ?? [],
    known ?? [],
    // Counted, because their words name files, and a copy elsewhere is the same task.
    ...(gaps.length === 0 ? [] : [gaps.length]),
  ];
}

function isAll(checks: AuditOptions['checks']): boolean {
  return checks === undefined || checks === 'all';
}

async function outcomeOf(check: AuditCheck, context: CheckContext): Promise<CheckOutcome> {
  try {
    return await check.run(context);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { findings: [], resources: 0, missing: [`the check failed: ${printable(message)}`] };
  }
}

async function factsOf(
  query: Query,
  known: StoreAuditOptions['facts'],
): Promise<{ readonly statistics: AuditStatistics; readonly joined: JoinCounts }> {
  const [statistics] = known === undefined ? await query<AuditStatistics>(STATISTICS) : [known];
  const [joined] = known === undefined ? await query<JoinCounts>(JOINED) : [known];
  const { sessions, clientIds, certificates, takeovers, certificatesJoined } =
    statistics ?? NO_STATISTICS;
  return {
    statistics: { sessions, clientIds, certificates, takeovers, certificatesJoined },
    joined: joined ?? { unmatched: 0, contradicting: 0, takeoversInferred: 0 },
  };
}

function recordedSpan(runs: readonly RunRow[]): TimeWindow | undefined {
  if (runs.length === 0) return undefined;
  let [from, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const run of runs) [from, last] = [Math.min(from, run.from_ms), Math.max(last, run.to_ms)];
  return { from, to: last + 1 };
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

/** Facts of the sessions relation. */
export const STATISTICS = `
SELECT count(*) AS sessions, count(DISTINCT client_id) AS "clientIds",
  count(DISTINCT certificate_id) AS certificates,
  count(*) FILTER (WHERE taken_over) AS takeovers,
  count(*) FILTER (WHERE certificate_joined) AS "certificatesJoined"
FROM sessions`;

/** What became of joining; needs the tables from which sessions are built. */
export const JOINED = `
SELECT
  (SELECT count(*) FROM connections c JOIN runs r USING (run)
    WHERE r.has_broker AND c.vantage = 'device' AND c.connected_at IS NOT NULL
      AND c.id NOT IN (SELECT device_id FROM matches)) AS unmatched,
  (SELECT count(*) FROM matches m JOIN connections b ON b.id = m.broker_id
    JOIN connections d ON d.id = m.device_id
    WHERE b.certificate_id <> d.certificate_id) AS contradicting,
  (SELECT count(*) FROM sessions WHERE takeover_inferred) AS "takeoversInferred"`;
