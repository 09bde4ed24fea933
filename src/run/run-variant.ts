/**
 * The interpreter of one variant: plan → start → drive → heal → settle → stop → audit → verdict.
 * Everything it learns goes into its part of the report.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { auditHistory } from '../audit/engine.ts';
import { EXIT, UserError } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { plural } from '../core/text.ts';
import type { Clock } from '../core/time.ts';
import { ensureDevices } from '../identity/ensure-devices.ts';
import { ensureServer } from '../identity/ensure-server.ts';
import type { Store } from '../identity/store.ts';
import { deviceCaPem } from '../identity/store-authority.ts';
import type { Credential } from '../identity/types.ts';
import type { RunReport } from '../report/report.ts';
import type { LoadedScenario } from '../scenario/load.ts';
import type { FleetPlan } from '../scenario/plan.ts';
import type { Scenario } from '../scenario/schema.ts';
import { inProcess } from '../shards/in-process.ts';
import { judge } from '../verdict/verdict.ts';
import { configuredStart } from './broker-trust.ts';
import { driveFleet } from './drive.ts';
import type { DriveResult } from './drive-job.ts';
import { EffectsOfRuns } from './effects.ts';
import { limitsPassed } from './generator-limits.ts';
import { interventionsFor, lockedOutBy, lockedOutNotes } from './interventions.ts';
import { metricsOf } from './metrics.ts';
import { observeBothSides } from './observe.ts';
import { mustBeRefused, resolvePlanted } from './planted-identities.ts';
import type { BrokerChoice, RunObserver, RunOptions } from './ports.ts';
import { createSubfolder, folderTime } from './run-folder.ts';
import { toolVersion } from './tool-version.ts';
import type { Variant } from './variants.ts';

/** What the variants of one call have in common. */
export interface RunSession {
  readonly options: RunOptions;
  readonly broker: BrokerChoice;
  readonly observer: RunObserver;
  readonly clock: Clock;
  readonly store: Store;
  readonly folder: string;
  /** So that the effects of the variants can be compared. */
  readonly effects?: EffectsOfRuns;
  /** Hears the credentials of each variant by the names of the plan's certificates. */
  readonly onCredentials?: (credentials: ReadonlyMap<string, Credential>) => void;
}

/** Runs it in a folder of its own: that of the run, or one inside it for a fix. */
export async function runVariant(
  session: RunSession,
  loaded: LoadedScenario,
  variant: Variant,
): Promise<RunReport> {
  const { observer, clock, folder: parent } = session;
  const { plan, radius, fix, subfolder } = variant;
  const folder = subfolder === undefined ? parent : await createSubfolder(parent, subfolder);
  await observer.planned?.(radius, {
    scenario: loaded.scenario.name,
    purpose: loaded.scenario.purpose,
    ...(fix === undefined ? {} : { fix }),
  });
  await writeFileAtomic(join(folder, 'scenario.json'), json(variant.scenario));
  await writeFileAtomic(join(folder, 'plan.json'), json(plan));
  const runId = `${folderTime(clock.now())}-${randomUUID().slice(0, 8)}`;
  const { drive, credentials, interventionResults } = await driveVariant(
    session,
    variant,
    folder,
    runId,
  );

  const audit = await auditHistory([drive.history], {
    checks: variant.scenario.audit.checks,
    window: variant.scenario.audit.window,
  });
  await writeFileAtomic(join(folder, 'findings.json'), json(audit));
  const { statistics } = drive;
  const lockedOut = lockedOutBy(interventionResults);
  const effects = await (session.effects ?? new EffectsOfRuns([plan])).measure(folder, {
    plan,
    statistics,
    audit,
    startedAt: drive.startedAt,
    faultsEndedAt: drive.faultsEndedAt,
    ...(drive.brokerCpuMs === undefined ? {} : { brokerCpuMs: drive.brokerCpuMs }),
  });
  const metrics = metricsOf(statistics, audit.statistics, plan.durationMs, effects);
  const failure =
    drive.failure ?? (drive.outcome === 'interrupted' ? 'the run was interrupted' : undefined);
  const verdict = judge({
    expect: fix === undefined ? loaded.scenario.expect : expectationsAfter(loaded.scenario, fix),
    planted: resolvePlanted(plan, credentials),
    undecided: resolvePlanted(plan, credentials, plan.undecided),
    audit,
    metrics,
    neverConnected: statistics.devices.neverConnected,
    mustBeRefused: mustBeRefused(plan),
    certificateIds: new Map([...credentials].map(([name, one]) => [name, one.certificateId])),
    latenessP99MsMax: plan.limits.latenessP99MsMax,
    limitsPassed: limitsPassed(statistics.workers ?? [], plan.limits.health, drive.lost),
    quiet: plan.settleMs > 0 && lockedOut === 0 ? statistics.settle.quiet : undefined,
    ...(failure === undefined ? {} : { failure }),
  });
  const run: RunReport = {
    ...describeFix(plan),
    runId,
    folder,
    history: drive.history,
    startedAt: drive.startedAt,
    faultsEndedAt: drive.faultsEndedAt,
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
    effects,
    verdict,
    ...interventionResults,
    notes: [...audit.notes, ...evidenceNotes(drive), ...lockedOutNotes(lockedOut)],
  };
  await observer.audited?.(run);
  return run;
}

/** Issues what the plan needs, then drives the fleet. */
async function driveVariant(session: RunSession, variant: Variant, folder: string, runId: string) {
  const { store, broker, observer, clock, options } = session;
  const { plan } = variant;
  const signal = options.signal ?? new AbortController().signal;
  const credentials = await ensureDevices(store, plan.certificates, {
    onProgress: (progress) => observer.issuing?.(progress),
    remainingMsMin: plan.durationMs + plan.settleMs + 3_600_000,
    signal,
  });
  session.onCredentials?.(credentials);
  const server = await ensureServer(store);
  const deviceCa = await deviceCaPem(store);
  if (deviceCa === undefined && broker.kind === 'local') {
    throw new UserError(EXIT.usage, {
      message: 'the store does not know which authority its imported certificates chain to',
      hint: 'import them again with --ca <pem>, so that a local broker can trust them',
    });
  }
  const interventions = await interventionsFor({
    brokerId: broker.adapter.id,
    store,
    plan,
    scenario: variant.scenario,
    configuration: variant.configuration,
    folder,
    order: options.mitigation,
  });
  const configured = await configuredStart(store, clock, {
    configuration: interventions.configuration,
    trust: options.trust,
    revoked: revokedBy(plan, credentials),
  });
  const drive = await driveFleet({
    plan,
    runId,
    folder,
    toolVersion: toolVersion(),
    adapter: broker.adapter,
    server: { ...server.credential, caPem: server.caPem },
    deviceCaPem: deviceCa ?? '',
    configured,
    workFolder: await createSubfolder(folder, 'broker'),
    credentials: interventions.credentials(credentials),
    ...interventions.driving(configured),
    engine: options.engine?.(plan) ?? inProcess,
    sourceAddresses: options.sourceAddresses ?? [],
    furtherEndpoints: options.furtherEndpoints ?? [],
    clock,
    observer,
    signal,
    ...healSignalOf(options),
    killSignal: options.killSignal ?? new AbortController().signal,
  });
  const interventionResults = interventions.results();
  return {
    drive,
    credentials: credentials as ReadonlyMap<string, Credential>,
    interventionResults,
  };
}

/** Each drive has its own, if they are made as they are needed. */
function healSignalOf({ healSignal }: RunOptions): { readonly healSignal?: AbortSignal } {
  if (healSignal === undefined) return {};
  return { healSignal: typeof healSignal === 'function' ? healSignal() : healSignal };
}

/** Credentials that stand on the revocation list from the start. */
function revokedBy(
  plan: FleetPlan,
  credentials: ReadonlyMap<string, Credential>,
): readonly Credential[] {
  return plan.revoked.flatMap((name) => credentials.get(name) ?? []);
}

/** Without expectations of its own a fix must leave what the changed plan plants, and no more. */
function expectationsAfter(scenario: Scenario, fix: string): Scenario['expect']['after'][string] {
  const { after } = scenario.expect;
  const stated = Object.hasOwn(after, fix) ? after[fix] : undefined;
  return stated ?? { findings: 'planted', thresholds: [] };
}

function describeFix({ fix: name, fixParts: parts = [] }: FleetPlan): Pick<RunReport, 'fix'> {
  if (name === undefined) return {};
  const title = parts.map((part) => part.title).join('; ');
  return { fix: { name, title, costs: [...new Set(parts.flatMap(({ costs }) => costs))], parts } };
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
