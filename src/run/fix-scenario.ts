/**
 * `fix`: runs a scenario, proposes fixes from what was found, applies them on the same seed and looks
 * again, for a bounded number of passes. What to try and when to stop is decided in `fixing/`.
 */
import { join } from 'node:path';
import { EXIT, UserError } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { FIX_IDS, type FixId } from '../core/ids.ts';
import { shellWord } from '../core/shell-word.ts';
import { type FixReport, outcomeOf, type SessionEnd } from '../fixing/fix-result.ts';
import { openFindings } from '../fixing/open-finding.ts';
import { suggestionsFor } from '../fixing/proposal.ts';
import {
  beginSession,
  continueSession,
  type Seen,
  type SessionOptions,
  type SessionState,
  type SessionStep,
} from '../fixing/session.ts';
import { realClock } from '../fleet/real-clock.ts';
import type { Credential } from '../identity/types.ts';
import type { RunReport } from '../report/report.ts';
import { overrideScenario } from '../scenario/change.ts';
import type { FixMetadata } from '../scenario/fixes/fix.ts';
import { parseFixSpecs } from '../scenario/fixes/fix-spec.ts';
import { FIXES } from '../scenario/fixes/registry.ts';
import { type LoadedScenario, loadScenario } from '../scenario/load.ts';
import { prepareFixes } from '../scenario/prepare.ts';
import type { Scenario } from '../scenario/schema.ts';
import { inProcess } from '../shards/in-process.ts';
import { checkCaps, DEFAULT_CAPS } from './caps.ts';
import { checkMachine } from './check-machine.ts';
import { lackingRules } from './harden-broker.ts';
import type { RunObserver, RunOptions } from './ports.ts';
import { createRunFolder } from './run-folder.ts';
import { gatherReport } from './run-scenario.ts';
import { type RunSession, runVariant } from './run-variant.ts';
import {
  checkBrokerAvailable,
  checkTargetAllowed,
  DEFAULT_BROKER,
  openRunStore,
} from './session-setup.ts';
import { checkProtocol, planVariant, type Variant } from './variants.ts';

/** Passes when nobody says how many. */
export const FIX_PASSES = 3;

export interface FixObserver extends RunObserver {
  fixed?(report: FixReport): void;
}

export interface FixOptions
  extends Omit<RunOptions, 'fixes' | 'folder' | 'observer' | 'mitigation'> {
  /** How many fixes are run at most; {@link FIX_PASSES} by default. */
  readonly passes?: number;
  /** Only proposes, after the run as it is. */
  readonly dryRun?: boolean;
  /** Tries strategies too that are only suggested, where a finding says all they need. */
  readonly allowSuggestions?: boolean;
  /** Strategies to try before all others, as `--fix` takes them. */
  readonly with?: readonly string[];
  readonly observer?: FixObserver;
  /** The command line to which `--with <spec>` is added, for what is suggested. */
  readonly followUp?: string;
}

/**
 * Throws a `UserError` before the first packet for everything that `run` refuses, and for a strategy
 * that can't be applied; a fix that the broker lacks the means for is thrown when its pass comes.
 */
export async function fixScenario(
  given: string | LoadedScenario,
  options: FixOptions = {},
): Promise<FixReport> {
  const loaded = typeof given === 'string' ? await loadScenario(given) : given;
  const { broker = DEFAULT_BROKER, observer = {}, clock = realClock, overrides = {} } = options;
  const { timeScale: _timeScale, ...others } = overrides;
  // As people write it: what is proposed is scaled with the scenario when it is run.
  const unscaled = overrideScenario(loaded.scenario, others);
  const sessionOptions = sessionOptionsOf(unscaled, { ...options, broker });
  checkTargetAllowed(loaded.scenario.targets, broker, options);
  const planned = variantFor(loaded, { ...options, broker }, undefined);
  for (const spec of options.with ?? []) variantFor(loaded, { ...options, broker }, spec);
  await checkMachine(planned.plan, broker, options.engine?.(planned.plan) ?? inProcess, options);
  await checkBrokerAvailable(broker, options);
  const store = openRunStore(options, clock, observer);
  const folder = await createRunFolder(options.out ?? 'runs', clock.now(), loaded.scenario.name);
  let credentials: ReadonlyMap<string, Credential> = new Map();
  const session: RunSession = {
    options,
    broker,
    observer,
    clock,
    store,
    folder,
    onCredentials: (all) => {
      credentials = all;
    },
  };
  const runs: RunReport[] = [];
  const run = async (variant: Variant): Promise<Seen> => {
    const report = await runVariant(session, loaded, variant);
    runs.push(report);
    return seenIn(report, variant, credentials);
  };

  let step = beginSession(unscaled, sessionOptions, await run(planned));
  while (!('end' in step) && options.dryRun !== true && options.signal?.aborted !== true) {
    const variant = variantFor(loaded, { ...options, broker }, step.spec);
    const subfolder = `pass-${step.state.passes.length + 1}`;
    step = continueSession(step.state, await run({ ...variant, subfolder }));
  }
  const end = endOf(step, options);
  await gatherReport(session, loaded, runs, `doppelfleet run ${loaded.file}`);
  const report = reportOf(step.state, end, { loaded, session, options, scenario: unscaled });
  await writeFileAtomic(join(folder, 'fix.json'), `${JSON.stringify(report, null, 2)}\n`);
  observer.fixed?.(report);
  return report;
}

function sessionOptionsOf(
  scenario: Scenario,
  options: FixOptions & Pick<RunSession, 'broker'>,
): SessionOptions {
  const asked = parseFixSpecs(options.with ?? [], scenario);
  return {
    passesMax: options.passes ?? FIX_PASSES,
    allowSuggestions: options.allowSuggestions ?? false,
    asked: asked.flatMap(({ parts }) => parts),
    unable: beyondBroker(options),
  };
}

/** Strategies for which the broker has no means, each with what it says of that. */
function beyondBroker({
  broker,
  configuration,
}: FixOptions & Pick<RunSession, 'broker'>): ReadonlyMap<FixId, string> {
  const lacking = lackingRules(broker, configuration);
  return new Map(
    Object.values<FixMetadata>(FIXES).flatMap(({ id, rule }) => {
      const why = rule && lacking.get(rule);
      return why === undefined ? [] : [[id, why] as const];
    }),
  );
}

/** Planned and within what is allowed. Throws a `UserError` (64). */
function variantFor(
  loaded: LoadedScenario,
  options: FixOptions & Pick<RunSession, 'broker'>,
  spec: string | undefined,
): Variant {
  const { overrides, broker, caps } = options;
  const [choice] = spec === undefined ? [] : prepareFixes(loaded, [spec], overrides);
  const planned = planVariant(loaded, broker, options, choice);
  if ('problems' in planned) throw new UserError(EXIT.usage, planned.problems);
  checkCaps(planned.radius, { ...DEFAULT_CAPS, ...caps });
  checkProtocol([planned], broker);
  return planned;
}

function seenIn(
  run: RunReport,
  { plan }: Variant,
  certificates: ReadonlyMap<string, Credential>,
): Seen {
  const unsound = unsoundness(run);
  return {
    open: openFindings({
      plan,
      certificates,
      startedAt: run.startedAt,
      findings: run.audit.findings,
      rotatedOut: new Set(run.rotation?.revoked.map(({ certificateId }) => certificateId)),
    }),
    folder: run.folder,
    ...(unsound === undefined ? {} : { unsound }),
  };
}

/** Without evidence «no finding» says nothing. */
function unsoundness({ failure, outcome, verdict, audit }: RunReport): string | undefined {
  if (outcome !== 'completed') return failure ?? `the run was ${outcome}`;
  const health = verdict.expectations.find(
    ({ kind, outcome: judged }) => (kind === 'generator' || kind === 'broker') && judged !== 'met',
  );
  if (health !== undefined) return health.because;
  const blind = Object.entries(audit.auditDetails).find(
    ([, details]) => details.doppelfleet.status === 'inconclusive',
  );
  if (blind === undefined) return undefined;
  const [check, details] = blind;
  return `${check} is inconclusive: ${details.doppelfleet.missing.join(', ')}`;
}

function endOf(step: SessionStep, { dryRun, signal }: FixOptions): SessionEnd {
  if (signal?.aborted === true) {
    return { ending: 'interrupted', because: 'it was interrupted', next: [] };
  }
  if ('end' in step) return step.end;
  const because = dryRun === true ? 'nothing was applied: a dry run' : 'it was interrupted';
  return { ending: dryRun ? 'dry-run' : 'interrupted', because, next: step.state.trying };
}

function reportOf(
  state: SessionState,
  end: SessionEnd,
  about: {
    readonly loaded: LoadedScenario;
    readonly session: RunSession;
    readonly options: FixOptions;
    readonly scenario: Scenario;
  },
): FixReport {
  const { loaded, session, options, scenario } = about;
  const appeared = state.passes.flatMap((pass) => pass.appeared);
  const all = [...state.first, ...appeared];
  const tried = new Set<FixId>(
    state.passes.flatMap((pass) => pass.tried.map(({ strategy }) => strategy)),
  );
  const broker =
    session.broker.kind === 'external'
      ? `mqtts://${session.broker.host}:${session.broker.port}`
      : session.broker.adapter.id;
  const plain = ['npx doppelfleet fix', ...[loaded.file, '--broker', broker].map(shellWord)];
  const { followUp = plain.join(' '), reproduce = followUp } = options;
  return {
    kind: 'fix',
    ...end,
    scenario: { name: loaded.scenario.name, file: loaded.file, seed: scenario.seed },
    broker,
    folder: session.folder,
    outcome: outcomeOf(end.ending, state.open.length),
    found: state.first,
    passes: state.passes,
    remaining: state.open,
    suggestions: suggestionsFor(all, scenario, [...tried]).map((one) => {
      const unable = state.options.unable.get(one.strategy);
      return {
        ...one,
        command: `${followUp} --with ${shellWord(one.spec)}`,
        ...(unable === undefined ? {} : { unable }),
      };
    }),
    tried: FIX_IDS.filter((id) => tried.has(id)),
    reproduce,
  };
}
