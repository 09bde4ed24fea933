/**
 * A report and what its runs recorded → all that a page needs: plain data for the browser, packed
 * sessions, identity graphs. Pure.
 */
import { printable } from '../core/text.ts';
import type { Report, RunReport } from '../report/report.ts';
import type { RunCollector } from './collect.ts';
import { markFindings } from './finding-marks.ts';
import { type IdentityGraph, identityGraph } from './identity-graph.ts';
import { packSessions, tickFor } from './pack.ts';
import { PAGE_DATA_VERSION, type PageData, type PageMark, type PageRun } from './page-data.ts';
import { type RunSessions, sessionsOf } from './run-sessions.ts';
import { type BinAxis, binWidthMs, seriesOf } from './series.ts';
import { SESSIONS_SHOWN_MAX, summarise } from './summarise.ts';
import { usedTables } from './used-tables.ts';

/** What became of a run's folder, for the reader of the page. */
export interface RunRecord {
  readonly run: RunReport;
  readonly collector: RunCollector;
  /** Sentences on what is missing: a truncated history, no truth, no history at all. */
  readonly gaps: readonly string[];
}

/** One run, ready to be written. */
export interface BuiltRun {
  readonly run: RunReport;
  readonly page: PageRun;
  readonly packed: string;
  readonly graph: IdentityGraph;
  readonly gaps: readonly string[];
}

export interface BuiltPage {
  readonly report: Report;
  readonly data: PageData;
  readonly runs: readonly BuiltRun[];
}

const NAME_LENGTH_MAX = 160;

/** The name of a run on the page: `as is`, or its fix. */
function runName(run: RunReport): string {
  return printable(run.fix?.name ?? 'as is', 60);
}

export function buildPage(report: Report, records: readonly RunRecord[]): BuiltPage {
  const all = records.map((record) => ({ ...record, sessions: sessionsOf(record.collector) }));
  const spans = all.map(({ run, sessions }) => spanOf(run, sessions));
  const fromMs = Math.min(0, ...spans.map((span) => span.fromMs));
  const toMs = Math.max(1, ...spans.map((span) => span.toMs));
  const binMs = binWidthMs(toMs - fromMs);
  const axis: BinAxis = { fromMs: Math.floor(fromMs / binMs) * binMs, toMs, binMs };
  const shownMax = Math.floor(SESSIONS_SHOWN_MAX / Math.max(1, all.length));
  const runs = all.map(({ run, collector, gaps, sessions }, place): BuiltRun => {
    const { tables } = collector;
    const findings = markFindings(place, run.audit.findings, sessions.rows, tables);
    const series = seriesOf(sessions.rows, axis, run.startedAt);
    const { shown, bands } = summarise(sessions.rows, {
      shownMax,
      axis,
      startedAt: run.startedAt,
    });
    const graph = identityGraph(sessions.rows, tables);
    const used = usedTables(shown, collector);
    const page: PageRun = {
      name: runName(run),
      title: printable(run.fix?.title ?? 'The scenario as it is', NAME_LENGTH_MAX),
      vantage: sessions.vantage,
      marks: marksOf(run),
      series,
      findings: findings.map((finding) => used.finding(finding)),
      bands,
      sessions: sessions.rows.length,
      sessionsLeftOut: sessions.rows.length - shown.length,
    };
    const packed = packSessions(used.rows, {
      startedAt: run.startedAt,
      tickMs: tickFor(toMs - fromMs),
      tables: used.tables,
    });
    return { run, page, packed, graph, gaps };
  });
  const data = {
    version: PAGE_DATA_VERSION,
    fromMs: axis.fromMs,
    toMs,
    runs: runs.map((one) => one.page),
  } as const;
  return { report, data, runs };
}

function spanOf(run: RunReport, { rows }: RunSessions): { fromMs: number; toMs: number } {
  let [fromMs, toMs] = [0, run.endedAt - run.startedAt];
  for (const { startAt, endAt } of rows) {
    fromMs = Math.min(fromMs, startAt - run.startedAt);
    toMs = Math.max(toMs, (Number.isNaN(endAt) ? startAt : endAt) - run.startedAt);
  }
  return { fromMs, toMs };
}

function marksOf(run: RunReport): readonly PageMark[] {
  const { startedAt, endedAt, blastRadius, statistics } = run;
  // Reports that were stored before the instant was part of them.
  const healedAt: number | undefined = run.faultsEndedAt;
  const faultsEndMs = (healedAt ?? startedAt + blastRadius.durationMs) - startedAt;
  const { quiet, quietAfterMs } = statistics.settle;
  const endMs = endedAt - startedAt;
  const settles = blastRadius.settleMs > 0 && faultsEndMs < endMs;
  return [
    ...(settles ? [{ kind: 'faults-end', atMs: faultsEndMs, label: 'faults end' } as const] : []),
    ...(settles && quiet
      ? [{ kind: 'quiet', atMs: faultsEndMs + quietAfterMs, label: 'quiet' } as const]
      : []),
    { kind: 'end', atMs: endMs, label: 'end' },
  ];
}
