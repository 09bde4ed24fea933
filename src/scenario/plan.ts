/**
 * Scenario + seed → fleet plan: every device with its identity, its arrival and its randomness, and
 * what is planted. Pure and deterministic: the same scenario gives the same plan, byte for byte.
 */

import type { ReconnectParams } from '../behaviour/reconnect.ts';
import type { BehaviourParams } from '../behaviour/registry.ts';
import type { BrokerRule, BrokerRuleId, ClientIdBinding } from '../core/broker-rule.ts';
import { MQTT_LEVELS } from '../core/ids.ts';
import { forkRandom, type RandomState } from '../core/random.ts';
import { arrivalTimesMs } from './arrivals.ts';
import {
  type AssignedCertificate,
  assignCertificates,
  assignClientId,
  describeIdentity,
  thingName,
} from './assign.ts';
import {
  findRule,
  leftToRules,
  type RuleContext,
  type RuledFleet,
  underRules,
} from './broker-effects.ts';
import { type ClaimContext, claimsOf } from './claims.ts';
import type { ClientIdSource } from './client-id.ts';
import type { FixPart } from './fixes/fix.ts';
import type { FixChoice } from './fixes/fix-spec.ts';
import { fixPart } from './fixes/registry.ts';
import type { Group, MqttSettings } from './group-schema.ts';
import { type PlantedFinding, plantedFindings } from './planted.ts';
import { retirements } from './retirements.ts';
import { plannedRotation, revokedCertificates } from './revocations.ts';
import type { Scenario } from './schema.ts';

/** What the devices of a group have in common. */
export interface PlannedGroup {
  readonly name: string;
  readonly devices: number;
  /** Who they claim to be, in words. */
  readonly identity: string;
  readonly behaviour: BehaviourParams;
  readonly reconnect: ReconnectParams;
  readonly mqtt: PlannedMqtt;
  readonly publish?: Group['publish'];
  readonly subscribe?: Group['subscribe'];
  readonly will?: Group['will'];
}

export interface PlannedMqtt {
  /** Protocol level byte of CONNECT: 4 is MQTT 3.1.1, 5 is MQTT 5.0. */
  readonly protocolVersion: 4 | 5;
  readonly keepAliveSeconds: number;
  readonly cleanStart: boolean;
  readonly sessionExpirySeconds: number;
  readonly tls: MqttSettings['tls'];
}

export interface PlannedDevice {
  /** Its thing name; truth, known to the fleet and never to the audit. */
  readonly name: string;
  readonly group: string;
  /** Number within the group, from 1. */
  readonly n: number;
  /** Names of its certificates, in the order in which it presents them. */
  readonly certificates: readonly string[];
  readonly clientId: ClientIdSource;
  readonly arrivesAtMs: number;
  readonly random: RandomState;
  /** When the faults end it gives up the identity that it shares with an earlier device. */
  readonly retiresOnHeal: boolean;
  /** The rule by which the broker must refuse every connect of it; it claims nothing. */
  readonly refusedBy?: BrokerRuleId;
}

/** A rotation as AWS describes it: provision new, verify that it works, revoke the old, detach. */
export interface PlannedRotation {
  /** When the first devices change over, in ms from the start of the run. */
  readonly atMs: number;
  /** Until then every device has connected with its new certificate, or has failed to. */
  readonly verifyByMs: number;
  /** Names of the old certificates, all of whose holders change over. */
  readonly revoke: readonly string[];
}

/** Limits of a generator's own health. Shares are of the time, or of one core. */
export interface HealthLimits {
  readonly eventLoopDelayP99MsMax: number;
  readonly gcShareMax: number;
  readonly cpuShareMax: number;
  readonly residentMiBMax?: number;
  readonly clockDriftMsMax: number;
}

export interface FleetPlan {
  readonly planVersion: 1;
  readonly scenario: string;
  readonly scenarioDigest: string;
  /** The fix as it was asked for, absent for the scenario as it is. */
  readonly fix?: string;
  /** What the fix consists of, in the order of application. */
  readonly fixParts?: readonly FixPart[];
  readonly seed: number;
  readonly durationMs: number;
  readonly settleMs: number;
  readonly limits: {
    readonly connectsPerClientIdPerSecond?: number;
    readonly connectTimeoutMs: number;
    readonly latenessP99MsMax: number;
    /** What a process that drives devices may come to before it proves nothing. */
    readonly health: HealthLimits;
  };
  /** What the broker must enforce besides what its configuration does already. */
  readonly brokerRules: readonly BrokerRule[];
  /** What the broker does with a client ID that is not the certificate's common name, if bound. */
  readonly clientIdBinding?: ClientIdBinding;
  /** Names of the certificates on the revocation list from the start. */
  readonly revoked: readonly string[];
  /** Absent when no certificate is to be replaced and revoked while the fleet runs. */
  readonly rotation?: PlannedRotation;
  readonly groups: readonly PlannedGroup[];
  readonly certificates: readonly AssignedCertificate[];
  readonly devices: readonly PlannedDevice[];
  readonly planted: readonly PlantedFinding[];
  /** Findings that may appear or not, which is left to chance. */
  readonly undecided: readonly PlantedFinding[];
  /** The same in sentences. */
  readonly uncertain: readonly string[];
}

/** What a plan is made with besides the scenario. */
export interface MakePlanOptions {
  /** The fix that has been applied to the scenario. */
  readonly fix?: FixChoice;
  /** What the broker does with foreign client IDs where a rule binds them; `refused` by default. */
  readonly clientIdBinding?: ClientIdBinding;
}

/** Makes the plan of a scenario with all changes applied; `digest` identifies that scenario. */
export function makePlan(
  scenario: Scenario,
  digest: string,
  { fix, clientIdBinding = 'refused' }: MakePlanOptions = {},
): FleetPlan {
  const groups = Object.entries(scenario.fleet)
    .filter(([, group]) => group.enabled !== false)
    .map(([name, group]) => plannedGroup(scenario, name, group));
  const { connectsPerClientId } = scenario.limits;
  const context = {
    durationMs: scenario.duration,
    connectIntervalMs: connectsPerClientId === undefined ? 0 : 1000 / connectsPerClientId,
  };
  const brokerRules = scenario.broker?.rules ?? [];
  const certificates = assignedCertificates(scenario, groups);
  const binding = findRule(brokerRules, 'client-id-bound') ? clientIdBinding : undefined;
  const rules = {
    rules: brokerRules,
    binding,
    revoked: revokedCertificates(scenario, brokerRules),
    certificates,
  };
  const { devices, fleet } = plannedDevices(scenario, groups, context, rules);
  const planted = leftToRules(plantedFindings(fleet.claims, context), fleet, rules, context);
  const rotation = plannedRotation(scenario, devices);
  return {
    planVersion: 1,
    scenario: scenario.name,
    scenarioDigest: digest,
    ...(fix === undefined ? {} : { fix: fix.name, fixParts: fix.parts.map(fixPart) }),
    seed: scenario.seed,
    durationMs: scenario.duration,
    settleMs: scenario.settle,
    limits: {
      ...(connectsPerClientId === undefined
        ? {}
        : { connectsPerClientIdPerSecond: connectsPerClientId }),
      connectTimeoutMs: scenario.limits.connectTimeout,
      latenessP99MsMax: scenario.limits.latenessP99,
      health: healthLimits(scenario.limits),
    },
    brokerRules,
    revoked: [...rules.revoked],
    ...(binding === undefined ? {} : { clientIdBinding: binding }),
    ...(rotation === undefined ? {} : { rotation }),
    groups,
    certificates: [...certificates.values()],
    devices,
    planted: planted.findings,
    undecided: planted.undecided,
    uncertain: planted.uncertain,
  };
}

function healthLimits(limits: Scenario['limits']): HealthLimits {
  const { latenessP99, eventLoopDelayP99 = latenessP99, workerMemoryMiB } = limits;
  return {
    eventLoopDelayP99MsMax: eventLoopDelayP99,
    gcShareMax: limits.gcShare,
    cpuShareMax: limits.cpuShare,
    ...(workerMemoryMiB === undefined ? {} : { residentMiBMax: workerMemoryMiB }),
    clockDriftMsMax: limits.clockDrift,
  };
}

function assignedCertificates(
  scenario: Scenario,
  groups: readonly PlannedGroup[],
): ReadonlyMap<string, AssignedCertificate> {
  const all = groups.flatMap(({ name, devices }) =>
    Array.from({ length: devices }, (_, i) => assignCertificates(scenario, name, i + 1)).flat(),
  );
  return new Map(all.map((certificate) => [certificate.name, certificate]));
}

function plannedDevices(
  scenario: Scenario,
  groups: readonly PlannedGroup[],
  context: ClaimContext,
  rules: RuleContext,
): { readonly devices: readonly PlannedDevice[]; readonly fleet: RuledFleet } {
  const arrivals = arrivalsByGroup(scenario);
  const commonName = (certificate: string): string =>
    rules.certificates.get(certificate)?.thingName ?? certificate;
  const ruled = groups.flatMap((group) =>
    Array.from({ length: group.devices }, (_, index) => {
      const n = index + 1;
      const device = {
        name: thingName(group.name, n),
        group: group.name,
        n,
        certificates: assignCertificates(scenario, group.name, n).map(({ name }) => name),
        clientId: assignClientId(scenario, group.name, n),
        arrivesAtMs: arrivals.get(group.name)?.[index] ?? 0,
        random: forkRandom(scenario.seed, `device ${group.name}-${n}`),
      };
      const knownDevice =
        rules.binding === 'replaced' ? { ...device, knownAs: commonName } : device;
      return { device, ...underRules(claimsOf(knownDevice, group, context), rules) };
    }),
  );
  const claims = ruled.flatMap((one) => one.claims);
  const retires = retirements(claims, context);
  return {
    fleet: { claims, refused: ruled.flatMap((one) => one.refused) },
    devices: ruled.map(({ device, claims: own, refused, refusedBy }) => ({
      ...device,
      // Who is refused would go on trying, and the fleet never become quiet.
      retiresOnHeal: retires(own) || refused.length > 0,
      ...(refusedBy === undefined ? {} : { refusedBy }),
    })),
  };
}

function plannedGroup(scenario: Scenario, name: string, group: Group): PlannedGroup {
  const mqtt: MqttSettings = { ...scenario.mqtt, ...defined(group.mqtt ?? {}) };
  const { devices, behaviour, reconnect, publish, subscribe, will } = group;
  return {
    name,
    devices,
    identity: describeIdentity(group),
    behaviour,
    reconnect,
    mqtt: {
      protocolVersion: MQTT_LEVELS[mqtt.version],
      keepAliveSeconds: mqtt.keepAlive,
      cleanStart: mqtt.cleanStart,
      sessionExpirySeconds: Math.round(mqtt.sessionExpiry / 1000),
      tls: mqtt.tls,
    },
    ...defined({ publish, subscribe, will }),
  };
}

/** Groups without an arrival of their own come one after the other as the scenario's arrival says. */
function arrivalsByGroup(scenario: Scenario): ReadonlyMap<string, readonly number[]> {
  const entries = Object.entries(scenario.fleet);
  const common = entries.filter(([, group]) => group.arrival === undefined);
  const total = common.reduce((sum, [, group]) => sum + group.devices, 0);
  const times = arrivalTimesMs(scenario.arrival, total, scenario.seed, 'fleet');
  const arrivals = new Map<string, readonly number[]>();
  let used = 0;
  for (const [name, group] of entries) {
    if (group.arrival === undefined) {
      arrivals.set(name, times.slice(used, used + group.devices));
      used += group.devices;
    } else {
      arrivals.set(name, arrivalTimesMs(group.arrival, group.devices, scenario.seed, name));
    }
  }
  return arrivals;
}

function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
