/**
 * Changes of a scenario before it is planned: overrides from the command line and fixes. Pure; each
 * gives a new scenario and leaves the seed and everything it does not name as they were.
 */

import { scaledReconnect } from '../behaviour/reconnect.ts';
import { behaviourOf } from '../behaviour/registry.ts';
import type { BrokerRule } from '../core/broker-rule.ts';
import { EXIT, type Problem, UserError } from '../core/errors.ts';
import type { MqttVersion } from '../core/ids.ts';
import { GROUP_DEVICES_MAX, KEEP_ALIVE_SECONDS_MAX, TIME_SCALE_MAX } from '../core/limits.ts';
import { nearest, printable } from '../core/text.ts';
import { applyParts } from './fixes/apply.ts';
import { type FixChoice, parseFixSpecs } from './fixes/fix-spec.ts';
import { fixOf } from './fixes/registry.ts';
import type { Arrival, Group } from './group-schema.ts';
import { meaningProblems } from './meaning.ts';
import type { Scenario } from './schema.ts';

export interface ScenarioOverrides {
  readonly seed?: number;
  /** Group name → number of devices. */
  readonly devices?: Readonly<Record<string, number>>;
  /**
   * Multiplies every time of the scenario, keep-alive and fixes included, and divides its rates.
   * What is asked of the generator (`connectTimeout`, `latenessP99`) and thresholds stay.
   */
  readonly timeScale?: number;
  readonly mqttVersion?: MqttVersion;
}

/** The scenario with the overrides applied; throws a {@link UserError} if it no longer makes sense. */
export function overrideScenario(scenario: Scenario, overrides: ScenarioOverrides): Scenario {
  const problems = valueProblems(overrides);
  const fleet: Record<string, Group> = { ...scenario.fleet };
  for (const [name, devices] of Object.entries(overrides.devices ?? {})) {
    const group = Object.hasOwn(fleet, name) ? fleet[name] : undefined;
    if (group) fleet[name] = { ...group, devices };
    else problems.push(unknownName('group', name, Object.keys(scenario.fleet)));
  }
  if (problems.length > 0) throw new UserError(EXIT.usage, problems);
  const { mqttVersion } = overrides;
  const changed: Scenario = {
    ...scenario,
    seed: overrides.seed ?? scenario.seed,
    fleet: mqttVersion ? mapGroups(fleet, (group) => withVersion(group, mqttVersion)) : fleet,
    mqtt: mqttVersion ? { ...scenario.mqtt, version: mqttVersion } : scenario.mqtt,
  };
  const scaled = scaleTime(changed, overrides.timeScale ?? 1);
  const meaning = meaningProblems(scaled);
  if (meaning.length === 0) return scaled;
  throw new UserError(
    EXIT.usage,
    meaning.map(({ path, ...rest }) => ({ ...rest, path: path.join('.') })),
  );
}

/**
 * The scenario with a fix applied, which is named as on the command line; throws a {@link UserError}
 * if there is none such, or if it can't apply.
 */
export function applyFix(scenario: Scenario, spec: string): Scenario {
  const [choice] = parseFixSpecs([spec], scenario);
  return choice === undefined ? scenario : applyChoice(scenario, choice);
}

/** The scenario with the fix; throws a {@link UserError} (64) with what stands against it. */
export function applyChoice(scenario: Scenario, { name, parts }: FixChoice): Scenario {
  const applied = applyParts(scenario, parts);
  if ('scenario' in applied) return applied.scenario;
  throw new UserError(
    EXIT.usage,
    applied.problems.map(({ message, hint }) => ({
      message: `--fix ${printable(name, 120)}: ${message}`,
      hint,
    })),
  );
}

/** Numbers that no scenario file could have said either. */
function valueProblems({ seed, devices = {}, timeScale = 1 }: ScenarioOverrides): Problem[] {
  const problems: Problem[] = [];
  if (!(timeScale > 0 && timeScale <= TIME_SCALE_MAX)) {
    problems.push({
      message: `the time scale ${timeScale} is not a factor`,
      hint: `give a number above 0 and at most ${TIME_SCALE_MAX}`,
    });
  }
  if (seed !== undefined && !isWhole(seed, 0, 0xffff_ffff)) {
    problems.push({
      message: `the seed ${seed} is not a whole number of 32 bits`,
      hint: 'give a whole number from 0 to 4294967295',
    });
  }
  for (const [name, count] of Object.entries(devices)) {
    if (isWhole(count, 1, GROUP_DEVICES_MAX)) continue;
    problems.push({
      message: `${count} is no number of devices for the group "${printable(name, 60)}"`,
      hint: `give a whole number from 1 to ${GROUP_DEVICES_MAX}`,
    });
  }
  return problems;
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

function scaleTime(scenario: Scenario, factor: number): Scenario {
  if (factor === 1) return scenario;
  const { connectsPerClientId, ...limits } = scenario.limits;
  return {
    ...scenario,
    duration: scenario.duration * factor,
    settle: scenario.settle * factor,
    arrival: scaledArrival(scenario.arrival, factor),
    mqtt: scaledMqtt(scenario.mqtt, factor),
    ...(scenario.broker === undefined
      ? {}
      : { broker: { rules: scenario.broker.rules.map((rule) => scaledRule(rule, factor)) } }),
    fixes: Object.fromEntries(
      Object.entries(scenario.fixes).map(([name, parts]) => [
        name,
        parts.map((params) => fixOf(params).scaled?.(params, factor) ?? params),
      ]),
    ),
    limits:
      connectsPerClientId === undefined
        ? limits
        : { ...limits, connectsPerClientId: connectsPerClientId / factor },
    fleet: mapGroups(scenario.fleet, (group) => ({
      ...group,
      behaviour: behaviourOf(group.behaviour).scaled(group.behaviour, factor),
      reconnect: scaledReconnect(group.reconnect, factor),
      ...(group.mqtt ? { mqtt: scaledMqtt(group.mqtt, factor) } : {}),
      ...(group.arrival ? { arrival: scaledArrival(group.arrival, factor) } : {}),
      ...(group.publish
        ? { publish: { ...group.publish, every: group.publish.every * factor } }
        : {}),
    })),
  };
}

function scaledRule(rule: BrokerRule, factor: number): BrokerRule {
  if (rule.rule !== 'flapping-ban') return rule;
  return { ...rule, windowMs: rule.windowMs * factor, banMs: rule.banMs * factor };
}

function scaledArrival(arrival: Arrival, factor: number): Arrival {
  const { start, rate, storm, staggered } = arrival;
  if (rate !== undefined) return { start: start * factor, rate: rate / factor };
  if (storm !== undefined) return { start: start * factor, storm: storm * factor };
  return { start: start * factor, staggered: (staggered ?? 0) * factor };
}

/** Keep-alive goes over the wire as whole seconds; 0 switches it off and stays. */
function scaledMqtt<T extends NonNullable<Group['mqtt']>>(settings: T, factor: number): T {
  const { keepAlive, sessionExpiry } = settings;
  return {
    ...settings,
    ...(keepAlive === undefined
      ? {}
      : { keepAlive: Math.min(KEEP_ALIVE_SECONDS_MAX, Math.ceil(keepAlive * factor)) }),
    ...(sessionExpiry === undefined ? {} : { sessionExpiry: sessionExpiry * factor }),
  };
}

function withVersion({ mqtt, ...group }: Group, version: MqttVersion): Group {
  return mqtt ? { ...group, mqtt: { ...mqtt, version } } : group;
}

function mapGroups(
  fleet: Readonly<Record<string, Group>>,
  change: (group: Group) => Group,
): Record<string, Group> {
  return Object.fromEntries(Object.entries(fleet).map(([name, group]) => [name, change(group)]));
}

function unknownName(what: string, name: string, names: readonly string[]): Problem {
  const near = nearest(name, names);
  return {
    message: `there is no ${what} "${printable(name, 60)}"`,
    hint: near ? `did you mean ${near}?` : `known are: ${names.join(', ') || 'none'}`,
  };
}
