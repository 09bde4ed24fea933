/** The variants of a run: the scenario as it is, and then with each fix; planned, nothing touched. */
import type { BrokerConfiguration } from '../broker/configuration.ts';
import { isLoopback } from '../broker/target.ts';
import { EXIT, type Problem, UserError } from '../core/errors.ts';
import type { BlastRadius } from '../report/report.ts';
import type { FixChoice } from '../scenario/fixes/fix-spec.ts';
import type { LoadedScenario } from '../scenario/load.ts';
import type { FleetPlan } from '../scenario/plan.ts';
import { fixedScenario, planPrepared, prepareFixes } from '../scenario/prepare.ts';
import type { Scenario } from '../scenario/schema.ts';
import { blastRadius } from './blast-radius.ts';
import { hardenFor } from './harden-broker.ts';
import type { BrokerChoice, RunOptions } from './ports.ts';

/** The scenario as it is, or with a fix. */
export interface Variant {
  /** The fix as it was asked for. */
  readonly fix?: string;
  /** Folder of a fix inside that of the run; no two of one run have the same. */
  readonly subfolder?: string;
  readonly scenario: Scenario;
  readonly plan: FleetPlan;
  readonly radius: BlastRadius;
  /** What a local broker runs with; absent for its adapter's own. */
  readonly configuration?: BrokerConfiguration;
}

type VariantOptions = Pick<RunOptions, 'fixes' | 'overrides' | 'configuration'>;

/**
 * The blast radius of a scenario and its fixes, without touching anything. Throws a `UserError` (64)
 * with every fix that does not exist, can't apply, or asks of the broker what it can't.
 */
export function planVariants(
  loaded: LoadedScenario,
  broker: BrokerChoice,
  options: VariantOptions,
): readonly Variant[] {
  const { fixes = [], overrides } = options;
  const specs = fixes === 'all' ? Object.keys(loaded.scenario.fixes) : fixes;
  const choices = [undefined, ...prepareFixes(loaded, specs, overrides)];
  const subfolders = subfoldersFor(choices.flatMap((choice) => choice?.name ?? []));
  const problems: Problem[] = [];
  const variants = choices.map((choice) => {
    const planned = planVariant(loaded, broker, options, choice);
    if ('problems' in planned) {
      problems.push(...planned.problems);
      return undefined;
    }
    const subfolder = choice && subfolders.get(choice.name);
    return subfolder === undefined ? planned : { ...planned, subfolder };
  });
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  return variants.filter((variant) => variant !== undefined);
}

/** One variant, or what the broker lacks for it. Throws a `UserError` for a fix that can't apply. */
export function planVariant(
  loaded: LoadedScenario,
  broker: BrokerChoice,
  { overrides, configuration: given }: VariantOptions,
  choice: FixChoice | undefined,
): Variant | { readonly problems: readonly Problem[] } {
  const fixed = fixedScenario(loaded, choice, overrides);
  const hardened = hardenFor(fixed, broker, given);
  if ('problems' in hardened) {
    const about = choice === undefined ? loaded.scenario.name : `--fix ${choice.name}`;
    return {
      problems: hardened.problems.map((one) => ({ ...one, message: `${about}: ${one.message}` })),
    };
  }
  const { configuration, clientIdBinding } = hardened;
  const { scenario, plan } = planPrepared(fixed, choice, clientIdBinding);
  const external = broker.kind === 'external';
  const target = external ? `mqtts://${broker.host}:${broker.port}` : `${broker.adapter.id} broker`;
  return {
    ...(choice === undefined ? {} : { fix: choice.name }),
    scenario,
    plan,
    radius: blastRadius(plan, target, !external || isLoopback(broker.host)),
    ...(configuration === undefined ? {} : { configuration }),
  };
}

/** Throws a `UserError` (64) if a group speaks a version of MQTT that the broker does not. */
export function checkProtocol(variants: readonly Variant[], { adapter }: BrokerChoice): void {
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

const FOLDER_LENGTH_MAX = 80;

/** A fix as it is written holds colons and commas, which not every file system does. */
function subfoldersFor(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Map<string, string>();
  for (const name of names) {
    const safe = name.replace(/[^a-z0-9]+/gi, '-').replace(/^-+|-+$/g, '');
    const base = `fix-${safe.slice(0, FOLDER_LENGTH_MAX)}`;
    const used = new Set(taken.values());
    let folder = base;
    for (let n = 2; used.has(folder); n++) folder = `${base}-${n}`;
    taken.set(name, folder);
  }
  return taken;
}
