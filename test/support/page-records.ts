/** Reports and records for tests of the page, around literal events. */

import type { AuditResult } from '../../src/audit/finding.ts';
import type { ObservedEvent } from '../../src/history/event.ts';
import type { RunRecord } from '../../src/page/build-page.ts';
import { RunCollector, type TruthLine } from '../../src/page/collect.ts';
import { REPORT_VERSION, type Report, type RunReport } from '../../src/report/report.ts';
import { EPOCH, numbered } from './history-events.ts';
import { auditOf } from './real-audit.ts';

/** A device that set out to connect, in ms from the tests' epoch. */
export function opening(sessionId: string, device: string, at: number): TruthLine {
  return { at: EPOCH + at, device, kind: 'connecting', sessionId };
}

export function collected(
  events: readonly ObservedEvent[],
  truth: readonly TruthLine[] = [],
): RunCollector {
  const collector = new RunCollector();
  for (const line of truth) collector.truth(line);
  for (const event of numbered(events)) collector.event(event);
  return collector;
}

/** A sound run of `lengthMs` that found what `audit` says. */
function runReport(audit: AuditResult, more: Partial<RunReport> = {}): RunReport {
  return {
    runId: 'run-1',
    folder: 'runs/test',
    history: 'runs/test/history.ndjson',
    startedAt: EPOCH,
    faultsEndedAt: EPOCH + 50_000,
    endedAt: EPOCH + 60_000,
    outcome: 'completed',
    broker: { id: 'embedded', version: '1', endpoint: 'mqtts://127.0.0.1:1' },
    blastRadius: {
      target: 'embedded broker',
      loopback: true,
      devices: 2,
      certificates: 2,
      arrivalsPerSecondMax: 1,
      durationMs: 50_000,
      settleMs: 10_000,
      groups: [],
      planted: [],
      uncertain: [],
    },
    statistics: {
      connects: { attempted: 4, accepted: 4, failed: 0, throttled: 0 },
      devices: { total: 2, connected: 2, neverConnected: [] },
      sessions: { concurrentMax: 2, resumed: 0, lost: 0 },
      messages: { published: 0, acknowledged: 0, received: 0, unacknowledged: 0 },
      failures: [],
      settle: { quiet: true, quietAfterMs: 100 },
    },
    metrics: { 'takeovers.count': audit.statistics.takeovers },
    audit,
    verdict: { outcome: 'met', expectations: [] },
    notes: [],
    ...more,
  };
}

export function reportOf(runs: readonly RunReport[], more: Partial<Report> = {}): Report {
  return {
    reportVersion: REPORT_VERSION,
    toolVersion: '0.0.0-test',
    nodeVersion: 'v0',
    scenario: {
      name: 'test',
      purpose: 'a test',
      file: 'test.yaml',
      digest: 'd'.repeat(64),
      seed: 1,
    },
    folder: 'runs/test',
    reproduce: 'doppelfleet run test',
    runs,
    outcome: 'met',
    ...more,
  };
}

/** One run of literal events, really audited. */
export async function recordOf(
  events: readonly ObservedEvent[],
  truth: readonly TruthLine[] = [],
  more: Partial<RunReport> = {},
): Promise<RunRecord> {
  const run = runReport(await auditOf(events), more);
  return { run, collector: collected(events, truth), gaps: [] };
}
