/**
 * The interpreter: plan → start → drive → heal → settle → stop → audit → verdict, for the scenario
 * as it is and then for each fix, on the same seed. Everything it learns goes into one report.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { auditHistory } from '../audit/engine.ts';
import { isLoopback } from '../broker/target.ts';
import { EXIT, UserError } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { plural } from '../core/text.ts';
import type { Clock } from '../core/time.ts';
import { mqttConnector } from '../fleet/mqtt-connector.ts';
import { ensureDevices } from '../identity/ensure-devices.ts';
import { ensureServer } from '../identity/ensure-server.ts';
import type { Store } from '../identity/store.ts';
import { deviceCaPem } from '../identity/store-authority.ts';
import type { Credential } from '../identity/types.ts';
import { renderJson } from '../report/json.ts';
import { renderJunit } from '../report/junit.ts';
import { type BlastRadius, REPORT_VERSION, type Report, type RunReport } from '../report/report.ts';
import { fixOf } from '../scenario/fixes/registry.ts';
import { type LoadedScenario, loadScenario } from '../scenario/load.ts';
import type { FleetPlan } from '../scenario/plan.ts';
import { prepareScenario } from '../scenario/prepare.ts';
import type { Scenario } from '../scenario/schema.ts';
import { mergeOutcomes } from '../verdict/outcome.ts';
import { judge } from '../verdict/verdict.ts';
import { blastRadius } from './blast-radius.ts';
import { configuredStart } from './broker-trust.ts';
import { checkCaps, DEFAULT_CAPS } from './caps.ts';
import { type DriveResult, driveFleet } from './drive.ts';
import { metricsOf } from './metrics.ts';
import { observeBothSides } from './observe.ts';
import { resolvePlanted } from './planted-identities.ts';
import type { BrokerChoice, RunObserver, RunOptions } from './ports.ts';
import { realClock } from './real-clock.ts';
import { createRunFolder, createSubfolder, folderTime } from './run-folder.ts';
import {
  checkBrokerAvailable,
  checkTargetAllowed,
  DEFAULT_BROKER,
  openRunStore,
} from './session-setup.ts';
import { toolVersion } from './tool-version.ts';

/** The scenario as it is, or with one of its fixes. */
interface Variant {
  readonly fix?: string;
  readonly scenario: Scenario;
  readonly plan: FleetPlan;
  readonly radius: BlastRadius;
}

/** What the variants of one call have in common. */
interface Session {
  readonly options: RunOptions;
  readonly broker: BrokerChoice;
  readonly observer: RunObserver;
  readonly clock: Clock;
  readonly store: Store;
  readonly folder: string;
}

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
  await checkBrokerAvailable(broker);

  const clock = options.clock ?? realClock;
  const store = openRunStore(options, clock, observer);
  const folder =
    options.folder ??
    (await createRunFolder(options.out ?? 'runs', clock.now(), loaded.scenario.name));
  const session: Session = { options, broker, observer, clock, store, folder };

  const runs: RunReport[] = [];
  for (const variant of variants) {
    runs.push(await runVariant(session, loaded, variant));
    if (runs.at(-1)?.outcome !== 'completed') break;
  }
  const report: Report = {
    reportVersion: REPORT_VERSION,
    toolVersion: toolVersion(),
    nodeVersion: process.version,
    scenario: {
      name: loaded.scenario.name,
      purpose: loaded.scenario.purpose,
      file: loaded.file,
      digest: loaded.digest,
      seed: variants[0]?.plan.seed ?? loaded.scenario.seed,
    },
    folder,
    reproduce: options.reproduce ?? `doppelfleet run ${loaded.file}`,
    runs,
    outcome: mergeOutcomes(runs.map((run) => run.verdict.outcome)),
  };
  await writeFileAtomic(join(folder, 'report.json'), renderJson(report));
  await writeFileAtomic(join(folder, 'junit.xml'), renderJunit([report]));
  observer.finished?.(report);
  return report;
}

/** The blast radius of a scenario and its fixes, without touching anything. */
function planVariants(
  loaded: LoadedScenario,
  broker: BrokerChoice,
  options: Pick<RunOptions, 'fixes' | 'overrides'>,
): readonly Variant[] {
  const { fixes = [], overrides = {} } = options;
  const names = fixes === 'all' ? Object.keys(loaded.scenario.fixes) : fixes;
  return [undefined, ...names].map((fix) => {
    const { scenario, plan } = prepareScenario(loaded, {
      overrides,
      ...(fix === undefined ? {} : { fix }),
    });
    const external = broker.kind === 'external';
    const target = external
      ? `mqtts://${broker.host}:${broker.port}`
      : `${broker.adapter.id} broker`;
    const radius = blastRadius(plan, target, !external || isLoopback(broker.host));
    return { ...(fix === undefined ? {} : { fix }), scenario, plan, radius };
  });
}

async function runVariant(
  session: Session,
  loaded: LoadedScenario,
  variant: Variant,
): Promise<RunReport> {
  const { observer, clock, folder: parent } = session;
  const { plan, radius, fix } = variant;
  const folder = fix === undefined ? parent : await createSubfolder(parent, `fix-${fix}`);
  observer.planned?.(radius, {
    scenario: loaded.scenario.name,
    purpose: loaded.scenario.purpose,
    ...(fix === undefined ? {} : { fix }),
  });
  await writeFileAtomic(join(folder, 'scenario.json'), json(variant.scenario));
  await writeFileAtomic(join(folder, 'plan.json'), json(plan));
  const runId = `${folderTime(clock.now())}-${randomUUID().slice(0, 8)}`;
  const { drive, credentials } = await driveVariant(session, variant, folder, runId);

  const audit = await auditHistory([drive.history], {
    checks: variant.scenario.audit.checks,
    window: variant.scenario.audit.window,
  });
  await writeFileAtomic(join(folder, 'findings.json'), json(audit));
  const { statistics } = drive;
  const metrics = metricsOf(statistics, audit.statistics, plan.durationMs);
  const failure =
    drive.failure ?? (drive.outcome === 'interrupted' ? 'the run was interrupted' : undefined);
  const verdict = judge({
    expect: fix === undefined ? loaded.scenario.expect : expectationsAfter(loaded.scenario, fix),
    planted: resolvePlanted(plan, credentials),
    undecided: resolvePlanted(plan, credentials, plan.undecided),
    audit,
    metrics,
    neverConnected: statistics.devices.neverConnected,
    certificateIds: new Map([...credentials].map(([name, one]) => [name, one.certificateId])),
    latenessP99MsMax: plan.limits.latenessP99MsMax,
    quiet: plan.settleMs > 0 ? statistics.settle.quiet : undefined,
    ...(failure === undefined ? {} : { failure }),
  });
  const run: RunReport = {
    ...(fix === undefined ? {} : { fix: describeFix(loaded.scenario, fix) }),
    runId,
    folder,
    history: drive.history,
    startedAt: drive.startedAt,
    endedAt: drive.endedAt,
    outcome: drive.outcome,
    ...(failure === undefined ? {} : { failure }),
    broker: {
      id: session.broker.adapter.id,
      version: drive.brokerVersion,
      endpoint: drive.endpoint,
    },
    blastRadius: radius,
    statistics,
    metrics,
    audit,
    ...(await observeBothSides(drive.history)),
    verdict,
    notes: [...audit.notes, ...evidenceNotes(drive)],
  };
  observer.audited?.(run);
  return run;
}

/** Issues what the plan needs, then drives the fleet. */
async function driveVariant(session: Session, variant: Variant, folder: string, runId: string) {
  const { store, broker, observer, clock, options } = session;
  const { plan } = variant;
  const signal = options.signal ?? new AbortController().signal;
  const credentials = await ensureDevices(store, plan.certificates, {
    onProgress: (progress) => observer.issuing?.(progress),
    remainingMsMin: plan.durationMs + plan.settleMs + 3_600_000,
    signal,
  });
  const server = await ensureServer(store);
  const deviceCa = await deviceCaPem(store);
  if (deviceCa === undefined && broker.kind === 'local') {
    throw new UserError(EXIT.usage, {
      message: 'the store does not know which authority its imported certificates chain to',
      hint: 'import them again with --ca <pem>, so that a local broker can trust them',
    });
  }
  const drive = await driveFleet({
    plan,
    runId,
    folder,
    toolVersion: toolVersion(),
    adapter: broker.adapter,
    server: { ...server.credential, caPem: server.caPem },
    deviceCaPem: deviceCa ?? '',
    configured: await configuredStart(store, clock, options),
    workFolder: await createSubfolder(folder, 'broker'),
    credentials,
    connector: await mqttConnector(clock),
    clock,
    observer,
    signal,
    killSignal: options.killSignal ?? new AbortController().signal,
  });
  return { drive, credentials: credentials as ReadonlyMap<string, Credential> };
}

function checkProtocol(variants: readonly Variant[], { adapter }: BrokerChoice): void {
  const spoken = adapter.capabilities.protocolVersions;
  const wanted = variants.flatMap(({ plan }) =>
    plan.groups.map((group) => group.mqtt.protocolVersion),
  );
  const missing = wanted.find((version) => !spoken.includes(version));
  if (missing === undefined) return;
  throw new UserError(EXIT.usage, {
    message: `${adapter.id} does not speak MQTT ${missing === 5 ? '5' : '3.1.1'}`,
    hint: 'choose another version with --mqtt-version',
  });
}

/** Without expectations of its own a fix must leave what the changed plan plants, and no more. */
function expectationsAfter(scenario: Scenario, fix: string): Scenario['expect']['after'][string] {
  const { after } = scenario.expect;
  const stated = Object.hasOwn(after, fix) ? after[fix] : undefined;
  return stated ?? { findings: 'planted', thresholds: [] };
}

function describeFix(scenario: Scenario, name: string): NonNullable<RunReport['fix']> {
  const params = Object.hasOwn(scenario.fixes, name) ? scenario.fixes[name] : undefined;
  if (params === undefined) return { name, title: name, costs: [] };
  const { title, costs } = fixOf(params);
  return { name, title, costs };
}

function evidenceNotes({ unreadEvidence, statistics }: DriveResult): readonly string[] {
  const notes: string[] = [];
  if (unreadEvidence.lines > 0) {
    notes.push(
      `${unreadEvidence.lines} lines of the broker's log were not understood, such as: ${unreadEvidence.examples[0] ?? ''}`,
    );
  }
  const [failure] = statistics.failures;
  if (failure !== undefined) {
    notes.push(
      `${plural(statistics.connects.failed, 'connect')} failed, most often with ${failure.raw}`,
    );
  }
  return notes;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
