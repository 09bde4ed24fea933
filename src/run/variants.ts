/** The variants of a run: the scenario as it is, and then with each fix; planned, nothing touched. */
import { isLoopback } from '../broker/target.ts';
import { EXIT, UserError } from '../core/errors.ts';
import type { BlastRadius } from '../report/report.ts';
import type { LoadedScenario } from '../scenario/load.ts';
import type { FleetPlan } from '../scenario/plan.ts';
import { prepareScenario } from '../scenario/prepare.ts';
import type { Scenario } from '../scenario/schema.ts';
import { blastRadius } from './blast-radius.ts';
import type { BrokerChoice, RunOptions } from './ports.ts';

/** The scenario as it is, or with one of its fixes. */
export interface Variant {
  readonly fix?: string;
  readonly scenario: Scenario;
  readonly plan: FleetPlan;
  readonly radius: BlastRadius;
}

/** The blast radius of a scenario and its fixes, without touching anything. */
export function planVariants(
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
