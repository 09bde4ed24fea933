/**
 * Scenario + seed → fleet plan: every device with its identity, its arrival and its randomness, and
 * what is planted. Pure and deterministic: the same scenario gives the same plan, byte for byte.
 */

import type { ReconnectParams } from '../behaviour/reconnect.ts';
import type { BehaviourParams } from '../behaviour/registry.ts';
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
import { type Claim, claimsOf } from './claims.ts';
import type { ClientIdSource } from './client-id.ts';
import type { Group, MqttSettings } from './group-schema.ts';
import { type PlantedFinding, plantedFindings } from './planted.ts';
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
}

export interface FleetPlan {
  readonly planVersion: 1;
  readonly scenario: string;
  readonly scenarioDigest: string;
  readonly fix?: string;
  readonly seed: number;
  readonly durationMs: number;
  readonly settleMs: number;
  readonly limits: {
    readonly connectsPerClientIdPerSecond?: number;
    readonly connectTimeoutMs: number;
    readonly latenessP99MsMax: number;
  };
  readonly groups: readonly PlannedGroup[];
  readonly certificates: readonly AssignedCertificate[];
  readonly devices: readonly PlannedDevice[];
  readonly planted: readonly PlantedFinding[];
  /** Findings that may appear or not, which is left to chance. */
  readonly undecided: readonly PlantedFinding[];
  /** The same in sentences. */
  readonly uncertain: readonly string[];
}

/** Makes the plan of a scenario with all changes applied; `digest` identifies that scenario. */
export function makePlan(scenario: Scenario, digest: string, fix?: string): FleetPlan {
  const groups = Object.entries(scenario.fleet).map(([name, group]) =>
    plannedGroup(scenario, name, group),
  );
  const certificates = new Map<string, AssignedCertificate>();
  const devices: PlannedDevice[] = [];
  const claims: Claim[] = [];
  const holders = new Set<string>();
  const arrivals = arrivalsByGroup(scenario);
  const { connectsPerClientId } = scenario.limits;
  const context = {
    durationMs: scenario.duration,
    connectIntervalMs: connectsPerClientId === undefined ? 0 : 1000 / connectsPerClientId,
  };
  for (const group of groups) {
    for (let n = 1; n <= group.devices; n++) {
      const assigned = assignCertificates(scenario, group.name, n);
      for (const certificate of assigned) certificates.set(certificate.name, certificate);
      const device = {
        name: thingName(group.name, n),
        group: group.name,
        n,
        certificates: assigned.map((certificate) => certificate.name),
        clientId: assignClientId(scenario, group.name, n),
        arrivesAtMs: arrivals.get(group.name)?.[n - 1] ?? 0,
        random: forkRandom(scenario.seed, `device ${group.name}-${n}`),
      };
      const own = claimsOf(device, group, context);
      const keys = own.flatMap((claim) => [`i ${claim.clientIdKey}`, `c ${claim.certificate}`]);
      devices.push({ ...device, retiresOnHeal: keys.some((key) => holders.has(key)) });
      for (const key of keys) holders.add(key);
      claims.push(...own);
    }
  }
  const { findings, undecided, uncertain } = plantedFindings(claims, context);
  return {
    planVersion: 1,
    scenario: scenario.name,
    scenarioDigest: digest,
    ...(fix === undefined ? {} : { fix }),
    seed: scenario.seed,
    durationMs: scenario.duration,
    settleMs: scenario.settle,
    limits: {
      ...(connectsPerClientId === undefined
        ? {}
        : { connectsPerClientIdPerSecond: connectsPerClientId }),
      connectTimeoutMs: scenario.limits.connectTimeout,
      latenessP99MsMax: scenario.limits.latenessP99,
    },
    groups,
    certificates: [...certificates.values()],
    devices,
    planted: findings,
    undecided,
    uncertain,
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
