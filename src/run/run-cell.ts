/**
 * One cell of a matrix: a scenario on one configuration in one MQTT version. Whatever is wrong with
 * the broker or its configuration becomes the cell's reason; only bugs of ours are thrown.
 */
import type { BrokerAdapter } from '../broker/adapter.ts';
import type { BrokerConfiguration } from '../broker/configuration.ts';
import { formatProblem, type Problem, UserError } from '../core/errors.ts';
import type { Clock } from '../core/time.ts';
import type { CellKey, CellResult } from '../matrix/cell.ts';
import { fleetOutcome, noOutcome, scriptOutcome, wasLate } from '../matrix/cell-outcome.ts';
import type { MatrixScenario } from '../matrix/scenario-reference.ts';
import type { LoadedScenario } from '../scenario/load.ts';
import type { LoadedScript } from '../script/load.ts';
import type { BrokerTrust } from './broker-trust.ts';
import { createSubfolder } from './run-folder.ts';
import { runScenario } from './run-scenario.ts';
import { runScript } from './run-script.ts';

export interface CellJob {
  readonly key: CellKey;
  readonly scenario: MatrixScenario;
  readonly adapter: BrokerAdapter;
  readonly configuration: BrokerConfiguration;
  /** Where its evidence goes, and the same relative to the matrix' folder. */
  readonly folder: string;
  readonly relativeFolder: string;
  /** Added to client IDs where cells share a broker. */
  readonly clientIdSuffix?: string;
  readonly reproduce: string;
}

export interface CellContext {
  readonly certs: string;
  readonly authority: string;
  readonly clock: Clock;
  /** The same for all cells, so that they can share a broker. */
  readonly trust: BrokerTrust;
  readonly signal: AbortSignal;
  readonly killSignal: AbortSignal;
  readonly onWarning: (message: string) => void;
}

export interface CellRun {
  readonly result: CellResult;
  /** Inconclusive because we were too slow: worth another try, alone. */
  readonly late: boolean;
}

type Told = Pick<CellResult, 'outcome' | 'because' | 'expectations' | 'brokerVersion'> & {
  readonly late: boolean;
};

/** Runs a cell; undefined if it was interrupted, since then it tells nothing. */
export async function runCell(job: CellJob, context: CellContext): Promise<CellRun | undefined> {
  const { signal, killSignal, clock } = context;
  if (signal.aborted || killSignal.aborted) return undefined;
  const startedAt = clock.now();
  const told = await attempt(job, context).catch((error: unknown) => {
    // What is broken off says so by throwing the signal's reason.
    if (signal.aborted || killSignal.aborted) return undefined;
    throw error;
  });
  if (told === undefined || signal.aborted || killSignal.aborted) return undefined;
  const { key, relativeFolder, reproduce } = job;
  const { late, ...outcome } = told;
  const durationMs = Math.round(clock.now() - startedAt);
  return { result: { ...key, ...outcome, folder: relativeFolder, durationMs, reproduce }, late };
}

async function attempt(job: CellJob, context: CellContext): Promise<Told> {
  try {
    await createSubfolder(job.folder, '');
    const { scenario } = job;
    return scenario.kind === 'fleet'
      ? await runFleet(job, scenario.fleet, context)
      : await runSteps(job, scenario.script, context);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return {
      ...noOutcome(error.problems.map((one) => sentence(one, job)).join('; ')),
      late: false,
    };
  }
}

/** The cell's folder is told with it; its name in the sentence would make every cell's another. */
function sentence({ hint, ...problem }: Problem, { folder }: CellJob): string {
  const told = hint === undefined || hint.includes(folder) ? {} : { hint };
  return formatProblem({ ...problem, ...told });
}

async function runFleet(
  job: CellJob,
  scenario: LoadedScenario,
  context: CellContext,
): Promise<Told> {
  const report = await runScenario(scenario, {
    ...commonOptions(job, context),
    overrides: { mqttVersion: job.key.mqttVersion },
    page: false,
  });
  const [run] = report.runs;
  if (run === undefined) return { ...noOutcome('nothing was run'), late: false };
  return {
    ...fleetOutcome(run.verdict),
    brokerVersion: run.broker.version,
    late: wasLate(run.verdict),
  };
}

async function runSteps(job: CellJob, script: LoadedScript, context: CellContext): Promise<Told> {
  const { clientIdSuffix } = job;
  const { result, broker } = await runScript(script, {
    ...commonOptions(job, context),
    mqttVersion: job.key.mqttVersion,
    ...(clientIdSuffix === undefined ? {} : { clientIdSuffix }),
  });
  return { ...scriptOutcome(result), brokerVersion: broker.version, late: false };
}

function commonOptions(job: CellJob, context: CellContext) {
  const { adapter, configuration, folder, reproduce } = job;
  const { certs, authority, clock, trust, signal, killSignal, onWarning: warning } = context;
  return {
    broker: { kind: 'local', adapter },
    configuration,
    trust,
    folder,
    certs,
    authority,
    clock,
    signal,
    killSignal,
    observer: { warning },
    reproduce,
  } as const;
}
