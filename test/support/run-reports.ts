/** Literal reports of runs for tests of renderers: what a test does not name is as in a sound run. */
import type { FixEffects } from '../../src/effects/fix-effects.ts';
import type { RotationReport } from '../../src/mitigation/rotation.ts';
import type { ExecutionStatus, MitigationReport } from '../../src/mitigation/task.ts';
import type { Report, RunReport } from '../../src/report/report.ts';
import type { ScriptReport } from '../../src/report/script-report.ts';
import type { StepResult } from '../../src/script/result.ts';
import type { ExpectationResult } from '../../src/verdict/expectation.ts';
import { mergeOutcomes, type Outcome } from '../../src/verdict/outcome.ts';
import { audit } from './judged.ts';

export function expectation(
  outcome: Outcome,
  text = 'text',
  because = 'because',
): ExpectationResult {
  return { kind: 'threshold', text, outcome, because, findings: [] };
}

/** A sound run on the embedded broker; what a test does not name is empty. */
export function run(
  expectations: readonly ExpectationResult[],
  more: Partial<RunReport> = {},
): RunReport {
  return {
    runId: 'run',
    folder: 'runs/run',
    history: 'runs/run/history.ndjson',
    faultsEndedAt: 0,
    startedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    endedAt: Date.UTC(2026, 0, 2, 3, 4, 12, 912),
    outcome: 'completed',
    broker: { id: 'embedded', version: 'embedded 1', endpoint: 'mqtts://127.0.0.1:1' },
    blastRadius: {
      target: '',
      loopback: true,
      devices: 0,
      certificates: 0,
      arrivalsPerSecondMax: 0,
      durationMs: 0,
      settleMs: 0,
      groups: [],
      planted: [],
      uncertain: [],
    },
    statistics: {
      connects: { attempted: 0, accepted: 0, failed: 0, throttled: 0 },
      devices: { total: 0, connected: 0, neverConnected: [] },
      sessions: { concurrentMax: 0, resumed: 0, lost: 0 },
      messages: { published: 0, acknowledged: 0, received: 0, unacknowledged: 0 },
      failures: [],
      settle: { quiet: true, quietAfterMs: 0 },
    },
    metrics: {},
    audit: audit(),
    verdict: { outcome: mergeOutcomes(expectations.map(({ outcome }) => outcome)), expectations },
    notes: [],
    ...more,
  };
}

/** A report of runs, as run-scenario gathers it. */
export function report(runs: readonly RunReport[], name = 'a-scenario'): Report {
  return {
    reportVersion: 1,
    toolVersion: '0',
    nodeVersion: 'v0',
    scenario: { name, purpose: '', file: 'a.yaml', digest: '', seed: 7 },
    folder: 'runs',
    reproduce: 'doppelfleet run a-scenario --seed 7',
    runs,
    outcome: mergeOutcomes(runs.map(({ verdict }) => verdict.outcome)),
  };
}

/** A step of a script; judged ones have a risk. */
export function step(outcome: Outcome, more: Partial<StepResult> = {}): StepResult {
  return {
    step: 1,
    text: 'thief connects',
    line: 7,
    at: 0,
    elapsedMs: 1,
    role: 'judged',
    outcome,
    because: 'it was let in',
    risk: 'a thief reads the queue',
    ...more,
  };
}

export function scriptReport(
  steps: readonly StepResult[],
  more: Partial<ScriptReport> = {},
): ScriptReport {
  const outcome = mergeOutcomes(steps.map((one) => one.outcome));
  return {
    kind: 'script',
    reportVersion: 1,
    toolVersion: '0',
    nodeVersion: 'v0',
    scenario: { name: 'a-script', purpose: 'a purpose', file: 'script.yaml', digest: '' },
    mqttVersion: '5',
    broker: { id: 'embedded', version: 'embedded 1', endpoint: 'mqtts://127.0.0.1:1' },
    folder: 'runs/script',
    history: 'runs/script/history.ndjson',
    startedAt: 0,
    endedAt: 1000,
    ended: 'completed',
    result: { steps, outcome, because: 'it was let in' },
    outcome,
    reproduce: 'doppelfleet run a-script',
    ...more,
  };
}

/** A run that lost four messages. */
export const EFFECTS: FixEffects = {
  sessions: { kept: 2, leftBehind: 1, resumed: 0, lost: 1 },
  messages: {
    deliveries: { due: 9, lost: 4, duplicated: 0, waiting: 0, notCounted: 0 },
    unacknowledged: 0,
  },
  banCounter: { connectsMax: 15, windowMs: 60_000, clientIds: 0, devices: 0, hidden: 0 },
  certificatesShared: { real: 0, found: 0 },
  clientIds: { used: 3, predictable: 3 },
  takeovers: { count: 0, perMinute: 0 },
  connects: { perSecond: 1, perSecondMax: 2 },
  recovery: { lost: 0, notBack: 0 },
  notes: [],
};

/** A task with an execution of each status. */
export function mitigation(statuses: readonly ExecutionStatus[], said = 'said'): MitigationReport {
  return {
    taskId: 'task',
    taskStatus: 'FAILED',
    startTime: 0,
    taskStatistics: {},
    target: { auditTaskId: 'task' },
    auditCheckToActionsMapping: {},
    actionsDefinition: [],
    executions: statuses.map((status) => ({
      taskId: 'task',
      findingId: said,
      actionName: said,
      actionId: 'id',
      status,
      message: said,
      doppelfleet: {
        steps: [{ what: said, status: 'done', at: 0, detail: said, undo: said }],
        hit: [],
      },
    })),
    doppelfleet: { dryRun: false, trail: said, notes: [said] },
  };
}

/** One device has not moved. */
export const ROTATION: RotationReport = {
  status: 'incomplete',
  moved: 1,
  revoked: [],
  kept: [{ certificate: 'a', notMoved: ['a-1'] }],
  liveOnRevoked: 0,
  steps: [],
  message: 'one device has not moved',
};
