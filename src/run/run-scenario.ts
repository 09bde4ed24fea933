/**
 * Runs a scenario as it is and then with each fix, on the same seed, and gathers one report.
 */
import { join } from 'node:path';
import { formatProblem, UserError } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { realClock } from '../fleet/real-clock.ts';
import { renderJson } from '../report/json.ts';
import { renderJunit } from '../report/junit.ts';
import { REPORT_VERSION, type Report, type RunReport } from '../report/report.ts';
import { type LoadedScenario, loadScenario } from '../scenario/load.ts';
import { inProcess } from '../shards/in-process.ts';
import { mergeOutcomes } from '../verdict/outcome.ts';
import { checkCaps, DEFAULT_CAPS } from './caps.ts';
import { checkMachine } from './check-machine.ts';
import { EffectsOfRuns } from './effects.ts';
import type { RunObserver, RunOptions } from './ports.ts';
import { writeReportPage } from './report-page.ts';
import { createRunFolder } from './run-folder.ts';
import { type RunSession, runVariant } from './run-variant.ts';
import {
  checkBrokerAvailable,
  checkTargetAllowed,
  DEFAULT_BROKER,
  openRunStore,
} from './session-setup.ts';
import { SessionTheftTrials } from './session-theft.ts';
import { toolVersion } from './tool-version.ts';
import { checkProtocol, planVariants } from './variants.ts';

/**
 * Runs a scenario (by name, file or loaded) and judges it. Throws a `UserError` before the first
 * packet if the target is not allowed, a cap is exceeded or the broker is missing; afterwards what
 * goes wrong is part of the report.
 */
export async function runScenario(
  scenario: string | LoadedScenario,
  options: RunOptions = {},
): Promise<Report> {
  const loaded = typeof scenario === 'string' ? await loadScenario(scenario) : scenario;
  const { broker = DEFAULT_BROKER, observer = {} } = options;
  const variants = planVariants(loaded, broker, options);
  checkTargetAllowed(loaded.scenario.targets, broker, options);
  for (const variant of variants) checkCaps(variant.radius, { ...DEFAULT_CAPS, ...options.caps });
  checkProtocol(variants, broker);
  for (const { plan } of variants) {
    await checkMachine(plan, broker, options.engine?.(plan) ?? inProcess, options);
  }
  await checkBrokerAvailable(broker, options);

  const clock = options.clock ?? realClock;
  const store = openRunStore(options, clock, observer);
  const folder =
    options.folder ??
    (await createRunFolder(options.out ?? 'runs', clock.now(), loaded.scenario.name));
  const effects = new EffectsOfRuns(variants.map(({ plan }) => plan));
  const session: RunSession = { options, broker, observer, clock, store, folder, effects };

  const theft = options.trySessionTheft ? new SessionTheftTrials(session) : undefined;
  const runs: RunReport[] = [];
  for (const variant of variants) {
    const run = await runVariant(session, loaded, variant);
    runs.push(theft === undefined ? run : await theft.addedTo(run, variant.configuration));
    if (runs.at(-1)?.outcome !== 'completed') break;
  }
  const report = await gatherReport(session, loaded, runs, `doppelfleet run ${loaded.file}`);
  observer.finished?.(report);
  return report;
}

/** One report over the runs of a session, written into its folder. */
export async function gatherReport(
  { options, folder, observer }: RunSession,
  loaded: LoadedScenario,
  runs: readonly RunReport[],
  reproduce: string,
): Promise<Report> {
  const report: Report = {
    reportVersion: REPORT_VERSION,
    toolVersion: toolVersion(),
    nodeVersion: process.version,
    scenario: {
      name: loaded.scenario.name,
      purpose: loaded.scenario.purpose,
      file: loaded.file,
      digest: loaded.digest,
      seed: options.overrides?.seed ?? loaded.scenario.seed,
    },
    folder,
    reproduce: options.reproduce ?? reproduce,
    runs,
    outcome: mergeOutcomes(runs.map((run) => run.verdict.outcome)),
  };
  await writeFileAtomic(join(folder, 'report.json'), renderJson(report));
  await writeFileAtomic(join(folder, 'junit.xml'), renderJunit([report]));
  if (options.page !== false) await writePage(report, observer);
  return report;
}

/** The run and its verdict are worth keeping without their page. */
async function writePage(report: Report, observer: RunObserver): Promise<void> {
  try {
    await writeReportPage(report);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    for (const problem of error.problems) observer.warning?.(formatProblem(problem));
  }
}
